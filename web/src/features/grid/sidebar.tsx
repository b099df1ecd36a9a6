// The collections: filtered by name, id and field, in sections. Listeners are the list's, not an
// item's; the menu of an item and its count are there while it is pointed at or has the focus.

import { useComputed, useSignal, type Signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Collection } from "../../api/types.ts";
import { formatNumber } from "../../i18n/format.ts";
import { t } from "../../i18n/t.ts";
import { followNews } from "../../state/channel.ts";
import { drafts } from "../../state/drafts.ts";
import { groups } from "../../state/groups.ts";
import { collection, collections, reloadCollections } from "../../state/instance.ts";
import { sidebarShown, sidebarWidth } from "../../state/prefs.ts";
import { isLocked } from "../../state/protect.ts";
import { navigate } from "../../state/router.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { useCommands } from "../../ui/commands.ts";
import { Icon } from "../../ui/Icon/Icon.tsx";
import { Menu, type MenuGroup } from "../../ui/Menu/Menu.tsx";
import { ErrorNotice } from "../../ui/Notice/Notice.tsx";
import { Splitter } from "../../ui/Splitter/Splitter.tsx";
import { sectionsOf, type Section } from "./groups.ts";
import { actsOfGroup, nameGroup, pinned } from "./groups.tsx";
import { collectionMenu, showSidebar, typeIcons } from "./header.tsx";
import { forgetCount, useCount, warningsOf } from "./sidebar-facts.ts";
import { useListActs, type Active } from "./sidebar-acts.ts";
import { isOver } from "./sidebar-shown.ts";

const has = (one: Collection, word: string): boolean =>
  one.name.toLowerCase().includes(word) || one.id.includes(word) || one.fields.some(({ name }) => name.toLowerCase().includes(word));

const Item = ({ one, current, active }: { one: Collection; current: string; active: Active }) => {
  const isActive = useComputed(() => active.isOn(one.id)).value;
  const n = useCount(one, isActive);
  const warnings = warningsOf(one);
  const said = warnings.join(", ");
  const isDrafted = useComputed(() => drafts.value.has(one.id)).value;
  return (
    <li class={`side-item${isActive ? " is-active" : ""}`} data-id={one.id}>
      <a href={`#/data/${encodeURIComponent(one.name)}`} title={said ? `${one.name}: ${said}` : one.name} aria-keyshortcuts="Alt+ArrowUp Alt+ArrowDown" aria-current={one.name === current || one.id === current ? "page" : undefined}>
        <Icon name={typeIcons[one.type]} />
        <span class="side-name">{one.name}</span>
        {isDrafted && <span class="side-draft"><span class="aside">{t.header.drafts}</span></span>}
        {said && <span class="side-warn"><span class="aside">{said}</span></span>}
        {n !== undefined && <span class="side-count" aria-hidden="true">{formatNumber(n)}</span>}
      </a>
      {isActive && <span class="aside" role="status">{n === undefined ? "" : t.header.rows(formatNumber(n))}</span>}
      {isActive && <Menu class="side-menu" label={t.header.menu(one.name)} icon="ellipsis" placement="bottom-end" groups={collectionMenu(one)} />}
    </li>
  );
};

const Group = ({ section, current, isOpen, active, over }: { section: Section; current: string; isOpen: boolean; active: Active; over: Signal<string> }) => {
  const { key, title, items, group, takes } = section;
  return (
    <section class={`side-group${over.value === key ? " is-over" : ""}`} data-section={takes ? key : undefined}>
      <details open={isOpen || items.some(({ name }) => name === current)}>
        <summary>{title}</summary>
        {items.length === 0 && <p class="side-empty">{t.header.groupEmpty}</p>}
        {items.length > 0 && <ul>{items.map((one) => <Item key={one.id} one={one} current={current} active={active} />)}</ul>}
      </details>
      {group && <Menu class="side-group-menu" label={t.header.groupMenu(group.name)} icon="ellipsis" placement="bottom-end" groups={actsOfGroup(group)} />}
    </section>
  );
};

const List = ({ current, word, active, over }: { current: string; word: string; active: Active; over: Signal<string> }) => {
  const all = collections.data.value;
  if (!all) return collections.error.value ? <ErrorNotice error={collections.error.value} onRetry={() => void reloadCollections()} /> : <p class="side-empty">{t.common.loading}…</p>;
  const found = word ? all.filter((one) => has(one, word)) : all;
  if (found.length === 0) return <p class="side-empty">{word ? t.shell.noMatch : t.shell.noCollections}</p>;
  const sections = sectionsOf(found, pinned.value, groups.value, word !== "");
  return <>{sections.map((section) => <Group key={section.key} section={section} current={current} isOpen={Boolean(word) || !section.isClosed} active={active} over={over} />)}</>;
};

// What has changed the number of records makes it unknown.
const useCountsFollowing = () => {
  useEffect(() => followNews((news) => {
    if (!("collection" in news) || (news.kind === "records" && news.action === "update")) return;
    const one = collection(news.collection);
    if (one) forgetCount(one.id);
  }), []);
};

// Over the page: its filter has the focus, and who had it gets it back.
const useOverlay = () => {
  const shown = isOver.value;
  const filter = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    if (!shown) return;
    const before = document.activeElement;
    filter.current?.focus();
    return () => { if (before instanceof HTMLElement && before.isConnected) before.focus(); };
  }, [shown]);
  return filter;
};

const close = () => {
  isOver.value = false;
};

const overviews = Object.entries(t.header.overview);

const newOnes = (): MenuGroup[] => [{
  items: (["base", "auth", "view"] as const).map((type) => ({ label: t.header.newTypes[type], icon: typeIcons[type], ...(isLocked.value ? { disabled: t.protect.locked } : {}), act: () => void navigate(`/new/${type}`) })),
}, { items: [{ label: t.header.newGroup, icon: "folder" as const, act: () => nameGroup({}) }] }];

export const Sidebar = ({ current }: { current: string }) => {
  const word = useSignal("");
  const scroller = useRef<HTMLDivElement>(null);
  const filter = useOverlay();
  const { active, over, ...acts } = useListActs();
  useCountsFollowing();
  useCommands([{ label: t.shell.toggleSidebar, keys: "[", act: showSidebar }, ...newOnes().flatMap(({ items }) => items).map(({ label, act }) => ({ label, act })), ...overviews.map(([id, label]) => ({ label: t.palette.go(label), act: () => void navigate(`/overview/${id}`) }))], []);
  useEffect(() => scroller.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" }), [current, Boolean(collections.data.value)]);
  useEffect(close, [current]);
  return (
    <>
      {isOver.value && <div class="side-veil" onClick={close} />}
      <nav
        class={`side${isOver.value ? " is-over" : ""}${sidebarShown.value ? "" : " is-away"}`}
        id="side"
        aria-label={t.shell.collections}
        style={{ inlineSize: `${sidebarWidth.value}px` }}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || !isOver.peek() || event.defaultPrevented) return;
          event.preventDefault();
          close();
        }}
      >
        <div class="side-filter">
          <input ref={filter} class="input" type="search" aria-label={t.shell.filterCollections} placeholder={t.shell.filterCollections} value={word.value} onInput={(event) => { word.value = event.currentTarget.value; }} />
          <Menu label={t.header.newOne} icon="plus" groups={newOnes()} />
          <Button kind="quiet" icon="panel-left" class="side-hide" label={t.shell.hideSidebar} title={`${t.shell.hideSidebar} ([)`} onClick={showSidebar} />
        </div>
        <div class="side-list" ref={scroller} {...acts} onClick={(event) => event.target instanceof Element && event.target.closest("a") && close()}><List current={current} word={word.value.trim().toLowerCase()} active={active} over={over} /></div>
        <div class="side-overview">
          <a href="#/overview/rules"><Icon name="shield-check" />{t.header.overview.rules}</a>
          <a href="#/overview/diagram"><Icon name="workflow" />{t.header.overview.diagram}</a>
        </div>
      </nav>
      {sidebarShown.value && <Splitter label={t.shell.resize} width={sidebarWidth} least={180} most={400} controls="side" />}
    </>
  );
};
