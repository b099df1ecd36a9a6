// What becomes of the ids that are chosen: pure.

export interface Picked {
  next: string[];
  isFull: boolean; // some of what was wanted has no place
}

// What was chosen keeps its order, and what is new comes behind it. Where there is room for one alone
// it is the new one.
export const picked = (ids: readonly string[], wanted: ReadonlySet<string>, most: number): Picked => {
  const kept = ids.filter((id) => wanted.has(id));
  const added = [...wanted].filter((id) => !ids.includes(id));
  if (most === 1) return { next: (added.length > 0 ? added : kept).slice(-1), isFull: false };
  const room = Math.max(0, most - kept.length);
  return { next: [...kept, ...added.slice(0, room)], isFull: added.length > room };
};
