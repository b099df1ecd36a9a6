import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { t } from "../../i18n/t.ts";
import { Button } from "../Button/Button.tsx";
import { Icon } from "../Icon/Icon.tsx";

export interface FieldProps {
  label: string;
  hint?: string;
  error?: string;
  required?: boolean;
  children: (attributes: FieldAttributes) => ComponentChildren;
}

// For the control inside: what names it, and what is said about it.
export interface FieldAttributes {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": boolean | undefined;
  "aria-required": boolean | undefined;
}

export const Field = ({ label, hint, error, required, children }: FieldProps) => {
  const id = useId();
  const said = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div class={`field${error ? " field-wrong" : ""}`}>
      <div class="field-head">
        <label class="field-label" for={id}>{label}</label>
        {required && <span class="field-required" aria-hidden="true">{t.common.required}</span>}
      </div>
      {children({ id, "aria-describedby": said || undefined, "aria-invalid": error ? true : undefined, "aria-required": required || undefined })}
      {hint && <p class="field-hint" id={`${id}-hint`}>{hint}</p>}
      {error && <p class="field-error" id={`${id}-error`}><Icon name="circle-alert" size={14} />{error}</p>}
    </div>
  );
};

export interface TextFieldProps extends Omit<FieldProps, "children"> {
  value: string;
  onInput: (value: string) => void;
  name: string;
  type?: "text" | "email" | "url" | "search";
  autocomplete?: string;
  inputmode?: "text" | "numeric" | "email" | "url";
  autofocus?: boolean;
  placeholder?: string;
  onPaste?: (event: ClipboardEvent) => void;
  readonly?: boolean;
}

// The types of preact know an input by each type apart; ours is chosen as the page runs.
const typed = (type: string) => ({ type }) as { type: "text" };

const focusFirst = (wanted: boolean | undefined) => (element: HTMLInputElement | null) => {
  if (wanted && element && document.activeElement === document.body) element.focus();
};

export const TextField = ({ label, hint, error, required, value, onInput, name, type = "text", autocomplete = "off", inputmode, autofocus, placeholder, onPaste, readonly }: TextFieldProps) => (
  <Field label={label} {...(hint ? { hint } : {})} {...(error ? { error } : {})} {...(required ? { required } : {})}>
    {(attributes) => (
      <input
        {...attributes}
        ref={focusFirst(autofocus)}
        class="input"
        name={name}
        {...typed(type)}
        autocomplete={autocomplete as "off"}
        {...(inputmode ? { inputMode: inputmode } : {})}
        placeholder={placeholder}
        readOnly={readonly}
        spellcheck={false}
        autocapitalize="off"
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
        {...(onPaste ? { onPaste } : {})}
      />
    )}
  </Field>
);

export interface PasswordFieldProps extends Omit<FieldProps, "children"> {
  value: string;
  onInput: (value: string) => void;
  name: string;
  autocomplete: "current-password" | "new-password";
  autofocus?: boolean;
  shown?: boolean; // from the beginning
}

export const PasswordField = ({ value, onInput, name, autocomplete, autofocus, shown = false, ...field }: PasswordFieldProps) => {
  const [isShown, show] = useState(shown);
  return (
    <Field {...field}>
      {(attributes) => (
        <div class="input-with">
          <input
            {...attributes}
            ref={focusFirst(autofocus)}
            class="input"
            name={name}
            {...typed(isShown ? "text" : "password")}
            autocomplete={autocomplete}
            spellcheck={false}
            autocapitalize="off"
            value={value}
            onInput={(event) => onInput(event.currentTarget.value)}
          />
          <Button kind="quiet" icon={isShown ? "eye-off" : "eye"} label={isShown ? t.common.hide : t.common.show} onClick={() => show(!isShown)} aria-pressed={isShown} />
        </div>
      )}
    </Field>
  );
};

export const Checkbox = ({ label, checked, onChange, name, hint }: { label: string; checked: boolean; onChange: (checked: boolean) => void; name: string; hint?: string }) => {
  const id = useId();
  return (
    <div class="check">
      <input id={id} type="checkbox" name={name} checked={checked} aria-describedby={hint ? `${id}-hint` : undefined} onChange={(event) => onChange(event.currentTarget.checked)} />
      <label for={id}>{label}</label>
      {hint && <p class="field-hint" id={`${id}-hint`}>{hint}</p>}
    </div>
  );
};

export interface Choice<T extends string> {
  value: T;
  label: string;
  hint?: string;
}

export const RadioGroup = <T extends string>({ legend, hideLegend, value, choices, onChange, name }: { legend: string; hideLegend?: boolean; value: T; choices: readonly Choice<T>[]; onChange: (value: T) => void; name: string }) => {
  const id = useId();
  return (
    <fieldset class="radios">
      <legend class={hideLegend ? "aside" : "field-label"}>{legend}</legend>
      {choices.map((choice) => (
        <div class="check" key={choice.value}>
          <input
            id={`${id}-${choice.value}`}
            type="radio"
            name={name}
            value={choice.value}
            checked={choice.value === value}
            aria-describedby={choice.hint ? `${id}-${choice.value}-hint` : undefined}
            onChange={() => onChange(choice.value)}
          />
          <label for={`${id}-${choice.value}`}>{choice.label}</label>
          {choice.hint && <p class="field-hint" id={`${id}-${choice.value}-hint`}>{choice.hint}</p>}
        </div>
      ))}
    </fieldset>
  );
};
