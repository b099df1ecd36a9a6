// The edge between two panes, moved by the pointer or by arrows (WAI-ARIA's window splitter).

import type { Signal } from "@preact/signals";

export interface SplitterProps {
  label: string;
  width: Signal<number>; // of the pane before it, in px
  least: number;
  most: number;
  step?: number;
  controls: string; // the pane's id
}

export const Splitter = ({ label, width, least, most, step = 16, controls }: SplitterProps) => {
  const set = (to: number) => {
    width.value = Math.round(Math.min(most, Math.max(least, to)));
  };
  const drag = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    const edge = event.currentTarget;
    const sign = getComputedStyle(edge).direction === "rtl" ? -1 : 1;
    const [from, was] = [event.clientX, width.peek()];
    const move = (to: PointerEvent) => set(was + sign * (to.clientX - from));
    edge.setPointerCapture(event.pointerId);
    edge.addEventListener("pointermove", move);
    edge.addEventListener("lostpointercapture", () => edge.removeEventListener("pointermove", move), { once: true });
  };
  const byKey: Record<string, number> = { ArrowLeft: width.value - step, ArrowRight: width.value + step, Home: least, End: most };
  return (
    <div
      class="splitter"
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-controls={controls}
      aria-valuenow={width.value}
      aria-valuemin={least}
      aria-valuemax={most}
      tabIndex={0}
      onPointerDown={drag}
      onKeyDown={(event) => {
        const to = byKey[event.key];
        if (to === undefined) return;
        event.preventDefault();
        set(to);
      }}
    />
  );
};
