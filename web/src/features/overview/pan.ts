// A sheet that is moved and zoomed below a window: by pointer, by two fingers, by the wheel, by keys.

import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { boxWidth, type Box } from "../../lib/diagram.ts";

export interface Pan {
  transform: string;
  zoom: (steps: number) => void; // about the middle
  fit: () => void;
  reveal: (box: Box) => void;
  handlers: Record<"onPointerDown" | "onPointerMove" | "onPointerUp" | "onPointerCancel", (event: PointerEvent) => void>;
}

interface View {
  x: number;
  y: number;
  scale: number;
}

const least = 0.1;
const most = 2;
const step = 1.25;
const margin = 24;
const slop = 4; // px that a finger may move in a click

const clamp = (scale: number): number => Math.min(most, Math.max(least, scale));

// What is at (x, y) of the window stays there.
const zoomedAt = (view: View, x: number, y: number, factor: number): View => {
  const scale = clamp(view.scale * factor);
  const by = scale / view.scale;
  return { scale, x: x - (x - view.x) * by, y: y - (y - view.y) * by };
};

const fitted = (window: DOMRect, { width, height }: { width: number; height: number }): View => {
  const scale = clamp(Math.min(1, (window.width - 2 * margin) / Math.max(1, width), (window.height - 2 * margin) / Math.max(1, height)));
  return { scale, x: Math.max(margin, (window.width - width * scale) / 2), y: Math.max(margin, (window.height - height * scale) / 2) };
};

// How far [from, to] has to go to be within [0, size].
const inside = (from: number, to: number, size: number): number => (from < margin ? margin - from : to > size - margin ? size - margin - to : 0);

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

type Change = (change: (now: View) => View) => void;
type Host = RefObject<HTMLElement | null>;

const rectOf = (host: Host): DOMRect => host.current?.getBoundingClientRect() ?? new DOMRect(0, 0, 1, 1);

const useWheel = (host: Host, change: Change): void =>
  useLayoutEffect(() => {
    const element = host.current;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const { left, top } = rectOf(host);
      const isZoom = event.ctrlKey || event.metaKey;
      change((now) => (isZoom ? zoomedAt(now, event.clientX - left, event.clientY - top, Math.exp(-event.deltaY / 300)) : { ...now, x: now.x - event.deltaX, y: now.y - event.deltaY }));
    };
    element?.addEventListener("wheel", onWheel, { passive: false });
    return () => element?.removeEventListener("wheel", onWheel);
  }, []);

interface Point {
  x: number;
  y: number;
}

const middle = (points: readonly Point[]): Point => ({ x: mean(points.map(({ x }) => x)), y: mean(points.map(({ y }) => y)) });
const spread = ([a, b]: readonly Point[]): number => (a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0);

const useDrag = (host: Host, change: Change): Pan["handlers"] => {
  const pointers = useRef(new Map<number, Point>());
  const moved = useRef(0);
  useLayoutEffect(() => {
    const element = host.current;
    // The end of a drag is no click on what lies there.
    const onClick = (event: MouseEvent) => {
      if (moved.current > slop && event.detail > 0) event.preventDefault();
    };
    element?.addEventListener("click", onClick, true);
    return () => element?.removeEventListener("click", onClick, true);
  }, []);
  const leave = (event: PointerEvent) => void pointers.current.delete(event.pointerId);
  return {
    onPointerDown: (event) => {
      if (event.button !== 0 || (event.target as HTMLElement).closest("button")) return;
      if (pointers.current.size === 0) moved.current = 0;
      pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    },
    onPointerMove: (event) => {
      if (!pointers.current.has(event.pointerId)) return;
      const before = [...pointers.current.values()];
      pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
      const after = [...pointers.current.values()];
      const [from, to] = [middle(before), middle(after)];
      const by = spread(before) > 0 ? spread(after) / spread(before) : 1;
      moved.current += Math.abs(to.x - from.x) + Math.abs(to.y - from.y);
      if (moved.current > slop) host.current?.setPointerCapture(event.pointerId);
      const { left, top } = rectOf(host);
      change((was) => zoomedAt({ ...was, x: was.x + to.x - from.x, y: was.y + to.y - from.y }, to.x - left, to.y - top, by));
    },
    onPointerUp: leave,
    onPointerCancel: leave,
  };
};

export const usePan = (host: Host, sheet: { width: number; height: number }): Pan => {
  const [view, setView] = useState<View>({ x: margin, y: margin, scale: 1 });
  const fit = () => setView(fitted(rectOf(host), sheet));
  useLayoutEffect(fit, [sheet]);
  useWheel(host, setView);
  const handlers = useDrag(host, setView);
  return {
    transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})`,
    zoom: (steps) => setView((now) => zoomedAt(now, rectOf(host).width / 2, rectOf(host).height / 2, step ** steps)),
    fit,
    reveal: ({ x, y, height }) =>
      setView((now) => {
        const { width, height: tall } = rectOf(host);
        const left = now.x + x * now.scale;
        const top = now.y + y * now.scale;
        return { ...now, x: now.x + inside(left, left + boxWidth * now.scale, width), y: now.y + inside(top, top + height * now.scale, tall) };
      }),
    handlers,
  };
};
