// What refers to what.

export const diagram = {
  title: "Diagram of the collections",
  hint: "Arrows go from box to box, Enter opens one, + and − zoom, 0 shows all.",
  system: "System collections",
  zoomIn: "Larger",
  zoomOut: "Smaller",
  fit: "Show all",
  find: "Find a collection",
  more: (n: number) => `${n} more`,
  box: (name: string, fields: number, to: readonly string[], from: readonly string[]) =>
    `${name}: ${fields} field${fields === 1 ? "" : "s"}${to.length > 0 ? `, refers to ${to.join(", ")}` : ""}${from.length > 0 ? `, referred to by ${from.join(", ")}` : ""}`,
  none: "There are no collections yet",
  noneWhy: "Each collection is a box here, with lines to those that its relations lead to.",
};
