// The sections of the sidebar: pinned ones, the groups of this device, and what is left by type.

import type { Collection } from "../../api/types.ts";
import { t } from "../../i18n/t.ts";
import { groupOf, type Group } from "../../lib/groups.ts";

export interface Section {
  key: string; // "pinned", "none", "views", "system"; of a group its id behind "group:"
  title: string;
  items: readonly Collection[];
  group?: Group;
  isClosed?: boolean;
  takes?: boolean; // collections are dropped here
}

// Of everything that passes, each in one section.
export const sectionsOf = (all: readonly Collection[], pinned: readonly string[], groups: readonly Group[], isFiltered: boolean): Section[] => {
  const isPinned = ({ id }: Collection) => pinned.includes(id);
  const placed = new Map(all.map((one) => [one.id, isPinned(one) ? undefined : groupOf(groups, one.id)?.id]));
  const rest = all.filter((one) => !isPinned(one) && placed.get(one.id) === undefined);
  const sections: Section[] = [
    { key: "pinned", title: t.shell.pinned, items: all.filter(isPinned), takes: true },
    ...groups.map((group) => ({ key: `group:${group.id}`, title: group.name, group, items: all.filter(({ id }) => placed.get(id) === group.id), takes: true })),
    { key: "none", title: t.shell.collections, items: rest.filter(({ system, type }) => !system && type !== "view"), takes: true },
    { key: "views", title: t.shell.views, items: rest.filter(({ system, type }) => !system && type === "view"), takes: true },
    { key: "system", title: t.shell.system, items: rest.filter(({ system }) => system), isClosed: true },
  ];
  // Where something can be dropped there has to be a place for it.
  const isPlace = ({ key, group }: Section) => !isFiltered && (group !== undefined || (key === "none" && groups.length > 0));
  return sections.filter((section) => section.items.length > 0 || isPlace(section));
};

export const groupKey = "group:";
