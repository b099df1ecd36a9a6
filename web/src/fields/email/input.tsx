import { whole } from "../../lib/values.ts";
import { InputBox, useSaid } from "../input.tsx";
import type { FieldInputProps } from "../types.ts";

// Of type text: an input of type email would take spaces away, and refuse what the server takes.
const line = (inputMode: "email" | "url") => (props: FieldInputProps) => {
  const { field, value, onChange } = props;
  const { said, onBlur } = useSaid(props);
  return (
    <InputBox of={props} said={said}>
      {(attributes) => (
        <input
          {...attributes}
          class="input"
          name={field.name}
          inputMode={inputMode}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          dir="ltr"
          value={whole(value)}
          onInput={(event) => onChange(event.currentTarget.value)}
          onBlur={onBlur}
        />
      )}
    </InputBox>
  );
};

export const EmailInput = line("email");
export const UrlInput = line("url");
