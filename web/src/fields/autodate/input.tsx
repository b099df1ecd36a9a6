import { formatExact, formatUtc } from "../../i18n/format.ts";
import { t } from "../../i18n/t.ts";
import { readInstant } from "../../lib/dates.ts";
import { hintOf, InputBox } from "../input.tsx";
import type { FieldInputProps } from "../types.ts";

export const AutodateInput = (props: FieldInputProps) => {
  const { field, value, error = "", isNew } = props;
  const date = readInstant(value);
  const hint = hintOf(props, isNew ? t.fields.autodateNew : t.fields.autodate, date !== null && t.fields.utc(formatUtc(date).replace("Z", "")));
  return (
    <InputBox of={props} said={error} hint={hint}>
      {(attributes) => <input {...attributes} class="input" name={field.name} readOnly value={date ? formatExact(date) : t.fields.notSet} />}
    </InputBox>
  );
};
