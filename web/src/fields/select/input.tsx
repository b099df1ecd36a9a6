import { t } from "../../i18n/t.ts";
import { itemsOf } from "../../lib/values.ts";
import { MultiSelect } from "../../ui/Select/MultiSelect.tsx";
import type { Option } from "../../ui/Select/options.ts";
import { Select } from "../../ui/Select/Select.tsx";
import { InputBox, useSaid } from "../input.tsx";
import { isMultiple } from "../kinds.ts";
import type { FieldInputProps } from "../types.ts";

const mostPlain = 12; // more than these are found by typing

// None is a choice where the field may be empty; a value that is there stays one.
const single = (values: readonly Option[], chosen: string, required: boolean): Option[] => {
  const none = { value: "", label: t.fields.noValue };
  const strange = chosen !== "" && !values.some(({ value }) => value === chosen);
  return [...(required ? [] : [none]), ...values, ...(strange ? [{ value: chosen, label: chosen }] : [])];
};

export const SelectInput = (props: FieldInputProps) => {
  const { field, value, onChange } = props;
  const { said, onBlur } = useSaid(props);
  const values = itemsOf(field["values"]).map((one) => ({ value: one, label: one }));
  const chosen = itemsOf(value);
  const last = chosen.at(-1) ?? "";
  const shared = { label: field.name, onBlur };
  return (
    <InputBox of={props} said={said}>
      {(attributes) =>
        isMultiple(field) ? (
          <MultiSelect {...shared} attributes={attributes} value={chosen} options={values} onChange={onChange} />
        ) : values.length > mostPlain ? (
          <MultiSelect {...shared} attributes={attributes} isSingle value={last ? [last] : []} options={values} onChange={(items) => onChange(items.at(-1) ?? "")} />
        ) : (
          <Select {...shared} attributes={attributes} value={last} options={single(values, last, field.required === true)} onChange={onChange} />
        )
      }
    </InputBox>
  );
};
