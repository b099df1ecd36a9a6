import { formatNumber } from "../../i18n/format.ts";
import { t } from "../../i18n/t.ts";
import { countChars, whole, withLineEnds } from "../../lib/values.ts";
import { maxText } from "../checks.ts";
import { grow, hintOf, InputBox, useSaid } from "../input.tsx";
import type { FieldInputProps } from "../types.ts";

const mostLines = 10;
const counterFrom = 0.8;
const mostTurned = 20_000; // characters: to find the direction of each line of more takes a browser seconds

const counter = (text: string, max: number): string => {
  if (text.length < max * counterFrom) return "";
  const count = countChars(text);
  return count < max * counterFrom ? "" : t.fields.charsUsed(formatNumber(count), formatNumber(max));
};

export const TextInput = (props: FieldInputProps) => {
  const { field, value, row, onChange, isNew } = props;
  const { said, onBlur } = useSaid(props);
  const text = whole(value);
  const shared = { spellcheck: false, autocomplete: "off", value: text, onBlur, dir: text.length < mostTurned ? "auto" : "ltr" } as const;
  return (
    <InputBox of={props} said={said} hint={hintOf(props, counter(text, maxText(field)))}>
      {(attributes) =>
        field["primaryKey"] === true ? (
          <input {...attributes} {...shared} class="input" name={field.name} dir="ltr" readOnly={!isNew} onInput={(event) => onChange(event.currentTarget.value)} />
        ) : (
          <textarea
            {...attributes}
            {...shared}
            {...grow(text, mostLines)}
            value={text.replace(/\r\n?/g, "\n")}
            name={field.name}
            onInput={(event) => onChange(withLineEnds(event.currentTarget.value, text, whole(row?.[field.name])))}
          />
        )
      }
    </InputBox>
  );
};
