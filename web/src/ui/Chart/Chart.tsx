// How many, over time: bars, of which some can be chosen to look closer. One stop of Tab: arrows move,
// with Shift they choose, Enter looks closer, Esc chooses nothing.

import { useId, useMemo, useState } from "preact/hooks";
import { barsOf, ticksOf, type Bar, type Counted } from "./bars.ts";

export interface ChartTexts {
  label: string;
  bar: (bar: Bar) => string;
  chosen: (from: number, to: number, n: number) => string;
  summary: (bars: readonly Bar[], most: Bar | undefined) => string; // instead of the picture
  tick: (at: number, isDay: boolean) => string;
}

export interface ChartProps {
  counted: readonly Counted[];
  from: number; // ms since 1970
  to: number;
  texts: ChartTexts;
  isStale?: boolean;
  onZoom?: (from: number, to: number) => void;
}

interface Brush {
  at: number; // the bar that moves
  anchor: number;
}

const high = 100; // of the picture, whatever its size
const narrow = 640; // pixels of a page that has room for fewer labels
const least = 3; // of a bar that is not empty

const stepTo: Record<string, ((at: number, n: number) => number) | undefined> = {
  ArrowRight: (at) => at + 1,
  ArrowLeft: (at) => at - 1,
  PageUp: (at) => at + 10,
  PageDown: (at) => at - 10,
  Home: () => 0,
  End: (_, n) => n - 1,
};

const Picture = ({ bars, brush, texts }: { bars: readonly Bar[]; brush: Brush | null; texts: ChartTexts }) => {
  const top = Math.max(1, ...bars.map(({ n }) => n));
  const [first, last] = brush ? [Math.min(brush.at, brush.anchor), Math.max(brush.at, brush.anchor)] : [0, -1];
  return (
    <svg class="chart-bars" viewBox={`0 0 ${bars.length || 1} ${high}`} preserveAspectRatio="none" aria-hidden="true">
      {brush && <rect class="chart-brush" x={first} y={0} width={last - first + 1} height={high} />}
      {bars.map((bar, n) => {
        const height = bar.n > 0 ? Math.max(least, (bar.n / top) * high) : 0;
        return (
          <g key={bar.from}>
            <rect class={n >= first && n <= last ? "chart-bar is-chosen" : "chart-bar"} x={n + 0.1} y={high - height} width={0.8} height={height} />
            <rect class="chart-whole" x={n} y={0} width={1} height={high}><title>{texts.bar(bar)}</title></rect>
          </g>
        );
      })}
    </svg>
  );
};

const Axis = ({ bars, texts }: { bars: readonly Bar[]; texts: ChartTexts }) => {
  const from = bars[0]?.from ?? 0;
  const length = (bars.at(-1)?.to ?? 1) - from;
  return (
    <div class="chart-axis" aria-hidden="true">
      {ticksOf(bars, innerWidth < narrow ? 4 : 7).map(({ at, isDay }) => {
        const part = ((at - from) / length) * 100;
        // One near the end has its text before it.
        const isLast = part > 90;
        return <span key={at} class={`${isDay ? "is-day" : ""}${isLast ? " is-last" : ""}`} style={isLast ? { insetInlineEnd: `${100 - part}%` } : { insetInlineStart: `${part}%` }}>{texts.tick(at, isDay)}</span>;
      })}
    </div>
  );
};

const useBrush = (bars: readonly Bar[], onZoom: ChartProps["onZoom"]) => {
  const [brush, setBrush] = useState<Brush | null>(null);
  const fit = (at: number) => Math.max(0, Math.min(bars.length - 1, at));
  const zoom = ({ at, anchor }: Brush) => {
    const from = bars[fit(Math.min(at, anchor))]?.from;
    const to = bars[fit(Math.max(at, anchor))]?.to;
    if (from === undefined || to === undefined) return;
    setBrush(null);
    onZoom?.(from, to);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.altKey || event.ctrlKey || event.metaKey ? undefined : stepTo[event.key];
    if (step) {
      const at = brush ? fit(step(brush.at, bars.length)) : event.key === "Home" ? 0 : bars.length - 1;
      setBrush({ at, anchor: event.shiftKey && brush ? brush.anchor : at });
    } else if (event.key === "Enter" && brush) zoom(brush);
    else if (event.key === "Escape" && brush) setBrush(null);
    else return;
    event.preventDefault();
  };
  const barAt = (event: PointerEvent) => {
    const { left, width } = (event.currentTarget as Element).getBoundingClientRect();
    return fit(Math.floor(((event.clientX - left) / Math.max(1, width)) * bars.length));
  };
  const isHeld = (event: PointerEvent) => (event.currentTarget as Element).hasPointerCapture(event.pointerId);
  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    const at = barAt(event);
    setBrush({ at, anchor: event.shiftKey && brush ? brush.anchor : at });
  };
  const onPointerMove = (event: PointerEvent) => {
    if (brush && isHeld(event)) setBrush({ ...brush, at: barAt(event) });
  };
  const onPointerUp = (event: PointerEvent) => {
    if (brush && isHeld(event) && brush.at !== brush.anchor) zoom({ ...brush, at: barAt(event) });
  };
  const onDblClick = () => brush && zoom(brush);
  return { brush, handlers: onZoom ? { onKeyDown, onPointerDown, onPointerMove, onPointerUp, onDblClick } : {} };
};

export const Chart = ({ counted, from, to, texts, isStale, onZoom }: ChartProps) => {
  const id = useId();
  const bars = useMemo(() => barsOf(counted, from, to), [counted, from, to]);
  const { brush, handlers } = useBrush(bars, onZoom);
  const most = bars.reduce<Bar | undefined>((top, bar) => (bar.n > (top?.n ?? 0) ? bar : top), undefined);
  const [first, last] = brush ? [Math.min(brush.at, brush.anchor), Math.max(brush.at, brush.anchor)] : [0, 0];
  const chosen = brush ? bars.slice(first, last + 1) : [];
  const said = chosen.length > 0 ? texts.chosen(chosen[0]?.from ?? 0, chosen.at(-1)?.to ?? 0, chosen.reduce((sum, { n }) => sum + n, 0)) : "";
  const slider = { role: "slider", tabIndex: 0, "aria-label": texts.label, "aria-valuemin": 0, "aria-valuemax": Math.max(0, bars.length - 1), "aria-valuenow": brush?.at ?? Math.max(0, bars.length - 1), "aria-valuetext": said || texts.summary(bars, most) } as const;
  return (
    <figure class={`chart${isStale ? " is-stale" : ""}`} dir="ltr" aria-describedby={`${id}-said`}>
      <div class="chart-frame" {...(onZoom ? slider : {})} {...handlers}><Picture bars={bars} brush={brush} texts={texts} /></div>
      <Axis bars={bars} texts={texts} />
      <figcaption id={`${id}-said`} class="chart-said" dir="auto">{said || texts.summary(bars, most)}</figcaption>
    </figure>
  );
};
