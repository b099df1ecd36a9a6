import { t } from "../../i18n/t.ts";
import { Switch } from "../../ui/Switch/Switch.tsx";
import { InputBox, useSaid } from "../input.tsx";
import type { FieldInputProps } from "../types.ts";

export const BoolInput = (props: FieldInputProps) => {
  const { field, value, onChange } = props;
  const { said } = useSaid(props);
  const isOn = value === true;
  return (
    <InputBox of={props} said={said}>
      {(attributes) => <Switch attributes={attributes} label={field.name} checked={isOn} onChange={onChange} text={isOn ? t.fields.isTrue : t.fields.isFalse} />}
    </InputBox>
  );
};
