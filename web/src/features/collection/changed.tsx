// Changes as people read them.

import { t } from "../../i18n/t.ts";
import { td } from "../../i18n/t-def.ts";
import { around } from "../../lib/diff.ts";
import { cut, whole } from "../../lib/values.ts";
import { Icon } from "../../ui/Icon/Icon.tsx";
import type { Change } from "./changes.ts";

const shownLength = 240;

const words = (value: unknown): string => (value === null ? td.def.superusers : value === "" ? td.def.blank : value === true ? t.fields.isTrue : value === false ? t.fields.isFalse : cut(whole(value), 4000));

const ruleWords = (value: unknown): string => (value === "" ? td.def.everybody : words(value));

const Values = ({ change }: { change: Change }) => {
  if (change.before === undefined && change.after === undefined) return null;
  const print = change.kind === "rule" ? ruleWords : words;
  const before = change.before === undefined ? "" : print(change.before);
  const after = change.after === undefined ? "" : print(change.after);
  const [was, is] = before && after ? around(before, after, shownLength) : [cut(before, shownLength), cut(after, shownLength)];
  return <span class="def-values" dir="auto">{was && <del>{was}</del>} {is && <ins>{is}</ins>}</span>;
};

export const ChangeList = ({ changes }: { changes: readonly Change[] }) => (
  <ul class="def-changes">
    {changes.map((change, n) => (
      <li key={n} class={change.isLoss ? "def-loss" : change.isRisky ? "def-risk" : undefined}>
        {(change.isLoss || change.isRisky) && <Icon name="triangle-alert" size={14} />}
        <span>{td.def.changes[change.kind]?.(change.name, change.option ?? "") ?? change.name}</span>
        <Values change={change} />
        {change.isRisky && change.kind === "rule" && <span class="field-hint">{t.header.openWhy}</span>}
      </li>
    ))}
  </ul>
);
