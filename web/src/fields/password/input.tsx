import { useState } from "preact/hooks";
import { t } from "../../i18n/t.ts";
import { strength, suggestPassword } from "../../lib/password.ts";
import { copyText } from "../../lib/clipboard.ts";
import { NewPassword } from "../../lib/values.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { CopyButton } from "../../ui/Copy/Copy.tsx";
import { PasswordField } from "../../ui/Field/Field.tsx";
import { maxText, option } from "../checks.ts";
import { hintOf, useSaid } from "../input.tsx";
import type { FieldInputProps } from "../types.ts";

const usualLength = 20;
const lengthOf = (props: FieldInputProps): number => Math.min(maxText(props.field), Math.max(usualLength, option(props.field, "min")));

// Empty: the one that is there stays.
export const PasswordInput = (props: FieldInputProps) => {
  const { field, value, onChange, isNew } = props;
  const { said, onBlur } = useSaid(props);
  const [generated, setGenerated] = useState("");
  const [isCopied, setCopied] = useState(false);
  const { password, confirm } = value instanceof NewPassword ? value : new NewPassword("", "");
  const set = (text: string, again: string) => onChange(text === "" && again === "" ? "" : new NewPassword(text, again));
  const generate = () => {
    const text = suggestPassword(lengthOf(props));
    setGenerated(text);
    set(text, text);
    // Where the clipboard is refused, there is the button beside it.
    void copyText(text).then(setCopied);
  };
  // A generated one is shown, since nobody has typed it.
  const isGenerated = generated !== "" && password === generated;
  const shared = { autocomplete: "new-password", shown: isGenerated } as const;
  return (
    <div class="password-inputs" onFocusOut={onBlur}>
      <PasswordField
        key={generated}
        {...shared}
        label={field.name}
        name={field.name}
        value={password}
        hint={hintOf(props, !isNew && t.fields.passwordKept, isGenerated && (isCopied ? t.fields.generatedCopied : t.fields.generatedCopy))}
        required={isNew && field.required === true}
        error={said === t.fields.notSame ? "" : said}
        onInput={(text) => set(text, confirm)}
      />
      <PasswordField
        key={`${generated}again`}
        {...shared}
        label={t.fields.confirmPassword(field.name)}
        name={`${field.name}Confirm`}
        value={confirm}
        error={said === t.fields.notSame ? said : ""}
        onInput={(text) => set(password, text)}
      />
      <span class="input-under">
        <Button icon="wand-sparkles" onClick={generate}>{t.fields.generate}</Button>
        {isGenerated && <CopyButton text={password} />}
        <span class="password-strength" role="status">{password === "" ? "" : t.fields.strengths[strength(password)]}</span>
      </span>
    </div>
  );
};
