// The settings: a list of pages.

import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { ts } from "../../i18n/t-settings.ts";
import { t } from "../../i18n/t.ts";
import { has, reloadSettings } from "../../state/instance.ts";
import { navigate } from "../../state/router.ts";
import { LinkButton } from "../../ui/Button/Button.tsx";
import { Empty } from "../../ui/Empty/Empty.tsx";
import { Icon } from "../../ui/Icon/Icon.tsx";
import type { IconName } from "../../ui/Icon/names.ts";
import { Guarded, Lazy, type Load } from "../../ui/Lazy/Lazy.tsx";
import { App } from "./app.tsx";
import { Mail } from "./mail.tsx";
import { Storage } from "./storage.tsx";
import { Backups } from "./backups.tsx";
import { Crons } from "./crons.tsx";
import { Limits } from "./limits.tsx";
import { Network } from "./network.tsx";
import { Superusers } from "./superusers.tsx";
import { isChangedPart } from "./engine.ts";

interface Part {
  id: keyof typeof t.shell.settingsParts;
  icon: IconName;
  page: ComponentType;
}

// With all that edits a definition.
const exporting: Load<object> = async () => (await import("./export.tsx")).Export;
const importing: Load<object> = async () => (await import("./import.tsx")).Import;

const more: Load<object> = async () => (await import("./own.tsx")).Own;

const all: readonly Part[] = [
  { id: "app", icon: "sliders-horizontal", page: App },
  { id: "mail", icon: "mail", page: Mail },
  { id: "storage", icon: "hard-drive", page: Storage },
  { id: "backups", icon: "archive", page: Backups },
  { id: "crons", icon: "clock", page: Crons },
  { id: "limits", icon: "gauge", page: Limits },
  { id: "network", icon: "network", page: Network },
  { id: "export", icon: "file-down", page: () => <Lazy load={exporting} of={{}} /> },
  { id: "import", icon: "file-up", page: () => <Lazy load={importing} of={{}} /> },
  { id: "superusers", icon: "user-cog", page: Superusers },
  { id: "own", icon: "server", page: () => <Lazy load={more} of={{}} /> },
];
const partsOf = (): readonly Part[] => all.filter(({ id }) => id !== "own" || has("settings"));

// What PocketBase calls them.
const others = new Map([["export-collections", "export"], ["import-collections", "import"]]);

const isWide = (): boolean => matchMedia("(min-width: 1024px)").matches;

const List = ({ current }: { current: string }) => (
  <nav class="side set-list" aria-label={ts.title}>
    <h2 class="set-title">{ts.title}</h2>
    <ul class="side-list">
      {partsOf().map(({ id, icon }) => (
        <li key={id} class="side-item">
          <a href={`#/settings/${id}`} aria-current={id === current ? "page" : undefined}>
            <Icon name={icon} />
            <span class="side-name">{t.shell.settingsParts[id]}</span>
            {isChangedPart(id) && <span class="side-draft"><span class="aside">{ts.unsaved}</span></span>}
          </a>
        </li>
      ))}
    </ul>
  </nav>
);

export default function Settings({ part }: { part?: string }) {
  const other = part === undefined ? undefined : others.get(part);
  const found = partsOf().find(({ id }) => id === part);
  useEffect(() => void reloadSettings(), []);
  useEffect(() => {
    if (other) void navigate(`/settings/${other}`, { replace: true });
    else if (part === undefined && isWide()) void navigate("/settings/app", { replace: true });
  }, [part, other]);
  return (
    <div class={`data${part === undefined ? "" : " has-page"}`}>
      <List current={part ?? ""} />
      <div class="data-page">
        {part !== undefined && (
          <header class="data-head">
            <a class="set-back button button-quiet button-icon" href="#/settings" aria-label={ts.title}><Icon name="arrow-left" /></a>
            <h1>{found ? t.shell.settingsParts[found.id] : ts.title}</h1>
          </header>
        )}
        {found && <Guarded of={part}><found.page key={found.id} /></Guarded>}
        {part !== undefined && !found && !other && <Empty title={t.common.nothingHere} why={t.common.nothingHereWhy}><LinkButton href="#/settings/app">{ts.title}</LinkButton></Empty>}
      </div>
    </div>
  );
}
