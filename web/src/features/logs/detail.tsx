// One entry, whole, beside the list.

import { useEffect, useMemo, useRef } from "preact/hooks";
import { ApiError } from "../../api/error.ts";
import { readLog } from "../../api/logs.ts";
import type { LogRow } from "../../api/types.ts";
import { formatExact, formatUtc } from "../../i18n/format.ts";
import { tl } from "../../i18n/t-logs.ts";
import { base } from "../../lib/base.ts";
import { curl } from "../../lib/curl.ts";
import { readInstant } from "../../lib/dates.ts";
import { printJson } from "../../lib/json.ts";
import { printPlace } from "../../lib/route.ts";
import { copyAndSay } from "../../state/copied.ts";
import { loaded } from "../../state/loaded.ts";
import { query } from "../../state/router.ts";
import { Button, LinkButton } from "../../ui/Button/Button.tsx";
import { useCommands } from "../../ui/commands.ts";
import { CodeBlock, CopyButton } from "../../ui/Copy/Copy.tsx";
import { Drawer } from "../../ui/Drawer/Drawer.tsx";
import { Empty } from "../../ui/Empty/Empty.tsx";
import { Menu } from "../../ui/Menu/Menu.tsx";
import { ErrorNotice, Notice } from "../../ui/Notice/Notice.tsx";
import { comparisonWith, isName } from "./asked.ts";
import { formatMs, LevelBadge, StatusBadge } from "./columns.tsx";
import { callOf, dataOf, msOf, statusOf, textOf } from "./entry.ts";

const KeyRow = ({ name, path, value, onFilter }: { name: string; path: string; value: unknown; onFilter: (comparison: string) => void }) => {
  const text = textOf(value);
  const comparison = isName(name) ? comparisonWith(path, value) : undefined;
  return (
    <div class="logs-key">
      <dt dir="ltr">{name}</dt>
      <dd dir="auto">{text || <span class="logs-none">{value === null ? "null" : "–"}</span>}</dd>
      <dd class="logs-key-acts">
        {comparison && <Button kind="quiet" icon="filter" label={tl.by(name)} onClick={() => onFilter(comparison)} />}
        <CopyButton text={text} label={tl.copyKey(name)} />
      </dd>
    </div>
  );
};

// What this went wrong with, as it came.
const Failure = ({ row }: { row: LogRow }) => {
  const { error, details } = dataOf(row);
  const texts = [textOf(error), typeof details === "object" && details !== null ? printJson(details, 2) : textOf(details)].filter(Boolean);
  return texts.length > 0 ? <section><h3>{tl.failed}</h3><CodeBlock text={texts.join("\n\n")} label={tl.failed} /></section> : null;
};

const relatedBy: readonly [label: string, key: string][] = [[tl.sameUser, "authId"], [tl.sameIp, "userIP"], [tl.sameUrl, "url"], [tl.sameRequest, "requestId"]];

const Related = ({ row }: { row: LogRow }) => {
  const data = dataOf(row);
  const { from, to, superusers } = query.value;
  const links = relatedBy.flatMap(([label, key]) => {
    const comparison = data[key] ? comparisonWith(`data.${key}`, data[key]) : undefined;
    return comparison ? [{ label, href: printPlace({ path: "/logs", query: { q: comparison, from, to, superusers: data["auth"] === "_superusers" ? "1" : superusers } }) }] : [];
  });
  const { auth, authId } = data;
  const user = typeof auth === "string" && typeof authId === "string" && auth && authId ? printPlace({ path: `/data/${encodeURIComponent(auth)}`, query: { record: authId } }) : "";
  if (links.length === 0 && !user) return null;
  return (
    <section>
      <h3>{tl.related}</h3>
      <div class="logs-related">
        {links.map(({ label, href }) => <LinkButton key={label} href={href} icon="filter">{label}</LinkButton>)}
        {user && <LinkButton href={user} icon="circle-user">{tl.openUser}</LinkButton>}
      </div>
    </section>
  );
};

const Whole = ({ row, onFilter }: { row: LogRow; onFilter: (comparison: string) => void }) => {
  const date = readInstant(row.created);
  const status = statusOf(row);
  const ms = msOf(row);
  const { __pb_truncated__: isCut, ...data } = dataOf(row);
  return (
    <>
      <p class="logs-facts">
        <LevelBadge value={row.level} />
        {status !== undefined && <StatusBadge status={status} />}
        {ms !== undefined && <span>{tl.ms(formatMs(ms))}</span>}
        {date && <time dateTime={date.toISOString()} title={formatUtc(date)}>{formatExact(date)}</time>}
      </p>
      {Boolean(isCut) && <Notice kind="warn" title={tl.cut} />}
      <Failure row={row} />
      <Related row={row} />
      <section>
        <h3>{tl.data}</h3>
        <dl class="logs-keys">
          {(["id", "created", "level", "message"] as const).map((key) => <KeyRow key={key} name={key} path={key} value={row[key]} onFilter={onFilter} />)}
          {Object.entries(data).map(([key, value]) => <KeyRow key={`data.${key}`} name={key} path={`data.${key}`} value={value} onFilter={onFilter} />)}
        </dl>
      </section>
    </>
  );
};

const CopyAs = ({ row }: { row: LogRow }) => {
  const found = callOf(row);
  const items: (readonly [label: string, text: () => string])[] = [
    [tl.json, () => printJson(row, 2)],
    ...(found ? [[tl.curl, () => curl({ ...found, url: base() + found.url })] as const] : []),
    [tl.link, () => location.href],
  ];
  return <Menu label={tl.copyAs} icon="copy" placement="bottom-end" groups={[{ title: tl.copyAs, items: items.map(([label, text]) => ({ label, act: () => void copyAndSay(text()) })) }]} />;
};

export interface DetailProps {
  id: string;
  known: LogRow | undefined; // one of the list
  onClose: () => void;
  onStep: ((by: number) => void) | undefined;
  onFilter: (comparison: string) => void;
}

export const Detail = ({ id, known, onClose, onStep, onFilter }: DetailProps) => {
  const asked = useMemo(() => loaded<LogRow>(), [id]);
  const ask = () => void asked.load((signal) => readLog(id, signal));
  // One that has left the list is still looked at.
  const last = useRef(known);
  if (known) last.current = known;
  const row = last.current?.id === id ? last.current : asked.data.value;
  useEffect(() => {
    if (!row) ask();
    return asked.stop;
  }, [asked]);
  const wrong = row ? undefined : asked.error.value;
  useCommands(onStep ? [{ label: tl.previous, keys: "alt+arrowup", act: () => onStep(-1) }, { label: tl.next, keys: "alt+arrowdown", act: () => onStep(1) }] : [], [onStep]);
  return (
    <Drawer
      title={row?.message || tl.entry}
      onClose={onClose}
      acts={
        <>
          {onStep && <Button kind="quiet" icon="chevron-up" label={tl.previous} onClick={() => onStep(-1)} />}
          {onStep && <Button kind="quiet" icon="chevron-down" label={tl.next} onClick={() => onStep(1)} />}
          {row && <CopyAs row={row} />}
        </>
      }
    >
      {row && <Whole row={row} onFilter={onFilter} />}
      {wrong instanceof ApiError && wrong.status === 404 ? (
        <Empty title={tl.missing} why={tl.missingWhy} />
      ) : (
        Boolean(wrong) && <ErrorNotice error={wrong} onRetry={ask} />
      )}
    </Drawer>
  );
};
