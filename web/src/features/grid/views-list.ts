// A list of views: pure.

export interface View {
  name: string;
  filter: string;
  sort: string;
  cols: readonly string[];
}

const isText = (value: unknown): value is string => typeof value === "string";
const isView = (value: unknown): value is View => {
  const view = (value ?? {}) as Partial<Record<keyof View, unknown>>;
  return isText(view.name) && view.name !== "" && isText(view.filter) && isText(view.sort) && Array.isArray(view.cols) && view.cols.every(isText);
};

// Whatever is kept on the device, as far as it is views.
export const readViews = (kept: unknown): View[] => {
  const found: View[] = [];
  for (const one of Array.isArray(kept) ? kept : []) if (isView(one) && !named(found, one.name)) found.push(one);
  return found;
};

export const named = (views: readonly View[], name: string): View | undefined => views.find((view) => view.name === name);

export const isChanged = (view: View, now: View): boolean => view.filter !== now.filter || view.sort !== now.sort || view.cols.join(",") !== now.cols.join(",");

export const saved = (views: readonly View[], view: View): View[] =>
  named(views, view.name) ? views.map((one) => (one.name === view.name ? view : one)) : [...views, view].sort((a, b) => a.name.localeCompare(b.name));

export const renamed = (views: readonly View[], from: string, to: string): View[] =>
  views.map((one) => (one.name === from ? { ...one, name: to } : one)).sort((a, b) => a.name.localeCompare(b.name));

export const removed = (views: readonly View[], name: string): View[] => views.filter((one) => one.name !== name);
