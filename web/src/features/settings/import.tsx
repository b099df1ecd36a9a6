// Definitions that come as a text: what they would change, and then that they do.

import { useEffect, useMemo, useState } from "preact/hooks";
import { importCollections, listCollections } from "../../api/collections.ts";
import { CodeField } from "../../code/CodeField.tsx";
import { formatBytes } from "../../i18n/format.ts";
import { t } from "../../i18n/t.ts";
import { transferTexts as tx } from "../../i18n/t-transfer.ts";
import { asSent, changesOfImport, readImport, strangers, withIds, type Definition, type ImportChanges, type ImportFault } from "../../lib/import.ts";
import { printJson } from "../../lib/json.ts";
import { collections, has, reloadCollections } from "../../state/instance.ts";
import { loaded } from "../../state/loaded.ts";
import { isLocked } from "../../state/protect.ts";
import { toast } from "../../state/toasts.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { Checkbox, RadioGroup } from "../../ui/Field/Field.tsx";
import { ErrorNotice, Notice } from "../../ui/Notice/Notice.tsx";
import { lossesOf, Planned } from "../collection/planned.tsx";
import { readImportPlan, type Plan } from "../collection/reach.ts";
import { typed } from "./import-text.ts";
import { Changed } from "./import-diff.tsx";

const mostBytes = 20_000_000;
const pauseMs = 400;

const words = (wrong: ImportFault): string =>
  ({
    json: () => (wrong.kind === "json" ? tx.notJson(wrong.fault.line, wrong.fault.column) : ""),
    shape: () => tx.shape,
    item: () => (wrong.kind === "item" ? tx.item(wrong.n) : ""),
    twice: () => (wrong.kind === "twice" ? tx.twice(wrong.name) : ""),
  })[wrong.kind]();

const Text = ({ wrong }: { wrong: ImportFault | null }) => {
  const [refused, refuse] = useState("");
  const take = async (file: File | undefined) => {
    if (!file) return;
    if (file.size > mostBytes) return refuse(tx.fileTooLarge(formatBytes(mostBytes)));
    try {
      typed.value = await file.text();
      refuse("");
    } catch {
      refuse(tx.fileUnreadable);
    }
  };
  const choose = () => {
    const input = document.createElement("input");
    input.type = "file";
    input.accept = ".json,application/json";
    input.onchange = () => void take(input.files?.[0]);
    input.click();
  };
  const drop = (event: DragEvent) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    void take(event.dataTransfer.files[0]);
  };
  const error = refused || (wrong ? words(wrong) : "");
  const faults = wrong?.kind === "json" ? [{ at: wrong.fault.at, length: 1, message: words(wrong) }] : [];
  return (
    <div onDragOver={(event) => event.preventDefault()} onDrop={drop}>
      <CodeField name="definitions" label={tx.text} language="json" value={typed.value} onInput={(text) => { typed.value = text; refuse(""); }} hint={tx.textHint} faults={faults} hasLines {...(error ? { error } : {})} />
      <div class="transfer-acts">
        <Button icon="file-up" onClick={choose}>{tx.file}</Button>
        {typed.value && <Button kind="quiet" icon="x" onClick={() => { typed.value = ""; }}>{tx.clear}</Button>}
      </div>
    </div>
  );
};

const usePlan = (sent: readonly object[] | null, isReplacing: boolean) => {
  const plan = useMemo(() => loaded<Plan>(), []);
  const isAsked = has("schema.plan") && sent !== null;
  const [asked, setAsked] = useState<readonly object[] | null>(null);
  useEffect(() => {
    if (!isAsked) return;
    const timer = setTimeout(() => void plan.load((signal) => readImportPlan(sent, isReplacing, signal)).then(() => setAsked(sent)), pauseMs);
    return () => clearTimeout(timer);
  }, [sent, isReplacing, isAsked]);
  useEffect(() => plan.stop, [plan]);
  const isWaiting = isAsked && asked !== sent;
  const error = isWaiting ? undefined : plan.error.value;
  return { plan: isAsked && !error ? plan.data.value : undefined, error, isWaiting }; // an older one says nothing of this
};

const Group = ({ title, some }: { title: string; some: readonly Definition[] }) => (
  <section>
    <h3>{title}</h3>
    <ul class="def-lines">{some.map(({ id, name, fields }) => <li key={id || name}><span dir="auto">{name}</span> · {tx.fields(fields?.length ?? 0)}</li>)}</ul>
  </section>
);

const Deleted = ({ missing, doomed, onDoom }: { missing: readonly Definition[]; doomed: ReadonlySet<string>; onDoom: (ids: ReadonlySet<string>) => void }) => (
  <fieldset class="transfer-which">
    <legend>{tx.deleted(missing.filter(({ id }) => doomed.has(id)).length)}</legend>
    <p class="field-hint">{tx.deletedHint}</p>
    <div class="transfer-names">
      {missing.map(({ id, name }) => <Checkbox key={id} name={`delete-${id}`} label={name} checked={doomed.has(id)} onChange={(isGone) => onDoom(new Set(isGone ? [...doomed, id] : [...doomed].filter((one) => one !== id)))} />)}
    </div>
  </fieldset>
);

const Shown = ({ changes }: { changes: ImportChanges }) => (
  <>
    {changes.added.length > 0 && <Group title={tx.added(changes.added.length)} some={changes.added} />}
    {changes.changed.length > 0 && (
      <section>
        <h3>{tx.changed(changes.changed.length)}</h3>
        {changes.changed.map((one) => <Changed key={one.before.id} {...one} />)}
      </section>
    )}
    {changes.unchanged > 0 && <p class="field-hint">{tx.unchanged(changes.unchanged)}</p>}
  </>
);

const Ask = ({ names, hasLosses, isBusy, onClose, onGo }: { names: string; hasLosses: boolean; isBusy: boolean; onClose: () => void; onGo: () => void }) => (
  <Dialog
    title={tx.reviewTitle}
    onClose={onClose}
    acts={<><Button size="form" onClick={onClose}>{t.common.cancel}</Button><Button size="form" kind="danger" class="button-final" busy={isBusy} onClick={onGo}>{tx.reviewAct}</Button></>}
  >
    {names && <p dir="auto">{tx.reviewLead(names)}</p>}
    {hasLosses && <p>{tx.reviewLoss}</p>}
  </Dialog>
);

const useImport = (current: readonly Definition[]) => {
  const [isBusy, setBusy] = useState(false);
  const [isOther, setOther] = useState(false); // what is there has changed meanwhile
  const [wrong, setWrong] = useState<unknown>(undefined);
  const go = async (sent: readonly object[], isReplacing: boolean, n: number) => {
    if (isBusy) return;
    setBusy(true);
    setWrong(undefined);
    try {
      // What nobody has seen here would go, too.
      const isSame = printJson(await listCollections()) === printJson(current);
      setOther(!isSame);
      if (isSame) {
        await importCollections([...sent], isReplacing);
        toast("ok", tx.done(n));
      }
      await reloadCollections();
    } catch (failed) {
      setWrong(failed);
    }
    setBusy(false);
  };
  return { isBusy, isOther, wrong, go };
};

const losesFields = ({ changed }: ImportChanges): boolean => changed.some(({ before, after }) => (before.fields ?? []).some(({ id }) => !after.fields?.some((field) => field.id === id)));

const namesOf = (some: readonly Definition[]): string => some.map(({ name }) => name).join(", ");

const Changes = ({ items }: { items: readonly Definition[] }) => {
  const current = collections.data.value as unknown as readonly Definition[];
  const [mode, setMode] = useState<"merge" | "replace">("merge");
  const [hasOwnIds, setOwnIds] = useState(true);
  const [doomed, doom] = useState<ReadonlySet<string>>(new Set());
  const [isAsking, ask] = useState(false);
  const importing = useImport(current);
  const isReplacing = mode === "replace";
  const others = useMemo(() => strangers(items, current), [items, current]);
  const wanted = useMemo(() => withIds(items, current, hasOwnIds), [items, current, hasOwnIds]);
  const changes = useMemo(() => changesOfImport(wanted, current, isReplacing), [wanted, current, isReplacing]);
  const gone = isReplacing ? changes.missing.filter(({ id }) => doomed.has(id)) : [];
  const n = changes.added.length + changes.changed.length + gone.length;
  const sent = useMemo(() => (n > 0 ? asSent(isReplacing ? [...wanted, ...changes.missing.filter(({ id }) => !doomed.has(id))] : wanted) : null), [wanted, changes, doomed, isReplacing, n > 0]);
  const { plan, error, isWaiting } = usePlan(sent, isReplacing);
  const hasLosses = plan ? lossesOf(plan).length > 0 : losesFields(changes);
  const isDangerous = gone.length > 0 || hasLosses;
  const go = () => sent && void importing.go(sent, isReplacing, n).then(() => ask(false));
  return (
    <>
      <RadioGroup legend={tx.mode} name="mode" value={mode} choices={[{ value: "merge", label: tx.merge }, { value: "replace", label: tx.replace }]} onChange={setMode} />
      {others.length > 0 && (
        <Notice kind="warn" title={tx.strangers(others.length, namesOf(others))}>
          <Checkbox name="own-ids" label={tx.ownIds} hint={tx.ownIdsHint} checked={hasOwnIds} onChange={setOwnIds} />
        </Notice>
      )}
      <Shown changes={changes} />
      {isReplacing && changes.missing.length > 0 && <Deleted missing={changes.missing} doomed={doomed} onDoom={doom} />}
      {isWaiting && <p class="field-hint" role="status">{tx.planning}</p>}
      {n > 0 && !isWaiting && plan && <Planned plan={plan} own="" />}
      {importing.isOther && <Notice kind="warn" title={tx.other} />}
      <ErrorNotice error={importing.wrong ?? error} />
      {n === 0 && <Notice kind="ok" title={tx.nothing} />}
      {n > 0 && (
        <div class="transfer-acts">
          <Button kind={isDangerous ? "danger" : "primary"} size="form" busy={importing.isBusy} disabled={isLocked.value ? t.protect.locked : isWaiting && tx.wait} onClick={() => (isDangerous ? ask(true) : go())}>{tx.act(n)}</Button>
        </div>
      )}
      {isAsking && <Ask names={namesOf(gone)} hasLosses={hasLosses} isBusy={importing.isBusy} onClose={() => ask(false)} onGo={go} />}
    </>
  );
};

export const Import = () => {
  const read = useMemo(() => (typed.value.trim() === "" ? null : readImport(typed.value)), [typed.value]);
  return (
    <div class="def-page transfer">
      <p>{tx.importLead}</p>
      <Text wrong={read && "wrong" in read ? read.wrong : null} />
      {read && "items" in read && collections.data.value && <Changes items={read.items} />}
    </div>
  );
};
