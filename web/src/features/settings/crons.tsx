// Work that the server does by itself at its times.

import { useEffect, useMemo, useState } from "preact/hooks";
import { listCrons, reportCrons, runCron, type CronJob, type CronReport } from "../../api/crons.ts";
import { formatRelative, parseDate } from "../../i18n/format.ts";
import { ts } from "../../i18n/t-settings.ts";
import { t } from "../../i18n/t.ts";
import { isCron, parseCron } from "../../lib/cron.ts";
import { has } from "../../state/instance.ts";
import { loaded } from "../../state/loaded.ts";
import { isLocked } from "../../state/protect.ts";
import { Badge } from "../../ui/Badge/Badge.tsx";
import { Button } from "../../ui/Button/Button.tsx";
import { NextRuns, sayCron } from "../../ui/Cron/Cron.tsx";
import { useForm } from "../../ui/form.ts";
import { ErrorNotice } from "../../ui/Notice/Notice.tsx";
import { ProtectedNotice } from "../../ui/Protected/Protected.tsx";
import { Card } from "../../ui/Card/Card.tsx";
import { knowsFeatures } from "./engine.ts";

const lookMs = 2000;

type Job = CronJob & Partial<CronReport>;

const Last = ({ job }: { job: Job }) => {
  if (job.running) return <Badge kind="info">{ts.crons.running}</Badge>;
  if (!job.last) return job.last === null ? <span class="field-hint">{ts.crons.never}</span> : null;
  const { error, tookMs, started } = job.last;
  const date = parseDate(started);
  return (
    <span class="set-acts">
      <Badge kind={error ? "danger" : "ok"}>{error ? ts.crons.failed : ts.crons.done}</Badge>
      <span class="field-hint">{ts.crons.took(date ? formatRelative(date, Date.now()) : started, String(tookMs))}</span>
    </span>
  );
};

const Item = ({ job, reload }: { job: Job; reload: () => Promise<void> }) => {
  const form = useForm({});
  const [said, say] = useState("");
  const cron = parseCron(job.expression);
  const what = Object.hasOwn(ts.crons.system, job.id) ? ts.crons.system[job.id] : undefined;
  const run = () =>
    form.submit(async () => {
      say("");
      await runCron(job.id);
      say(ts.crons.started);
      await reload();
    });
  return (
    <li class="set-item">
      <div class="set-main">
        <span>{what ?? <code dir="ltr">{job.id}</code>}</span>
        {what && <code class="field-hint" dir="ltr">{job.id}</code>}
        <span class="field-hint"><code dir="ltr">{job.expression}</code>{isCron(cron) ? ` · ${sayCron(cron)}` : ""}</span>
        {isCron(cron) && (
          <details>
            <summary class="field-hint">{ts.crons.nextRuns}</summary>
            <NextRuns cron={cron} now={Date.now()} />
          </details>
        )}
        <span role="status" class="field-hint">{said}</span>
      </div>
      <Last job={job} />
      <Button icon="play" busy={form.isBusy} disabled={isLocked.value && t.protect.locked} label={ts.crons.runOf(what ?? job.id)} onClick={() => void run()}>{ts.crons.run}</Button>
      {job.last?.error && <p class="field-error">{job.last.error}</p>}
      <ErrorNotice error={form.wrong} />
    </li>
  );
};

export const Crons = () => {
  const found = useMemo(() => loaded<Job[]>(), []);
  const load = () => found.load((signal) => (has("crons") ? reportCrons(signal) : listCrons(signal)));
  const isKnown = knowsFeatures();
  useEffect(() => {
    if (isKnown) void load();
    return found.stop;
  }, [found, isKnown]);
  const jobs = found.data.value;
  useEffect(() => {
    if (!jobs?.some(({ running }) => running)) return;
    const timer = setTimeout(() => void load(), lookMs); // until it has ended
    return () => clearTimeout(timer);
  }, [jobs]);
  return (
    <div class="def-page">
      {isLocked.value && <ProtectedNotice />}
      <Card title={ts.crons.title} why={ts.crons.why}>
        <div><Button icon="refresh-cw" busy={found.isLoading.value} onClick={() => void load()}>{t.shell.refresh}</Button></div>
        <ErrorNotice error={found.error.value} />
        {jobs && <ul class="set-items" aria-label={ts.crons.title}>{jobs.map((job) => <Item key={job.id} job={job} reload={load} />)}</ul>}
      </Card>
    </div>
  );
};
