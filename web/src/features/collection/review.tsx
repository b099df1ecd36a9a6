// What a change of a definition does, before it is done.

import { useEffect, useMemo, useState } from "preact/hooks";
import type { Collection } from "../../api/types.ts";
import { ApiError } from "../../api/error.ts";
import { t } from "../../i18n/t.ts";
import { td } from "../../i18n/t-def.ts";
import { has } from "../../state/instance.ts";
import { loaded } from "../../state/loaded.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { CodeBlock } from "../../ui/Copy/Copy.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { ErrorNotice, Notice } from "../../ui/Notice/Notice.tsx";
import { ChangeList } from "./changed.tsx";
import { changesOf, isRevocable, type Change } from "./changes.ts";
import { bodyOf } from "./draft.ts";
import type { CollectionEdit } from "./edit.ts";
import { focusWrong } from "./focus.ts";
import { LinkedAccounts } from "./linked.tsx";
import { migrationOf } from "./migration.ts";
import { Lines, lossesOf, Planned } from "./planned.tsx";
import { readPlan, type Plan } from "./reach.ts";

const Guessed = ({ changes }: { changes: readonly Change[] }) => {
  const lost = changes.filter(({ isLoss }) => isLoss);
  return lost.length > 0 ? <Notice kind="danger" title={td.def.lossesTitle}><Lines lines={lost.map(({ name }) => td.def.lossUncounted(name))} /></Notice> : null;
};

const Migration = ({ edit }: { edit: CollectionEdit }) => (
  <details class="def-ddl">
    <summary>{td.def.migration}</summary>
    <CodeBlock text={migrationOf(edit.id === null ? null : bodyOf(edit.before, edit.before), edit.body)} label={td.def.migration} />
  </details>
);

const bodyFor = (edit: CollectionEdit) => ({ ...(edit.id === null ? {} : { id: edit.id }), ...edit.body });

const usePlan = (edit: CollectionEdit) => {
  const plan = useMemo(() => loaded<Plan>(), [edit]);
  const isAsked = has("schema.plan");
  const ask = () => void plan.load((signal) => readPlan(bodyFor(edit), signal));
  // Also when somebody else has changed the collection meanwhile.
  useEffect(() => {
    if (isAsked) ask();
  }, [plan, edit.original.value]);
  useEffect(() => plan.stop, [plan]);
  // Whether it still is what was shown: records come and go.
  const isSame = async (): Promise<boolean> => {
    if (!isAsked || !plan.data.peek()) return true;
    const shown = plan.data.peek() as Plan;
    await plan.load((signal) => readPlan(bodyFor(edit), signal));
    const now = plan.data.peek();
    return plan.error.peek() === undefined && now !== undefined && lossesOf(now).join() === lossesOf(shown).join();
  };
  return { plan: plan.data.value, error: plan.error.value, isWaiting: isAsked && plan.data.value === undefined && plan.error.value === undefined, ask, isSame };
};

export interface ReviewProps {
  edit: CollectionEdit;
  onClose: () => void;
  onSaved: (collection: Collection) => void;
}

export const Review = ({ edit, onClose, onSaved }: ReviewProps) => {
  const isNew = edit.id === null;
  const changes = changesOf(edit.draft.value, edit.before, isNew);
  const { plan, error, isWaiting, ask, isSame } = usePlan(edit);
  const [isOther, setOther] = useState(false);
  const isLossy = plan ? lossesOf(plan).length > 0 : changes.some(({ isLoss }) => isLoss);
  const isRefused = error instanceof ApiError && error.status === 400;
  const save = async () => {
    const isRead = await isSame();
    setOther(!isRead);
    if (!isRead) return;
    const collection = await edit.save(!isLossy && isRevocable(edit.draft.peek(), edit.before));
    if (collection) return onSaved(collection);
    onClose();
    focusWrong();
  };
  // As long as it is saved nothing is typed.
  const back = () => {
    if (edit.isBusy.peek()) return;
    if (isRefused) edit.refuse(error);
    onClose();
    if (isRefused) focusWrong();
  };
  return (
    <Dialog
      class="def-review"
      title={isNew ? td.def.reviewNewTitle(edit.draft.value.name) : td.def.reviewTitle(edit.original.value.name)}
      onClose={back}
      acts={
        <>
          <Button size="form" onClick={back}>{isRefused ? td.def.backToErrors : t.common.cancel}</Button>
          {!isRefused && <Button size="form" kind={isLossy ? "danger" : "primary"} class={isLossy ? "button-final" : ""} busy={edit.isBusy.value} disabled={isWaiting ? td.def.planning : false} onClick={() => void save()}>{isNew ? td.def.createAct : isLossy ? td.def.saveLossy : td.def.saveAct(changes.length)}</Button>}
        </>
      }
    >
      {isOther && <Notice kind="warn" title={td.def.again} />}
      <ChangeList changes={changes} />
      {isWaiting && <p class="field-hint" role="status">{td.def.planning}</p>}
      {plan ? <Planned plan={plan} own={edit.original.value.name} /> : !isWaiting && !error && <Guessed changes={changes} />}
      <LinkedAccounts edit={edit} />
      {!isRefused && <Migration edit={edit} />}
      {Boolean(error) && <ErrorNotice error={error} onRetry={isRefused ? undefined : ask} />}
    </Dialog>
  );
};
