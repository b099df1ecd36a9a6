// The console of SQL: queries in tabs, kept as they are typed; nothing writes until it is allowed to.

import { effect } from "@preact/signals";
import { useEffect, useMemo, useState } from "preact/hooks";
import { explain } from "../../api/error.ts";
import { Code } from "../../code/Code.tsx";
import { ts } from "../../i18n/t-sql.ts";
import { faultOf, splitSql, statementAt } from "../../lib/sql-split.ts";
import { features, reloadCollections } from "../../state/instance.ts";
import { query as place, setQuery } from "../../state/router.ts";
import { isSigned, owner } from "../../state/session.ts";
import { showKeys } from "../../state/commands.ts";
import { toast } from "../../state/toasts.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { useCommands } from "../../ui/commands.ts";
import { Empty } from "../../ui/Empty/Empty.tsx";
import { Menu } from "../../ui/Menu/Menu.tsx";
import { Notice } from "../../ui/Notice/Notice.tsx";
import { Tabs } from "../../ui/Tabs/Tabs.tsx";
import { cursorNow, insert } from "./cursor.ts";
import { Desk, type Query } from "./desk.ts";
import { RenameDialog, SureDialog } from "./dialogs.tsx";
import { History } from "./history.tsx";
import { listRuns } from "./past.ts";
import { factOf, ResultOf } from "./results.tsx";
import { forget, forgetAll, outcomeOf, run, settle, stepsOf, type Outcome, type Result, type Step } from "./run.ts";
import { tableNames, Tree } from "./tree.tsx";

let last: Desk | null = null; // of who is signed in
effect(() => {
  if (isSigned.value) return;
  last?.end();
  last = null;
  forgetAll();
});

const deskNow = (): Desk => {
  const prefix = `${owner()} sql:`;
  if (last?.prefix !== prefix) last = new Desk(prefix);
  return last;
};

// Kept at every pause, and when nobody may come back to it.
const useKept = (desk: Desk): void => {
  useEffect(() => {
    void desk.load().then(listRuns);
    const look = () => void (document.visibilityState === "visible" ? desk.load() : desk.keep());
    const leave = (event: BeforeUnloadEvent) => (desk.isUnkept.peek() ? event.preventDefault() : void desk.keep());
    document.addEventListener("visibilitychange", look);
    addEventListener("beforeunload", leave);
    return () => {
      document.removeEventListener("visibilitychange", look);
      removeEventListener("beforeunload", leave);
      void desk.keep();
    };
  }, [desk]);
};

// The one that is shown stays so, whatever comes before it.
const useNamed = (desk: Desk, id: string | undefined): void => {
  useEffect(() => {
    if (id === undefined) return;
    setQuery({ tab: id });
    desk.renamed.value = null;
  }, [desk, id]);
};

type What = "one" | "all" | "plan";

const stepsFor = (what: What, text: string): Step[] => {
  const { from, to } = cursorNow();
  const all = splitSql(text);
  const chosen = text.slice(from, to).trim() ? splitSql(text.slice(from, to)).map((one) => ({ ...one, from: one.from + from, to: one.to + from, tokens: one.tokens.map((token) => ({ ...token, from: token.from + from, to: token.to + from })) })) : [];
  const at = statementAt(all, from);
  const statements = what === "all" ? all : chosen.length > 0 ? chosen : at ? [at] : [];
  return stepsOf(text, what === "plan" ? statements.slice(0, 1) : statements);
};

const Lock = ({ desk, id }: { desk: Desk; id: string }) => {
  const may = desk.writable.value.has(id);
  return <Button kind="quiet" icon={may ? "lock-open" : "lock"} class={may ? "sql-open" : ""} aria-pressed={!may} title={may ? ts.openWhy : ts.lockedWhy} onClick={() => desk.allow(id, !may)}>{may ? ts.open : ts.locked}</Button>;
};

const Results = ({ outcome }: { outcome: Outcome }) => {
  const { results } = outcome;
  const [chosen, choose] = useState<Result | null>(null);
  const shown = chosen && results.includes(chosen) ? chosen : results.at(-1);
  if (!shown) return outcome.running ? null : <Empty title={ts.before} why={ts.beforeWhy} />;
  return (
    <>
      {results.length > 1 && (
        <div class="sql-chosen">
          <p class="field-hint">{ts.several(results.length)}</p>
          {results.map((result, n) => <Button key={n} kind="quiet" aria-pressed={result === shown} title={factOf(result)} onClick={() => choose(result)}>{ts.result(n + 1, result.doing.verb)}</Button>)}
        </div>
      )}
      <ResultOf key={results.indexOf(shown)} result={shown} />
    </>
  );
};

// Where the last one that failed says it did, as long as the text is the one that was run.
const faultsOf = (text: string, { results }: Outcome) => {
  const failed = results.at(-1);
  if (!failed?.error || text.slice(failed.statement.from, failed.statement.to) !== failed.statement.text) return [];
  const fault = faultOf(failed.statement, explain(failed.error).why);
  return fault ? [fault] : [];
};

const Bench = ({ desk, query }: { desk: Desk; query: Query }) => {
  const { id, text } = query;
  const outcome = outcomeOf(id);
  const [sure, ask] = useState<readonly Step[] | null>(null);
  const [said, say] = useState<{ title: string; isLock: boolean } | null>(null);
  const faults = useMemo(() => faultsOf(text, outcome), [text, outcome]);
  const isRunning = outcome.running !== null;
  const start = (what: What): void => {
    if (outcomeOf(id).running) return;
    const steps = stepsFor(what, desk.find(id)?.text ?? "");
    const writing = steps.find(({ doing }) => doing.writes && (what !== "plan" || doing.verb === "PRAGMA"));
    void desk.keep();
    say(null);
    if (steps.length === 0) return say({ title: ts.nothing, isLock: false });
    if (!writing) return void run(id, steps, what === "plan");
    if (!desk.writable.peek().has(id)) return say({ title: ts.wouldWrite(writing.doing.verb), isLock: true });
    ask(steps);
  };
  const keys = { one: "mod+enter", all: "mod+shift+enter" };
  useCommands([{ label: ts.run, keys: keys.one, act: () => start("one") }, { label: ts.runAll, keys: keys.all, act: () => start("all") }, { label: ts.explain, act: () => start("plan") }], [id]);
  const shown = outcome.results.at(-1);
  return (
    <>
      <div class="sql-editor"><Code key={id} name="sql" label={ts.editor} language="sql" names={tableNames.value} value={text} faults={faults} placeholder={ts.placeholder} hasLines onInput={(next) => desk.set(id, { text: next })} /></div>
      <div class="sql-acts">
        <Button kind="primary" icon="play" busy={isRunning} title={ts.runWhy(showKeys(keys.one).join("+"))} onClick={() => start("one")}>{ts.run}</Button>
        <Button title={ts.runAllWhy(showKeys(keys.all).join("+"))} disabled={isRunning && ts.running} onClick={() => start("all")}>{ts.runAll}</Button>
        <Button icon="workflow" title={ts.explainWhy} disabled={isRunning && ts.running} onClick={() => start("plan")}>{ts.explain}</Button>
        {isRunning && <Button icon="x" onClick={() => outcome.running?.abort()}>{ts.cancel}</Button>}
        <Lock desk={desk} id={id} />
        <span class="sql-fact" role="status">{isRunning ? ts.running : shown ? factOf(shown) : ""}</span>
      </div>
      <div class="sql-results">
        {said && <Notice kind="warn" title={said.title}>{said.isLock && <><p>{ts.wouldWriteWhy}</p><div><Button icon="lock-open" onClick={() => { desk.allow(id, true); say(null); }}>{ts.allow}</Button></div></>}</Notice>}
        {outcome.isStale && <Notice kind="info" title={ts.stale}><p>{ts.staleWhy}</p><div><Button icon="refresh-cw" onClick={() => { settle(id); void reloadCollections(); }}>{ts.reload}</Button></div></Notice>}
        <Results outcome={outcome} />
      </div>
      {sure && <SureDialog steps={sure} onClose={() => ask(null)} onRun={() => void run(id, sure, false)} />}
    </>
  );
};

const close = (desk: Desk, { id, name }: Query): void => {
  const undo = desk.close(id);
  forget(id);
  setQuery({ tab: undefined });
  if (undo) toast("ok", ts.closed(name), { label: ts.undo, act: () => { undo(); setQuery({ tab: id }); } });
};

const isWide = (): boolean => matchMedia("(min-width: 1024px)").matches;

const Shown = ({ desk }: { desk: Desk }) => {
  useKept(desk);
  const [asking, ask] = useState<"rename" | "history" | null>(null);
  const all = desk.queries.value;
  const one = desk.find(place.value["tab"]);
  useNamed(desk, one?.id);
  const show = (id: string) => setQuery({ tab: id });
  const add = (text?: string) => show(desk.add(text));
  useCommands([{ label: ts.newTab, keys: "n", act: () => add() }, { label: ts.history, keys: "h", act: () => ask("history") }], []);
  return (
    <div class="data-page sql">
      <header class="data-head">
        <h1>{ts.title}</h1>
        <div class="data-acts">
          <Button kind="quiet" icon="history" label={ts.history} onClick={() => ask("history")} />
          <Button icon="plus" onClick={() => add()}>{ts.newTab}</Button>
          {one && <Menu label={ts.tabActs} icon="ellipsis" placement="bottom-end" groups={[{ items: [{ label: ts.rename, icon: "pencil", act: () => ask("rename") }, { label: ts.closeTab, icon: "x", act: () => close(desk, one) }] }]} />}
        </div>
      </header>
      {desk.isUnkept.value && <Notice kind="warn" title={ts.unkept}><p>{ts.unkeptWhy}</p></Notice>}
      <div class="sql-body">
        <details class="sql-schema" open={isWide()}><summary>{ts.schema}</summary><Tree onInsert={insert} /></details>
        <div class="sql-main">{one && <Tabs label={ts.tabs} tabs={all.map(({ id, name }) => ({ id, label: name }))} current={one.id} onSelect={show}><Bench key={one.id} desk={desk} query={one} /></Tabs>}</div>
      </div>
      {asking === "rename" && one && <RenameDialog name={one.name} onName={(name) => desk.set(one.id, { name })} onClose={() => ask(null)} />}
      {asking === "history" && <History onClose={() => ask(null)} onOpen={(text) => { ask(null); add(text); }} />}
    </div>
  );
};

// Whether the server itself keeps a read from writing decides what is sent.
export default function SQL() {
  const desk = useMemo(deskNow, [isSigned.value]);
  const isKnown = features.data.value !== undefined || features.error.value !== undefined;
  return isKnown ? <Shown desk={desk} /> : null;
}
