// Counts over time as bars side by side, and where their axis is labelled. Times are ms since 1970.

export interface Counted {
  at: number; // when its hour begins
  n: number;
}

export interface Bar {
  from: number;
  to: number;
  n: number;
}

export interface Tick {
  at: number;
  isDay: boolean; // a day begins here
}

const hourMs = 3_600_000;
const widths = [1, 2, 3, 6, 12, 24, 48, 168, 720, 8760]; // hours of a bar
const most = Number.MAX_SAFE_INTEGER;

// As few hours a bar as give no more than mostBars.
const widthFor = (hours: number, mostBars: number): number => widths.find((width) => hours / width <= mostBars) ?? Math.ceil(hours / mostBars);

const isGood = ({ at, n }: Counted): boolean => Number.isFinite(at) && Math.abs(at) <= most && n > 0;

// Of the hours that touch [from, to); those that nobody has counted are empty.
export const barsOf = (counted: readonly Counted[], from: number, to: number, mostBars = 168): Bar[] => {
  const first = Math.floor(from / hourMs);
  const hours = Math.max(1, Math.ceil(to / hourMs) - first);
  if (!Number.isFinite(first) || !Number.isFinite(hours)) return [];
  const width = widthFor(hours, mostBars);
  const bars = Array.from({ length: Math.ceil(hours / width) }, (_, n): Bar => ({ from: (first + n * width) * hourMs, to: (first + (n + 1) * width) * hourMs, n: 0 }));
  for (const one of counted) {
    const bar = isGood(one) ? bars[Math.floor((Math.floor(one.at / hourMs) - first) / width)] : undefined;
    if (bar) bar.n += one.n;
  }
  return bars;
};

const steps = [1, 2, 3, 6, 12, 24, 48, 168, 336, 720, 2160, 8760]; // hours between labels

const nextOf = (at: Date, step: number): Date => {
  const next = new Date(at);
  if (step < 24) next.setHours(next.getHours() + step - (next.getHours() % step), 0, 0, 0);
  else {
    next.setHours(0, 0, 0, 0);
    next.setDate(next.getDate() + step / 24);
  }
  // Where a clock goes back, the same hour would come again for ever.
  return next.getTime() > at.getTime() ? next : new Date(at.getTime() + step * hourMs);
};

// At whole hours, or midnights, of this place's clock, however long its days are.
export const ticksOf = (bars: readonly Bar[], mostTicks = 7): Tick[] => {
  const from = bars[0]?.from ?? 0;
  const to = bars.at(-1)?.to ?? 0;
  const hours = (to - from) / hourMs;
  const step = steps.find((one) => hours / one <= mostTicks) ?? Math.ceil(hours / mostTicks / 24) * 24;
  const ticks: Tick[] = [];
  for (let at = nextOf(new Date(from - 1), step); at.getTime() < to && ticks.length <= mostTicks; at = nextOf(at, step))
    if (at.getTime() >= from) ticks.push({ at: at.getTime(), isDay: at.getHours() === 0 });
  return ticks;
};
