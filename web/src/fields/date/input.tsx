import { t } from "../../i18n/t.ts";
import { readInstant } from "../../lib/dates.ts";
import { BadDate, shown } from "../../lib/values.ts";
import { DateTimeInput } from "../../ui/DateTime/DateTime.tsx";
import { hintOf, InputBox, useSaid } from "../input.tsx";
import type { FieldInputProps } from "../types.ts";

export const DateInput = (props: FieldInputProps) => {
  const { field, value, onChange } = props;
  const { said, onBlur } = useSaid(props);
  const isStrange = Boolean(value) && !(value instanceof BadDate) && readInstant(value) === null;
  return (
    <InputBox of={props} said={said} hint={hintOf(props, isStrange && t.fields.storedIs(shown(value, 100)))}>
      {(attributes) => <DateTimeInput attributes={attributes} label={field.name} value={typeof value === "string" || value instanceof BadDate ? value : ""} onChange={onChange} onBlur={onBlur} />}
    </InputBox>
  );
};
