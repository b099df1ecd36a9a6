// The frame of who is signed in: the rail, the page, and what lies over it.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../../i18n/t.ts";
import { showKeys } from "../../state/commands.ts";
import { features, has, settings } from "../../state/instance.ts";
import { isProtected } from "../../state/protect.ts";
import { navigate, path } from "../../state/router.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { useCommands } from "../../ui/commands.ts";
import { Icon } from "../../ui/Icon/Icon.tsx";
import type { IconName } from "../../ui/Icon/names.ts";
import { Mark } from "../../ui/Mark/Mark.tsx";
import { LockToggle } from "../../ui/Protected/Protected.tsx";
import { Toasts } from "../../ui/Toasts/Toasts.tsx";
import { KeysHelp, Palette } from "../palette/palette.tsx";
import { Account } from "./account.tsx";
import { Unreachable } from "./unreachable.tsx";

interface Target {
  at: string;
  icon: IconName;
  label: string;
  more?: readonly string[]; // addresses that are of it, too
}

const places: readonly Target[] = [
  { at: "/home", icon: "activity", label: t.shell.health, more: ["/advisor", "/realtime"] },
  { at: "/data", icon: "database", label: t.shell.data },
  { at: "/logs", icon: "scroll-text", label: t.shell.logs },
  { at: "/sql", icon: "terminal", label: t.shell.sql },
  { at: "/settings", icon: "settings", label: t.shell.settings },
];

const isIn = ({ at, more = [] }: Target): boolean => [at, ...more].some((one) => path.value === one || path.value.startsWith(`${one}/`));

type Over = "palette" | "keys" | null;

const Rail = ({ onSearch, onKeys }: { onSearch: () => void; onKeys: () => void }) => (
  <nav class="rail" aria-label={t.shell.navigation}>
    <a class="rail-mark" href="#/" title={settings.data.value?.meta.appName ?? ""} aria-label={settings.data.value?.meta.appName ?? t.shell.data}><Mark /></a>
    <ul class="rail-places">
      {places.map((one) => (
        <li key={one.at}>
          <a class="rail-item" href={`#${one.at}`} title={one.label} aria-current={isIn(one) ? "page" : undefined}>
            <Icon name={one.icon} size={20} />
            <span class="rail-label">{one.label}</span>
          </a>
        </li>
      ))}
    </ul>
    <div class="rail-end">
      <Button kind="quiet" icon="search" label={t.shell.search} title={`${t.shell.search} (${showKeys("mod+k").join("+")})`} onClick={onSearch} />
      <Button kind="quiet" icon="keyboard" label={t.shell.help} title={`${t.shell.help} (?)`} class="rail-keys" onClick={onKeys} />
      <LockToggle class="rail-lock" />
      <Account />
    </div>
  </nav>
);

export const Shell = ({ children }: { children: ComponentChildren }) => {
  const name = settings.data.value?.meta.appName;
  const [over, setOver] = useState<Over>(null);
  useCommands(
    [
      { label: t.palette.open, keys: "mod+k", isQuiet: true, act: () => setOver("palette") },
      { label: t.palette.keys, keys: "?", act: () => setOver("keys") },
      ...places.map(({ at, label }) => ({ label: t.palette.go(label), act: () => void navigate(at) })),
      ...Object.entries(t.shell.settingsParts).filter(([id]) => id !== "own" || has("settings")).map(([id, name]) => ({ label: `${t.shell.settings}: ${name}`, act: () => void navigate(`/settings/${id}`) })),
    ],
    [features.data.value],
  );
  // What had the focus went with the page before.
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      if (document.activeElement === document.body) document.getElementById("content")?.focus();
    });
    return () => cancelAnimationFrame(frame);
  }, [path.value]);
  // The name comes when something may have been typed already: the mark of what is not saved stays.
  useEffect(() => {
    document.title = (/^• /.exec(document.title)?.[0] ?? "") + (name ? `${name} · Reeve` : "Reeve");
  }, [name, path.value]);
  return (
    <div class={`shell${isProtected.value ? " shell-protected" : ""}`}>
      <a class="skip" href="#content" onClick={(event) => { event.preventDefault(); document.getElementById("content")?.focus(); }}>{t.shell.skip}</a>
      <Rail onSearch={() => setOver("palette")} onKeys={() => setOver("keys")} />
      <main class="content" id="content" tabIndex={-1}>
        <Unreachable />
        {children}
      </main>
      {over === "palette" && <Palette onClose={() => setOver(null)} />}
      {over === "keys" && <KeysHelp onClose={() => setOver(null)} />}
      <Toasts />
    </div>
  );
};
