import type { FieldAttributes } from "../Field/Field.tsx";

export interface SwitchProps {
  attributes?: Partial<FieldAttributes>;
  label: string; // of one without a field around it
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: string; // why
  text?: string; // beside it: what it says now
}

export const Switch = ({ attributes, label, checked, onChange, disabled, text }: SwitchProps) => (
  <span class="switch-line">
    <button
      {...attributes}
      type="button"
      class="switch"
      role="switch"
      aria-checked={checked}
      aria-label={attributes?.id ? undefined : label}
      aria-disabled={disabled ? true : undefined}
      title={disabled}
      onClick={() => !disabled && onChange(!checked)}
    >
      <span class="switch-track"><span class="switch-knob" /></span>
    </button>
    {text && <span class="switch-text" aria-hidden="true">{text}</span>}
  </span>
);
