// When something is due by itself: as it is written, in words, and the next times.

import { useId } from "preact/hooks";
import { formatExact, formatUtc } from "../../i18n/format.ts";
import { locale } from "../../i18n/t.ts";
import { ts } from "../../i18n/t-settings.ts";
import { cronWords, isCron, nextRuns, parseCron, type Cron, type CronWords } from "../../lib/cron.ts";
import type { FieldAttributes } from "../Field/Field.tsx";
import { Menu } from "../Menu/Menu.tsx";

const mostRuns = 5;
const lists = new Intl.ListFormat(locale, { type: "conjunction" });
const weekdays = new Intl.DateTimeFormat(locale, { weekday: "long", timeZone: "UTC" });
const months = new Intl.DateTimeFormat(locale, { month: "long", timeZone: "UTC" });

const words: CronWords = {
  ...ts.cron.words,
  list: (items) => lists.format(items),
  weekday: (n) => weekdays.format(Date.UTC(2023, 0, 1 + n)), // that was a Sunday
  month: (n) => months.format(Date.UTC(2023, n - 1, 1)),
};

export const sayCron = (cron: Cron): string => ts.cron.utc(cronWords(cron, words));

export const utcOf = (ms: number): string => formatUtc(new Date(ms)).replace(/:00\.000Z$/, " UTC");

// Both clocks: the work goes by the one, the reader by the other.
export const NextRuns = ({ cron, now }: { cron: Cron; now: number }) => {
  const runs = nextRuns(cron, now, mostRuns);
  if (runs.length === 0) return <p class="field-hint">{ts.cron.never}</p>;
  return (
    <ol class="cron-runs" aria-label={ts.cron.next}>
      {runs.map((ms) => <li key={ms}><span>{utcOf(ms)}</span> <span class="field-hint">{formatExact(new Date(ms))}</span></li>)}
    </ol>
  );
};

const presets = ["0 0 * * *", "0 */6 * * *", "0 * * * *", "0 3 * * 0", "0 3 1 * *"];

export const CronInput = ({ attributes, label, value, onChange }: { attributes: Partial<FieldAttributes>; label: string; value: string; onChange: (value: string) => void }) => {
  const id = useId();
  const found = parseCron(value.trim());
  const said = value.trim() === "" ? ts.cron.none : isCron(found) ? sayCron(found) : found ? ts.cron.wrongPart(ts.cron.parts[found] ?? "") : ts.cron.wrong;
  const items = presets.map((text) => ({ label: isCron(parseCron(text)) ? sayCron(parseCron(text) as Cron) : text, hint: text, act: () => onChange(text) }));
  return (
    <>
      <span class="cron">
        <input {...attributes} class="input" autocomplete="off" spellcheck={false} dir="ltr" aria-label={attributes.id ? undefined : label} aria-describedby={[attributes["aria-describedby"], id].filter(Boolean).join(" ")} value={value} onInput={(event) => onChange(event.currentTarget.value)} />
        <Menu label={ts.cron.presets} kind="plain" icon="clock" text={ts.cron.presets} placement="bottom-end" groups={[{ items: [...items, { label: ts.cron.none, act: () => onChange("") }] }]} />
      </span>
      <p id={id} role="status">{said}</p>
      {isCron(found) && <NextRuns cron={found} now={Date.now()} />}
    </>
  );
};
