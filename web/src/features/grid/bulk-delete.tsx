// Deleting many records: what cannot be undone is said before.

import { formatNumber } from "../../i18n/format.ts";
import { t } from "../../i18n/t.ts";
import { changesOf, type ActProps } from "./acts.tsx";
import { useQuestion } from "./bulk-asked.ts";
import { BulkDialog } from "./bulk-dialog.tsx";
import { useJob } from "./bulk-job.ts";
import { planDelete, resultOf } from "./bulk-plan.ts";

export const DeleteDialog = ({ chosen: first, onClose, onDone }: ActProps) => {
  const job = useJob();
  const question = useQuestion(first, planDelete);
  const { settled } = question;
  // Rows are read again, as they are now; what was said of them has to be true still.
  const remove = async () => {
    const now = await question.confirm();
    if (!now || (settled?.made.changes && !now.made.changes)) return;
    const { chosen, made: plan } = now;
    const outcome = await job.run(chosen.collection.name, changesOf(chosen, (id) => ({ id, method: "DELETE" })));
    const n = formatNumber(outcome.n);
    onDone(resultOf(outcome.isWhole || chosen.n === undefined ? t.records.deleted(n) : t.bulk.deletedOf(n, formatNumber(chosen.n)), plan, outcome), outcome);
    if (outcome.isWhole) onClose();
  };
  const { n } = settled?.chosen ?? first;
  return (
    <BulkDialog
      title={n === undefined ? t.bulk.deleteAll : t.records.deleteTitle(formatNumber(n))}
      act={t.records.deleteAct}
      isDanger
      question={question}
      total={n}
      job={job}
      onStart={() => void remove()}
      onClose={onClose}
    >
      <p>{t.bulk.deleteWhy}</p>
      {question.error === undefined && <p class="bulk-note" role="status">{settled && !question.isBusy ? settled.made.said : t.bulk.checking}</p>}
    </BulkDialog>
  );
};
