// Where boxes stand and lines run in a diagram of what refers to what: in columns, from what refers
// to what is referred to.

export interface Entity {
  id: string;
  fields: readonly { name: string; to?: string }[]; // to: the id of another one
}

export interface Box {
  id: string;
  x: number;
  y: number;
  height: number;
}

export interface Line {
  from: string;
  to: string;
  row: number; // of the field, among those that are shown
  path: string;
}

export interface Diagram {
  boxes: readonly Box[];
  lines: readonly Line[];
  width: number;
  height: number;
}

export const boxWidth = 220;
export const headHeight = 32;
export const rowHeight = 22;
export const mostRows = 12;

const gapX = 96;
const gapY = 24;
const sweeps = 4;

// Fields that refer to something are shown before others.
export const shownFields = <F extends { to?: string }>(fields: readonly F[]): readonly F[] =>
  fields.length <= mostRows ? fields : [...fields.filter(({ to }) => to), ...fields.filter(({ to }) => !to)].slice(0, mostRows);

const heightOf = ({ fields }: Entity): number => headHeight + (Math.min(fields.length, mostRows) + (fields.length > mostRows ? 1 : 0)) * rowHeight;

type Links = ReadonlyMap<string, readonly string[]>;

const linksOf = (all: readonly Entity[]): Links => {
  const known = new Set(all.map(({ id }) => id));
  return new Map(all.map(({ id, fields }) => [id, [...new Set(fields.flatMap(({ to }) => (to && to !== id && known.has(to) ? [to] : [])))]]));
};

const turned = (links: Links): Links => {
  const made = new Map<string, string[]>([...links.keys()].map((id) => [id, []]));
  for (const [id, others] of links) for (const other of others) made.get(other)?.push(id);
  return made;
};

// Those without a way back to who is being visited: what is left of the links has no circle.
const inOrder = (links: Links, from: readonly string[]): { order: string[]; kept: Map<string, string[]> } => {
  const done = new Set<string>();
  const open = new Set<string>();
  const order: string[] = [];
  const kept = new Map<string, string[]>();
  const visit = (id: string): void => {
    done.add(id);
    open.add(id);
    const ahead = (links.get(id) ?? []).filter((other) => !open.has(other));
    kept.set(id, ahead);
    for (const other of ahead) if (!done.has(other)) visit(other);
    open.delete(id);
    order.unshift(id);
  };
  for (const id of from) if (!done.has(id)) visit(id);
  return { order, kept };
};

const layersOf = (links: Links, back: Links): string[][] => {
  const linked = [...links.keys()].filter((id) => (links.get(id)?.length ?? 0) + (back.get(id)?.length ?? 0) > 0);
  const referring = (id: string): number => (back.get(id)?.length ?? 0) - (links.get(id)?.length ?? 0);
  const { order, kept } = inOrder(links, linked.toSorted((a, b) => referring(a) - referring(b)));
  const layer = new Map<string, number>();
  for (const id of order) for (const other of kept.get(id) ?? []) layer.set(other, Math.max(layer.get(other) ?? 0, (layer.get(id) ?? 0) + 1));
  const layers: string[][] = [];
  for (const id of order) (layers[layer.get(id) ?? 0] ??= []).push(id);
  return [...layers].map((ids) => ids ?? []).filter((ids) => ids.length > 0);
};

// Each near the middle of those that it is linked with.
const untangle = (layers: string[][], links: Links, back: Links): void => {
  const at = new Map<string, number>();
  const number = (ids: readonly string[]) => ids.forEach((id, n) => at.set(id, n / ids.length));
  layers.forEach(number);
  for (let n = 0; n < sweeps; n++) {
    const round = n % 2 ? layers.toReversed() : layers;
    for (const ids of round) {
      const middle = (id: string): number => {
        const near = [...(links.get(id) ?? []), ...(back.get(id) ?? [])];
        return near.length > 0 ? near.reduce((sum, other) => sum + (at.get(other) ?? 0), 0) / near.length : (at.get(id) ?? 0);
      };
      const middles = new Map(ids.map((id) => [id, middle(id)]));
      ids.sort((a, b) => (middles.get(a) ?? 0) - (middles.get(b) ?? 0));
      number(ids);
    }
  }
};

// A column that would be much taller than the whole is wide becomes several.
const columnsOf = (ids: readonly string[], heights: ReadonlyMap<string, number>, most: number): string[][] => {
  const columns: string[][] = [];
  let height = Infinity;
  for (const id of ids) {
    const mine = (heights.get(id) ?? 0) + gapY;
    if (height + mine > most) {
      columns.push([]);
      height = 0;
    }
    columns.at(-1)?.push(id);
    height += mine;
  }
  return columns;
};

const place = (columns: readonly string[][], heights: ReadonlyMap<string, number>): Box[] => {
  const total = (ids: readonly string[]) => ids.reduce((sum, id) => sum + (heights.get(id) ?? 0) + gapY, -gapY);
  const tallest = Math.max(0, ...columns.map(total));
  return columns.flatMap((ids, n) => {
    let y = (tallest - total(ids)) / 2;
    return ids.map((id) => {
      const height = heights.get(id) ?? 0;
      const box = { id, x: n * (boxWidth + gapX), y, height };
      y += height + gapY;
      return box;
    });
  });
};

// From the field's row to the other's head, on the sides that face each other.
const pathOf = (from: Box, row: number, to: Box): string => {
  const y1 = from.y + headHeight + (row + 0.5) * rowHeight;
  const y2 = to.y + headHeight / 2;
  const isAhead = to.x > from.x;
  const isBeside = to.x === from.x;
  const x1 = isAhead || isBeside ? from.x + boxWidth : from.x;
  const x2 = isAhead ? to.x : to.x + boxWidth;
  const bend = isBeside ? gapX / 2 : Math.max(gapX / 2, Math.abs(x2 - x1) / 2);
  const out = isAhead || isBeside ? bend : -bend;
  const into = isAhead ? -bend : bend;
  return `M${x1} ${y1}C${x1 + out} ${y1} ${x2 + into} ${y2} ${x2} ${y2}`;
};

export const layOut = (all: readonly Entity[]): Diagram => {
  const links = linksOf(all);
  const back = turned(links);
  const heights = new Map(all.map((one) => [one.id, heightOf(one)]));
  const area = [...heights.values()].reduce((sum, height) => sum + (height + gapY) * (boxWidth + gapX), 0);
  const most = Math.max(Math.sqrt(area), ...heights.values()) + gapY;
  const layers = layersOf(links, back);
  untangle(layers, links, back);
  const alone = all.map(({ id }) => id).filter((id) => !layers.some((ids) => ids.includes(id)));
  const boxes = place([...layers, alone].flatMap((ids) => columnsOf(ids, heights, most)), heights);
  const found = new Map(boxes.map((box) => [box.id, box]));
  const lines = all.flatMap(({ id, fields }) =>
    shownFields(fields).flatMap(({ to }, row) => {
      const from = found.get(id);
      const target = to === undefined ? undefined : found.get(to);
      return from && target ? [{ from: id, to: target.id, row, path: pathOf(from, row, target) }] : [];
    }),
  );
  return { boxes, lines, width: Math.max(0, ...boxes.map(({ x }) => x + boxWidth)), height: Math.max(0, ...boxes.map(({ y, height }) => y + height)) };
};

export type Way = "ArrowUp" | "ArrowDown" | "ArrowLeft" | "ArrowRight";

// The box that one looks at in that direction: near, and rather straight on.
export const nextBox = (boxes: readonly Box[], id: string, way: Way): Box | undefined => {
  const here = boxes.find((box) => box.id === id);
  if (!here) return boxes[0];
  const isAcross = way === "ArrowLeft" || way === "ArrowRight";
  const sign = way === "ArrowLeft" || way === "ArrowUp" ? -1 : 1;
  const middle = (box: Box) => box.y + box.height / 2;
  let best: Box | undefined;
  let least = Infinity;
  for (const box of boxes) {
    const dx = box.x - here.x;
    const dy = middle(box) - middle(here);
    const ahead = (isAcross ? dx : dy) * sign;
    if (box === here || ahead <= 0 || (!isAcross && dx !== 0)) continue;
    const cost = ahead + Math.abs(isAcross ? dy : dx) * 2;
    if (cost < least) {
      least = cost;
      best = box;
    }
  }
  return best;
};
