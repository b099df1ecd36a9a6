// Backups: what there is, and when one is made by itself.

import { useEffect, useMemo } from "preact/hooks";
import { formatRelative, parseDate } from "../../i18n/format.ts";
import { ts } from "../../i18n/t-settings.ts";
import { isCron, nextRuns, parseCron } from "../../lib/cron.ts";
import { whole } from "../../lib/values.ts";
import { CronInput, utcOf } from "../../ui/Cron/Cron.tsx";
import { Field } from "../../ui/Field/Field.tsx";
import { ErrorNotice, Notice } from "../../ui/Notice/Notice.tsx";
import { Card } from "../../ui/Card/Card.tsx";
import { labelOf, NumberSetting } from "./controls.tsx";
import type { SettingsEdit } from "./edit.ts";
import { editOf, knowsFeatures, useEdit } from "./engine.ts";
import { SettingsForm } from "./form.tsx";
import { BackupList } from "./backup-list.tsx";
import { BackupsState } from "./backups-state.ts";
import { S3Card, S3Test } from "./s3.tsx";

const When = () => {
  const edit = useEdit();
  const path = "backups.cron";
  return (
    <Field label={labelOf(path)} hint={ts.hints[path]} error={edit.faultAt(path)}>
      {(attributes) => <CronInput attributes={attributes} label={labelOf(path)} value={whole(edit.at(path) ?? "")} onChange={(text) => edit.set(path, text)} />}
    </Field>
  );
};

// The one line that somebody looks for: whether there is a backup, and when there will be.
const Sum = ({ edit, of }: { edit: SettingsEdit; of: BackupsState }) => {
  const newest = of.items.value?.map(({ modified }) => parseDate(modified)).reduce((last, date) => (date && (!last || date > last) ? date : last), null);
  const cron = parseCron(whole(edit.saved("backups.cron") ?? ""));
  const [next] = isCron(cron) ? nextRuns(cron, Date.now(), 1) : [];
  const failed = of.failed.value[0];
  if (!of.items.value) return null;
  return (
    <>
      <p class="set-big">
        <strong>{newest ? ts.backups.last(formatRelative(newest, Date.now())) : ts.backups.lastNone}</strong>
        {" · "}
        {next === undefined ? ts.backups.nextNone : ts.backups.next(formatRelative(new Date(next), Date.now()), utcOf(next))}
      </p>
      {failed && <Notice kind="danger" title={ts.backups.failed(failed.key)}><p>{failed.error}</p></Notice>}
    </>
  );
};

export const Backups = () => {
  const edit = editOf("backups");
  const of = useMemo(() => new BackupsState(), []);
  const isKnown = knowsFeatures();
  useEffect(() => {
    if (isKnown) void of.load();
  }, [of, isKnown]);
  useEffect(() => () => of.stop(), [of]);
  const list = (
    <Card title={ts.backups.title} why={ts.backups.why}>
      <Sum edit={edit} of={of} />
      <ErrorNotice error={of.error.value} />
      <BackupList of={of} />
    </Card>
  );
  return (
    <SettingsForm edit={edit} before={list} more={<S3Test edit={edit} place="backups" />}>
      <Card title={ts.backups.auto}>
        <When />
        <div class="def-pair"><NumberSetting path="backups.cronMaxKeep" /></div>
      </Card>
      <S3Card place="backups" title={ts.backups.s3} why={ts.backups.s3Why} />
    </SettingsForm>
  );
};
