// What is slow, and what stands more open than it has to.

import { useEffect, useMemo } from "preact/hooks";
import { readAdvice, type SlowShape } from "../../api/reeve.ts";
import { formatNumber } from "../../i18n/format.ts";
import { homeTexts as th } from "../../i18n/t-home.ts";
import { collections, has, reloadSettings, settings } from "../../state/instance.ts";
import { loaded } from "../../state/loaded.ts";
import { keptValue } from "../../state/prefs.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { CodeBlock } from "../../ui/Copy/Copy.tsx";
import { ErrorNotice, Notice } from "../../ui/Notice/Notice.tsx";
import { weaknessesOf } from "./needs.ts";

const ignored = keptValue<string[]>("advice-ignored", [], (kept) => (Array.isArray(kept) ? kept.filter((one) => typeof one === "string") : []));

const whole = (ms: number): string => formatNumber(Math.round(ms));

const Shape = ({ of: { collection, sql, count, slowestMs, totalMs, index, reason } }: { of: SlowShape }) => (
  <li class="def-part def-card">
    <h3 dir="auto">{collection}</h3>
    <p>{th.slowOf(formatNumber(count), whole(slowestMs), whole(totalMs))}</p>
    {reason && <p class="field-hint">{reason}</p>}
    {index && <CodeBlock text={index} label={th.copyIndex} />}
    {index && <a href={`#/data/${encodeURIComponent(collection)}/indexes`}>{th.addIndex}</a>}
    <details><summary>{th.statement}</summary><CodeBlock text={sql} label={th.statement} /></details>
  </li>
);

const Speed = () => {
  const advice = useMemo(() => loaded<SlowShape[]>(), []);
  const ask = () => void advice.load(readAdvice);
  useEffect(() => {
    ask();
    return advice.stop;
  }, []);
  const found = advice.data.value;
  return (
    <section class="def-part">
      <h2>{th.slow}</h2>
      {Boolean(advice.error.value) && <ErrorNotice error={advice.error.value} onRetry={ask} />}
      {found?.length === 0 && <Notice kind="ok" title={th.slowNone} />}
      {found && found.length > 0 && <p class="field-hint">{th.slowLead}</p>}
      <ul class="home-needs">{found?.toSorted((a, b) => b.totalMs - a.totalMs).map((one) => <Shape key={one.collection + one.sql} of={one} />)}</ul>
    </section>
  );
};

const Security = () => {
  useEffect(() => void (settings.data.peek() ?? reloadSettings()), []);
  const all = weaknessesOf(collections.data.value ?? [], settings.data.value);
  const shown = all.filter(({ what }) => !ignored.value.includes(what));
  const n = all.length - shown.length;
  if (!collections.data.value) return null;
  return (
    <section class="def-part">
      <h2>{th.secure}</h2>
      {shown.length === 0 && <Notice kind="ok" title={th.secureNone} />}
      <ul class="home-needs">
        {shown.map(({ what, fix, at }) => (
          <li key={what}>
            <Notice kind="warn" title={what}><div class="home-acts"><a href={at}>{fix}</a><Button kind="quiet" label={`${th.ignore}: ${what}`} onClick={() => { ignored.value = [...ignored.value, what]; }}>{th.ignore}</Button></div></Notice>
          </li>
        ))}
      </ul>
      {n > 0 && <p class="field-hint">{th.ignored(n)} <Button kind="quiet" onClick={() => { ignored.value = []; }}>{th.unignore}</Button></p>}
    </section>
  );
};

export const Advice = () => (
  <>
    {has("advice") && <Speed />}
    <Security />
  </>
);
