// The question before many records are changed, how far it is, and what was refused.

import type { ComponentChildren } from "preact";
import { formatNumber } from "../../i18n/format.ts";
import { t } from "../../i18n/t.ts";
import { perBatch } from "../../state/instance.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { ErrorNotice, Notice } from "../../ui/Notice/Notice.tsx";
import type { Question } from "./bulk-asked.ts";
import { isRefusedOften, type Job, type Outcome } from "./bulk-job.ts";

export interface BulkDialogProps {
  title: string;
  act: string;
  isDanger?: boolean;
  disabled?: string | boolean; // why it cannot begin
  question: Question;
  total: number | undefined;
  job: Job;
  onStart: () => void;
  onClose: () => void;
  children: ComponentChildren; // the question
}

const Progress = ({ n, total }: { n: number; total: number | undefined }) => (
  <div class="bulk-progress">
    <progress max={total ?? 1} {...(total === undefined ? {} : { value: Math.min(n, total) })} aria-label={t.bulk.progressOnly("")} />
    <p role="status">{total === undefined ? t.bulk.progressOnly(formatNumber(n)) : t.bulk.progress(formatNumber(n), formatNumber(total))}</p>
  </div>
);

const Refused = ({ outcome, total }: { outcome: Outcome; total: number | undefined }) => {
  const { n, faults, unknown, error, isStopped } = outcome;
  return (
    <>
      <p role="status">{isStopped && total !== undefined ? t.bulk.stopped(formatNumber(n), formatNumber(total)) : t.bulk.done(formatNumber(n))}</p>
      {unknown.length > 0 && <p>{t.bulk.unknown(formatNumber(unknown.length))}</p>}
      {faults.length > 0 && (
        <Notice kind="danger" title={t.bulk.faults(formatNumber(faults.length))}>
          <ul class="bulk-faults">{faults.map(({ id, why }) => <li key={id}><code dir="ltr">{id}</code> <span dir="auto">{why}</span></li>)}</ul>
          {isRefusedOften(outcome) && <p>{t.bulk.faultsEnded}</p>}
        </Notice>
      )}
      <ErrorNotice error={error} />
    </>
  );
};

const Acts = ({ act, isDanger = false, disabled = false, question, job, onStart, onClose }: BulkDialogProps) => {
  if (job.phase === "running") return <Button size="form" busy={job.isStopping} onClick={job.stop}>{t.bulk.stop}</Button>;
  if (job.phase === "ended") return <Button size="form" onClick={onClose}>{t.common.close}</Button>;
  const { settled, isBusy } = question;
  const why = settled?.chosen.n === 0 ? t.bulk.noneLeft : settled || isBusy ? disabled : t.bulk.unread;
  return (
    <>
      <Button size="form" onClick={onClose}>{t.common.cancel}</Button>
      <Button size="form" kind={isDanger ? "danger" : "primary"} class={isDanger ? "button-final" : ""} busy={isBusy} disabled={why} onClick={onStart}>{act}</Button>
    </>
  );
};

export const BulkDialog = (props: BulkDialogProps) => {
  const { title, question, total, job, onClose, children } = props;
  return (
    <Dialog title={title} {...(job.phase === "running" ? { onClose: job.stop } : { onClose })} acts={<Acts {...props} />}>
      {job.phase === "asking" && question.isOther && total !== undefined && <Notice kind="warn" title={t.bulk.otherNumber(formatNumber(total))} />}
      {job.phase === "asking" && children}
      {job.phase === "asking" && <ErrorNotice error={question.error} />}
      {job.phase === "asking" && perBatch() <= 0 && <p class="bulk-note">{t.bulk.oneByOne}</p>}
      {job.phase === "running" && <Progress n={job.n} total={total} />}
      {job.phase === "ended" && job.outcome && <Refused outcome={job.outcome} total={total} />}
    </Dialog>
  );
};
