// Where we are. The address is the state that can be shared: what a page puts there with
// replaceQuery() or navigate() comes back to it through `place`.

import { computed, signal } from "@preact/signals";
import { parsePlace, printPlace, type Place } from "../lib/route.ts";

export const place = signal<Place>(parsePlace(location.hash));
export const path = computed(() => place.value.path);
export const query = computed(() => place.value.query);

// Asked before the page is left; false keeps it.
type Guard = () => boolean | Promise<boolean>;
const guards = new Set<Guard>();
export const guardLeaving = (guard: Guard): (() => void) => {
  guards.add(guard);
  return () => guards.delete(guard);
};

const mayLeave = async (): Promise<boolean> => {
  for (const guard of guards) if (!(await guard())) return false;
  return true;
};

export const navigate = async (to: string, how: { replace?: boolean } = {}): Promise<void> => {
  const next = parsePlace(to);
  if (next.path !== place.value.path && !(await mayLeave())) return;
  const hash = to.startsWith("#") ? to : `#${to}`;
  if (how.replace) history.replaceState(null, "", hash);
  else history.pushState(null, "", hash);
  place.value = next;
};

// Changes members of the query; undefined and "" remove one.
export const setQuery = (change: Record<string, string | undefined>, how: { replace?: boolean } = { replace: true }): void => {
  const next = printPlace({ path: place.value.path, query: { ...place.value.query, ...change } });
  if (next === location.hash) return;
  if (how.replace) history.replaceState(null, "", next);
  else history.pushState(null, "", next);
  place.value = parsePlace(next);
};

const follow = async (): Promise<void> => {
  const next = parsePlace(location.hash);
  const here = place.value;
  if (next.path !== here.path && !(await mayLeave())) {
    history.pushState(null, "", printPlace(here));
    return;
  }
  place.value = next;
};

export const startRouter = (): void => {
  addEventListener("hashchange", () => void follow());
  addEventListener("popstate", () => void follow());
};
