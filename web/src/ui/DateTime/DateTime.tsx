// An instant: typed in the time of this device, kept as the server writes it.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { formatUtc } from "../../i18n/format.ts";
import { locale, t } from "../../i18n/t.ts";
import { addDays, fromLocal, printInstant, readInstant, toLocal } from "../../lib/dates.ts";
import { BadDate } from "../../lib/values.ts";
import { Button } from "../Button/Button.tsx";
import type { FieldAttributes } from "../Field/Field.tsx";

export interface DateTimeInputProps {
  attributes?: Partial<FieldAttributes>;
  label: string;
  value: string | BadDate; // "2026-01-02 03:04:05.678Z" or ""
  onChange: (value: string | BadDate) => void;
  onBlur?: () => void;
  now?: () => number;
}

const zone = (): string => new Intl.DateTimeFormat(locale).resolvedOptions().timeZone;

export const DateTimeInput = ({ attributes, label, value, onChange, onBlur, now = Date.now }: DateTimeInputProps) => {
  const date = readInstant(value);
  const isBad = value instanceof BadDate;
  const input = useRef<HTMLInputElement>(null);
  // A year that is being typed goes through values that are no instant; the input keeps them.
  const [typed, setTyped] = useState("");
  const last = useRef(date); // what is typed over, while there is no whole date
  if (date) last.current = date;
  const set = (to: Date) => onChange(printInstant(to));
  const onInput = (text: string, isHalf: boolean) => {
    const to = fromLocal(text, last.current);
    setTyped(to ? "" : text);
    onChange(to ? printInstant(to) : text || isHalf ? new BadDate() : "");
  };
  // A browser tells of a date only when it is whole, or no longer is.
  const look = ({ value: text, validity }: HTMLInputElement) => {
    if (text === "" && validity.badInput !== isBad) onInput(text, validity.badInput);
  };
  const empty = () => {
    if (input.current?.validity.badInput) input.current.value = "";
  };
  // Half a date that was put away by others goes from the input as well.
  useLayoutEffect(() => {
    if (isBad) return;
    empty();
    setTyped("");
  }, [isBad]);
  const second = () => new Date(Math.floor(now() / 1000) * 1000);
  return (
    <div class="datetime">
      <div class="datetime-line">
        <input
          {...attributes}
          ref={input}
          class="input"
          type="datetime-local"
          aria-label={attributes?.id ? undefined : label}
          step={date && date.getMilliseconds() > 0 ? 0.001 : 1}
          max="9999-12-31T23:59:59.999"
          value={date ? toLocal(date) : isBad ? typed : ""}
          onInput={(event) => onInput(event.currentTarget.value, event.currentTarget.validity.badInput)}
          onKeyUp={(event) => look(event.currentTarget)}
          onBlur={(event) => {
            look(event.currentTarget);
            onBlur?.();
          }}
        />
        <span class="datetime-acts">
          <Button kind="quiet" onClick={() => set(second())}>{t.fields.now}</Button>
          <Button kind="quiet" title={t.fields.nextDayLong} onClick={() => set(addDays(date ?? second(), 1))}>{t.fields.nextDay}</Button>
          <Button kind="quiet" icon="x" label={t.fields.clear} disabled={value === ""} onClick={() => { empty(); onChange(""); }} />
        </span>
      </div>
      <p class="field-hint">{date ? t.fields.utcIs(formatUtc(date).replace("Z", ""), zone()) : t.fields.inZone(zone())}</p>
    </div>
  );
};
