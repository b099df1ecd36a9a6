// When scheduled work is due: five lists of values, all of which must match, in UTC.

export interface Cron {
  minutes: readonly number[];
  hours: readonly number[];
  days: readonly number[];
  months: readonly number[];
  weekdays: readonly number[]; // 0 is Sunday
}

type Part = keyof Cron;

const parts: readonly { name: Part; min: number; max: number }[] = [
  { name: "minutes", min: 0, max: 59 },
  { name: "hours", min: 0, max: 23 },
  { name: "days", min: 1, max: 31 },
  { name: "months", min: 1, max: 12 },
  { name: "weekdays", min: 0, max: 6 },
];

const macros = new Map([
  ["@yearly", "0 0 1 1 *"],
  ["@annually", "0 0 1 1 *"],
  ["@monthly", "0 0 1 * *"],
  ["@weekly", "0 0 * * 0"],
  ["@daily", "0 0 * * *"],
  ["@midnight", "0 0 * * *"],
  ["@hourly", "0 * * * *"],
]);

// A "-" stands between two values, and is none's sign.
const item = /^(?:(\*)|(\+?\d+)(?:-(\+?\d+))?)(?:\/(\+?\d+))?$/;

const range = (from: number, to: number, step: number): number[] => Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, n) => from + n * step);

// "*", a value or a range, with a step or without; null: none of these.
const readItem = (text: string, min: number, max: number): number[] | null => {
  const found = item.exec(text);
  if (!found) return null;
  const [, all, low, high, by] = found;
  const step = by === undefined ? 1 : Number(by);
  const from = all ? min : Number(low);
  const to = all ? max : high === undefined ? from : Number(high);
  const isSingle = !all && high === undefined;
  if (step < 1 || step > max || (isSingle && step !== 1) || from < min || to > max || from > to) return null;
  return range(from, to, step);
};

const readPart = (text: string, min: number, max: number): number[] | null => {
  const items = text.split(",").map((one) => readItem(one, min, max));
  return items.includes(null) ? null : [...new Set(items.flat() as number[])].sort((a, b) => a - b);
};

// null: it has not five parts; the name of the first part that is wrong.
export const parseCron = (text: string): Cron | Part | null => {
  const texts = (macros.get(text) ?? text).split(" ");
  if (texts.length !== parts.length) return null;
  const read = parts.map(({ min, max }, n) => readPart(texts[n] ?? "", min, max));
  const wrong = read.indexOf(null);
  if (wrong >= 0) return parts[wrong]?.name ?? null;
  return Object.fromEntries(parts.map(({ name }, n) => [name, read[n]])) as unknown as Cron;
};

export const isCron = (found: Cron | Part | null): found is Cron => typeof found === "object" && found !== null;

const minuteMs = 60_000;
const dayMs = 86_400_000;
// Within so many days each date has come on each weekday, be it the 29th of February.
const mostDays = 41 * 366;

const isDay = (cron: Cron, day: Date): boolean =>
  cron.months.includes(day.getUTCMonth() + 1) && cron.days.includes(day.getUTCDate()) && cron.weekdays.includes(day.getUTCDay());

// The next `n` instants after that one, in ms since 1970; fewer where there are no more.
export const nextRuns = (cron: Cron, afterMs: number, n: number): number[] => {
  const found: number[] = [];
  const first = Math.floor(afterMs / minuteMs) * minuteMs + minuteMs;
  const today = Math.floor(first / dayMs) * dayMs;
  for (let day = 0; day < mostDays && found.length < n; day++) {
    const at = today + day * dayMs;
    if (!isDay(cron, new Date(at))) continue;
    for (const hour of cron.hours)
      for (const minute of cron.minutes) {
        const due = at + (hour * 60 + minute) * minuteMs;
        if (due >= first && found.length < n) found.push(due);
      }
  }
  return found;
};

// Words of a language for what follows.
export interface CronWords {
  everyMinute: string;
  everyMinutes: (n: number) => string;
  everyHour: (minutes: string) => string;
  everyHours: (n: number, minutes: string) => string;
  at: (times: string) => string;
  between: (minutes: string, hours: string) => string;
  everyDay: string;
  onDays: (days: string) => string;
  onWeekdays: (days: string) => string;
  onBoth: (days: string, weekdays: string) => string;
  inMonths: (months: string) => string;
  to: (from: string, to: string) => string;
  list: (items: readonly string[]) => string;
  weekday: (n: number) => string;
  month: (n: number) => string;
}

const mostTimes = 6;
const two = (n: number): string => String(n).padStart(2, "0");
const isAll = (values: readonly number[], min: number, max: number): boolean => values.length === max - min + 1;

// Of "*/n": the values come from the first one to the end in equal steps. 0: it is no such.
const stepOf = (values: readonly number[], min: number, max: number): number => {
  const step = (values[1] ?? 0) - (values[0] ?? 0);
  const isStep = values.length > 2 && step > 1 && values[0] === min && values.every((value, n) => value === min + n * step);
  return isStep && (values.at(-1) ?? 0) + step > max ? step : 0;
};

// Three and more that follow each other are from … to.
const listOf = (values: readonly number[], words: CronWords, name: (n: number) => string): string => {
  const runs: number[][] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last && last.at(-1) === value - 1) last.push(value);
    else runs.push([value]);
  }
  return words.list(runs.flatMap((run) => (run.length > 2 ? [words.to(name(run[0] ?? 0), name(run.at(-1) ?? 0))] : run.map(name))));
};

const timeWords = ({ minutes, hours }: Cron, words: CronWords): string => {
  const everyHour = isAll(hours, 0, 23);
  const minuteStep = stepOf(minutes, 0, 59);
  const named = listOf(minutes, words, String);
  if (everyHour && isAll(minutes, 0, 59)) return words.everyMinute;
  if (everyHour && minuteStep) return words.everyMinutes(minuteStep);
  if (everyHour) return words.everyHour(named);
  const hourStep = stepOf(hours, 0, 23);
  if (hourStep && minutes.length === 1) return words.everyHours(hourStep, named);
  if (minutes.length * hours.length <= mostTimes) return words.at(words.list(hours.flatMap((hour) => minutes.map((minute) => `${two(hour)}:${two(minute)}`))));
  return words.between(isAll(minutes, 0, 59) ? words.everyMinute : minuteStep ? words.everyMinutes(minuteStep) : named, listOf(hours, words, String));
};

const dayWords = ({ days, weekdays, hours }: Cron, words: CronWords): string => {
  const allDays = isAll(days, 1, 31);
  const allWeekdays = isAll(weekdays, 0, 6);
  const named = listOf(days, words, String);
  const namedWeek = listOf(weekdays, words, words.weekday);
  if (allDays && allWeekdays) return isAll(hours, 0, 23) ? "" : words.everyDay;
  if (allWeekdays) return words.onDays(named);
  return allDays ? words.onWeekdays(namedWeek) : words.onBoth(named, namedWeek);
};

export const cronWords = (cron: Cron, words: CronWords): string =>
  [timeWords(cron, words), dayWords(cron, words), isAll(cron.months, 1, 12) ? "" : words.inMonths(listOf(cron.months, words, words.month))].filter(Boolean).join(", ");
