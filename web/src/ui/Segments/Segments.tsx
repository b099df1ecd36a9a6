// One of a few, as parts of one bar.

import { RadioGroup, type Choice } from "../Field/Field.tsx";

export const Segments = <T extends string>({ disabled = false, ...of }: { legend: string; hideLegend?: boolean; name: string; value: T; choices: readonly Choice<T>[]; onChange: (value: T) => void; disabled?: boolean }) => (
  <fieldset class="segments" disabled={disabled}>
    <RadioGroup {...of} />
  </fieldset>
);
