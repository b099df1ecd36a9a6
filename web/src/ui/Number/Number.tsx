import type { FieldAttributes } from "../Field/Field.tsx";

export interface NumberInputProps {
  attributes?: Partial<FieldAttributes>;
  label: string;
  value: string; // as it is typed
  onInput: (value: string) => void;
  onBlur?: () => void;
  step?: number; // of the arrows, 1
  unit?: string;
}

// A field of text, so that what is typed stays as it is typed: no rounding, no commas taken away.
export const NumberInput = ({ attributes, label, value, onInput, onBlur, step = 1, unit }: NumberInputProps) => {
  const onKeyDown = (event: KeyboardEvent) => {
    const sign = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    const n = Number(value);
    // Where adding to a double does not lose anything.
    if (!sign || !/^-?\d*$/.test(value.trim()) || !Number.isSafeInteger(n + sign * step)) return;
    event.preventDefault();
    onInput(String(n + sign * step));
  };
  return (
    <span class="number">
      <input
        {...attributes}
        class="input number-input"
        aria-label={attributes?.id ? undefined : label}
        inputMode="decimal"
        autocomplete="off"
        spellcheck={false}
        dir="ltr"
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onBlur={onBlur}
      />
      {unit && <span class="number-unit">{unit}</span>}
    </span>
  );
};
