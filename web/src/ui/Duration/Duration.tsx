// Seconds, typed as a number of a unit that people think in.

import { useState } from "preact/hooks";
import { t } from "../../i18n/t.ts";
import type { FieldAttributes } from "../Field/Field.tsx";
import { NumberInput } from "../Number/Number.tsx";
import { Select } from "../Select/Select.tsx";

const units = [86_400, 3600, 60, 1];

// The largest unit of which it is a whole number.
const unitOf = (seconds: number): number => (seconds > 0 ? (units.find((unit) => seconds % unit === 0) ?? 1) : 1);

export interface DurationInputProps {
  attributes?: Partial<FieldAttributes>;
  label: string;
  value: unknown; // seconds; a text is what was typed and is no number
  onChange: (value: number | string) => void;
}

export const DurationInput = ({ attributes, label, value, onChange }: DurationInputProps) => {
  const seconds = typeof value === "number" ? value : 0;
  const [unit, setUnit] = useState(() => unitOf(seconds));
  const shown = typeof value === "number" ? (seconds % unit === 0 ? String(seconds / unit) : String(seconds)) : String(value ?? "");
  const at = typeof value === "number" && seconds % unit !== 0 ? 1 : unit;
  const read = (text: string, by: number) => onChange(/^\d{1,9}$/.test(text.trim()) ? Number(text) * by : text);
  return (
    <span class="duration">
      <NumberInput {...(attributes ? { attributes } : {})} label={label} value={shown} onInput={(text) => read(text, at)} />
      <Select
        label={t.fields.unitOf(label)}
        value={String(at)}
        options={units.map((one) => ({ value: String(one), label: t.fields.units[one] ?? String(one) }))}
        onChange={(to) => {
          setUnit(Number(to));
          read(shown, Number(to));
        }}
      />
    </span>
  );
};
