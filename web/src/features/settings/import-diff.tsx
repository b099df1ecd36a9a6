// One definition against the one that is there.

import type { Collection } from "../../api/types.ts";
import { transferTexts as tx } from "../../i18n/t-transfer.ts";
import { exported, type Definition } from "../../lib/import.ts";
import { printJson } from "../../lib/json.ts";
import { CodeBlock } from "../../ui/Copy/Copy.tsx";
import { ChangeList } from "../collection/changed.tsx";
import { changesOf, type Change } from "../collection/changes.ts";
import { draftOf, keyOf, type Draft } from "../collection/draft.ts";

// As it would be edited: each field knows what it was.
const draftAfter = (before: Draft, after: Definition): Draft => {
  const draft = draftOf(after as unknown as Collection);
  const was = new Map(before.fields.map((one) => [one.key, one.field]));
  const texts = new Set(before.indexes.map(({ text }) => text));
  const gone = before.indexes.filter(({ text }) => !draft.indexes.some((one) => one.text === text));
  return {
    ...draft,
    fields: draft.fields.map((one) => ({ ...one, was: was.get(keyOf(one.field)) ?? null })),
    indexes: [...draft.indexes.map((one) => (texts.has(one.text) ? one : { ...one, was: null })), ...gone.map((one) => ({ ...one, isRemoved: true }))],
  };
};

export const changesBetween = (before: Definition, after: Definition): Change[] => {
  const was = draftOf(before as unknown as Collection);
  return changesOf(draftAfter(was, after), was, false);
};

const shown = (one: Definition): string => printJson(exported(one), 2);

export const Changed = ({ before, after }: { before: Definition; after: Definition }) => (
  <details class="transfer-one">
    <summary dir="auto">{before.name === after.name ? after.name : `${before.name} → ${after.name}`}</summary>
    <ChangeList changes={changesBetween(before, after)} />
    <details>
      <summary>{tx.both}</summary>
      <div class="transfer-both">
        <section aria-label={tx.before}><h4>{tx.before}</h4><CodeBlock text={shown(before)} label={tx.before} /></section>
        <section aria-label={tx.after}><h4>{tx.after}</h4><CodeBlock text={shown(after)} label={tx.after} /></section>
      </div>
    </details>
  </details>
);
