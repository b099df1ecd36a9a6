// What stands above a record: a draft, a change by somebody else, what went wrong.

import { useEffect, useState } from "preact/hooks";
import { ApiError, explain } from "../../api/error.ts";
import { formatBytes, formatRelative } from "../../i18n/format.ts";
import { lineOf } from "../../fields/kinds.ts";
import { t } from "../../i18n/t.ts";
import { tr } from "../../i18n/t-record.ts";
import { around } from "../../lib/diff.ts";
import { cut, whole } from "../../lib/values.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { CopyButton } from "../../ui/Copy/Copy.tsx";
import { Empty } from "../../ui/Empty/Empty.tsx";
import { ErrorNotice, Notice } from "../../ui/Notice/Notice.tsx";
import { formFields, type RecordEdit, type Values } from "./edit.ts";
import { KeepFocus } from "./keep-focus.tsx";
import { isBusyServer } from "./reach.ts";

const shownOfValue = 80;
const shownOfGone = 300;

// What is there, and what was typed instead of it.
const Typed = ({ edit, values }: { edit: RecordEdit; values: Values }) => (
  <details class="record-typed" open={edit.failed.value !== undefined}>
    <summary>{tr.record.draftShow}</summary>
    <dl>
      {formFields(edit.collection).filter(({ name }) => name in values).map((field) => {
        const [was, is] = around(lineOf(edit.original(field.name), field), lineOf(values[field.name], field), shownOfValue);
        return <div key={field.id}><dt>{field.name}</dt><dd dir="auto">{was && <><del>{was}</del> </>}<ins>{is || tr.record.theirsEmpty}</ins></dd></div>;
      })}
    </dl>
  </details>
);

// Typed in fields that are no longer there: to be copied.
const Gone = ({ edit }: { edit: RecordEdit }) => {
  const gone = edit.gone.value;
  if (gone.length === 0) return null;
  return (
    <Notice kind="warn" title={tr.record.goneTyped(gone.map(({ name }) => name).join(", "))}>
      <p>{tr.record.goneTypedWhy}</p>
      <div class="record-typed">
        <dl>
          {gone.map(({ id, name, value }) => {
            const text = whole(value);
            return <div key={id ?? name}><dt>{name}</dt><dd dir="auto">{cut(text, shownOfGone) || tr.record.theirsEmpty} <CopyButton text={text} label={tr.record.copyOf(name)} /></dd></div>;
          })}
        </dl>
      </div>
      <div class="record-acts"><KeepFocus /><Button kind="quiet" onClick={() => void edit.forget("gone")}>{tr.record.goneTypedDrop}</Button></div>
    </Notice>
  );
};

const Kept = ({ edit }: { edit: RecordEdit }) => {
  const draft = edit.draft.value;
  return (
    <>
      {draft && (
        <Notice kind="info" title={tr.record.draftTitle}>
          <p>{tr.record.draftWhy(Object.keys(draft.values).join(", "), formatRelative(new Date(draft.at), Date.now()))}</p>
          <Typed edit={edit} values={draft.values} />
          <div class="record-acts">
            <KeepFocus />
            {edit.failed.value === undefined && <Button onClick={() => edit.restore()}>{tr.record.draftRestore}</Button>}
            <Button kind="quiet" onClick={() => void edit.forget("draft")}>{tr.record.draftDiscard}</Button>
          </div>
        </Notice>
      )}
      <Gone edit={edit} />
    </>
  );
};

// Somebody else has changed the record: what clashes with what is typed here has to be decided.
const Others = ({ edit, onOver, onAgain }: { edit: RecordEdit; onOver: () => void; onAgain: () => void }) => {
  const clashes = [...edit.clashes.value];
  const news = edit.news.value;
  if (edit.isGone.value)
    return (
      <Notice kind="danger" title={tr.record.goneTitle}>
        <p>{tr.record.goneWhy}</p>
        <div class="record-acts"><KeepFocus /><Button onClick={onAgain}>{tr.record.goneFix}</Button></div>
      </Notice>
    );
  if (news.length === 0 && clashes.length === 0) return null;
  return (
    <div class="record-others" tabIndex={-1}>
      <Notice kind="warn" title={tr.record.conflictTitle}>
        {news.length > 0 && <p>{tr.record.changedBy(news.join(", "))}</p>}
        {clashes.length > 0 && <p>{tr.record.clashWhy(clashes.join(", "))}</p>}
        <div class="record-acts">
          {clashes.length > 0 ? (
            <>
              <KeepFocus />
              <Button onClick={() => edit.takeTheirs()}>{tr.record.takeTheirs}</Button>
              <Button kind="danger" onClick={onOver}>{tr.record.keepMine}</Button>
            </>
          ) : (
            <>
              <KeepFocus key="seen" />
              <Button key="seen-act" kind="quiet" onClick={() => { edit.news.value = []; }}>{tr.record.seen}</Button>
            </>
          )}
        </div>
      </Notice>
    </div>
  );
};

// Seconds until the server takes another call.
const useCountdown = (error: unknown): number => {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    const seconds = error instanceof ApiError && error.status === 429 ? error.retryAfter : 0;
    const until = Date.now() + seconds * 1000;
    setLeft(seconds);
    if (seconds === 0) return;
    const timer = setInterval(() => {
      const now = Math.max(0, Math.ceil((until - Date.now()) / 1000));
      setLeft(now);
      if (now === 0) clearInterval(timer);
    }, 1000);
    return () => clearInterval(timer);
  }, [error]);
  return left;
};

const again: ReadonlySet<number> = new Set([0, 429, 502, 503, 504]);

const Wrong = ({ edit, onRetry }: { edit: RecordEdit; onRetry: () => void }) => {
  const error = edit.wrong.value;
  const left = useCountdown(error);
  const others = [...edit.others.value];
  const canRetry = error instanceof ApiError && again.has(error.status);
  if (others.length > 0)
    return (
      <Notice kind="danger" title={t.errors.invalid}>
        <p>{tr.record.unknownKeys}</p>
        <ul class="record-keys">{others.map(([name, message]) => <li key={name}><b>{name}</b>: {message}</li>)}</ul>
      </Notice>
    );
  return (
    <ErrorNotice error={error}>
      {edit.sentBytes.value > 0 && <p>{tr.record.tooLarge(formatBytes(edit.sentBytes.value))}</p>}
      {(canRetry || edit.sentBytes.value > 0) && <p>{tr.record.kept}</p>}
      {canRetry && <div class="record-acts"><KeepFocus /><Button disabled={left > 0} onClick={onRetry}>{left > 0 ? tr.record.waitRetry(left) : t.common.retry}</Button></div>}
    </ErrorNotice>
  );
};

const Unread = ({ edit }: { edit: RecordEdit }) => {
  const error = edit.failed.value;
  if (error === undefined) return null;
  if (explain(error).what === t.errors.missing) return <Empty title={tr.record.missing} why={tr.record.missingWhy} />;
  return <ErrorNotice error={error}>{isBusyServer(error) && <p>{tr.record.loadingAgain}</p>}</ErrorNotice>;
};

export const Notices = ({ edit, onSave, onAgain }: { edit: RecordEdit; onSave: (over: boolean) => void; onAgain: () => void }) => (
  <>
    <Unread edit={edit} />
    <Kept edit={edit} />
    <Others edit={edit} onOver={() => onSave(true)} onAgain={onAgain} />
    <Wrong edit={edit} onRetry={() => onSave(false)} />
  </>
);
