import { t } from "../../i18n/t.ts";
import { isExact, RawNumber } from "../../lib/json.ts";
import { readNumber, whole } from "../../lib/values.ts";
import { NumberInput as Input } from "../../ui/Number/Number.tsx";
import { hintOf, InputBox, useSaid, useTyped } from "../input.tsx";
import type { FieldInputProps } from "../types.ts";

export const NumberInput = (props: FieldInputProps) => {
  const { field, value, onChange } = props;
  const { said, onBlur } = useSaid(props);
  const [text, type] = useTyped(value, whole);
  const isRounded = value instanceof RawNumber && Number.isFinite(Number(value.text)) && !isExact(value.text);
  return (
    <InputBox of={props} said={said} hint={hintOf(props, isRounded && t.fields.rounded(String(Number(value.text))))}>
      {(attributes) => (
        <Input
          attributes={attributes}
          label={field.name}
          value={text}
          onBlur={onBlur}
          onInput={(typed) => {
            const made = readNumber(typed);
            type(typed, made);
            onChange(made);
          }}
        />
      )}
    </InputBox>
  );
};
