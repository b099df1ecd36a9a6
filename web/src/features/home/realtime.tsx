// Who listens to what, and a stream to listen to oneself.

import { useEffect, useState } from "preact/hooks";
import { readRealtime, type Client, type RealtimeReport } from "../../api/reeve.ts";
import { listen } from "../../api/realtime.ts";
import { formatBytes, formatDate, formatNumber, formatTime, parseDate } from "../../i18n/format.ts";
import { homeTexts as th } from "../../i18n/t-home.ts";
import { printJson } from "../../lib/json.ts";
import { collections } from "../../state/instance.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { ErrorNotice } from "../../ui/Notice/Notice.tsx";
import { Select } from "../../ui/Select/Select.tsx";
import { usePolled } from "./polled.ts";

const everyMs = 5000;
const mostHeard = 100;

const dateOf = (text: string): string => {
  const date = parseDate(text);
  return date ? formatDate(date) : text;
};

const Auth = ({ of }: { of: Client["auth"] }) =>
  of ? <a href={`#/data/${encodeURIComponent(of.collectionName)}?record=${encodeURIComponent(of.id)}`}>{of.collectionName}/{of.id}</a> : <>{th.guest}</>;

const Clients = ({ some }: { some: readonly Client[] }) =>
  some.length === 0 ? <p class="field-hint">{th.nobody}</p> : (
    <div class="api-scroll" tabIndex={0} role="region" aria-label={th.who}>
      <table class="api-table">
        <thead><tr>{[th.who, th.address, th.connected, th.subscribed].map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
        <tbody>
          {some.map((one) => (
            <tr key={one.id}>
              <th scope="row"><Auth of={one.auth} /></th>
              <td>{one.ip}</td>
              <td>{dateOf(one.connected)}</td>
              <td dir="auto">{one.subscriptions.join(", ")} {one.moreSubscriptions > 0 && th.more(one.moreSubscriptions)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );

const Topics = ({ some }: { some: RealtimeReport["topics"] }) => (
  <section class="def-part">
    <h2>{th.topics}</h2>
    {some.length === 0 ? <p class="field-hint">{th.noTopics}</p> : (
      <div class="api-scroll" tabIndex={0} role="region" aria-label={th.topics}>
        <table class="api-table">
          <thead><tr><th scope="col">{th.topic}</th><th scope="col">{th.subscribers}</th></tr></thead>
          <tbody>{some.map(({ topic, subscriptions }) => <tr key={topic}><th scope="row" dir="auto">{topic}</th><td>{formatNumber(subscriptions)}</td></tr>)}</tbody>
        </table>
      </div>
    )}
  </section>
);

interface Heard {
  n: number;
  at: Date;
  text: string;
}

const useHeard = (name: string, isOn: boolean) => {
  const [heard, setHeard] = useState<readonly Heard[]>([]);
  const [isLost, setLost] = useState(false);
  useEffect(() => {
    if (!isOn || !name) return;
    let n = Date.now();
    const add = (data: unknown) => setHeard((all) => [{ n: n++, at: new Date(), text: printJson(data, 2) }, ...all].slice(0, mostHeard));
    return listen({ topic: `${name}/*`, onEvent: add, onMissed: () => setLost(true) });
  }, [name, isOn]);
  return { heard, isLost, clear: () => { setHeard([]); setLost(false); } };
};

const Listen = () => {
  const names = (collections.data.value ?? []).filter(({ type }) => type !== "view").map(({ name }) => name);
  const [name, setName] = useState("");
  const [isOn, setOn] = useState(false);
  const chosen = name || names[0] || "";
  const { heard, isLost, clear } = useHeard(chosen, isOn);
  return (
    <section class="def-part">
      <h2>{th.listen}</h2>
      <div class="home-acts">
        <Select label={th.listenTo} value={chosen} options={names.map((value) => ({ value, label: value }))} onChange={setName} />
        <Button icon={isOn ? "pause" : "play"} onClick={() => setOn(!isOn)}>{isOn ? th.stop : th.listen}</Button>
        {heard.length > 0 && <Button kind="quiet" icon="x" onClick={clear}>{th.clear}</Button>}
      </div>
      {isOn && heard.length === 0 && <p class="field-hint" role="status">{th.hearing(chosen)}</p>}
      {isLost && <p class="field-hint">{th.lost}</p>}
      <ol class="home-heard" aria-label={th.heard} aria-live="polite">{heard.map(({ n, at, text }) => <li key={n}><time>{formatTime(at)}</time><pre dir="ltr" tabIndex={0}>{text}</pre></li>)}</ol>
    </section>
  );
};

export const Realtime = () => {
  const [page, setPage] = useState(1);
  const { ask, ...report } = usePolled(page, everyMs, (signal) => readRealtime(page, signal));
  const now = report.data.value;
  return (
    <>
      {Boolean(report.error.value) && <ErrorNotice error={report.error.value} onRetry={ask} />}
      {now && (
        <section class="def-part">
          <h2>{th.clients(now.clients, formatNumber(now.subscriptions))}</h2>
          <p class="field-hint">{th.delivered(formatNumber(now.delivered.events), formatBytes(now.delivered.bytes), formatNumber(now.delivered.lastMinute.events))} · {th.ended(now.ended.slow, now.ended.behind)}</p>
          <Clients some={now.items} />
          {now.totalPages > 1 && <div><Button onClick={() => setPage(page < now.totalPages ? page + 1 : 1)}>{th.nextPage}</Button></div>}
        </section>
      )}
      {now && <Topics some={now.topics} />}
      <Listen />
    </>
  );
};
