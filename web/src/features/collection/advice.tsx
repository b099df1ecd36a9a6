// Indexes that would help lists which took long, as the server has seen them.

import { useEffect, useMemo } from "preact/hooks";
import { get } from "../../api/client.ts";
import { formatNumber } from "../../i18n/format.ts";
import { td } from "../../i18n/t-def.ts";
import { parseIndex, printIndex } from "../../lib/index-sql.ts";
import { has } from "../../state/instance.ts";
import { loaded } from "../../state/loaded.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Notice } from "../../ui/Notice/Notice.tsx";
import { addIndex, indexText, sentIndexes } from "./draft.ts";
import type { CollectionEdit } from "./edit.ts";

interface Advised {
  collection: string;
  count: number;
  slowestMs: number;
  index: string | null;
  reason: string;
}

// Whatever it is called, it is one index.
const shapeOf = (text: string): string => {
  const index = parseIndex(text);
  return index ? printIndex({ ...index, name: "", table: "" }) : text;
};

export const Advice = ({ edit, onAdded }: { edit: CollectionEdit; onAdded: (key: string) => void }) => {
  const found = useMemo(() => loaded<{ items: Advised[] }>(), [edit]);
  useEffect(() => {
    if (edit.id !== null && has("advice")) void found.load((signal) => get<{ items: Advised[] }>("reeve/advice", undefined, signal));
    return found.stop;
  }, [found]);
  const draft = edit.draft.value;
  const there = new Set(sentIndexes(draft).map((one) => shapeOf(indexText(draft, one))));
  const wanted = (found.data.value?.items ?? []).filter((item): item is Advised & { index: string } => item.collection === edit.original.value.name && item.index !== null && !there.has(shapeOf(item.index)));
  const once = wanted.filter(({ index }, n) => wanted.findIndex((other) => other.index === index) === n);
  const add = (text: string) => {
    const { draft: next, key } = addIndex(edit.draft.peek(), text);
    edit.set(() => next);
    onAdded(key);
  };
  if (once.length === 0) return null;
  return (
    <Notice kind="info" title={td.index.advised}>
      <ul class="def-lines">
        {once.map(({ index, count, slowestMs, reason }) => {
          const columns = parseIndex(index)?.columns.map(({ name }) => name).join(", ") ?? index;
          return (
            <li key={index} class="def-advised">
              <span>{td.index.advice(columns, formatNumber(count), formatNumber(slowestMs), reason)}</span>
              <Button label={td.index.addOn(columns)} onClick={() => add(index)}>{td.index.add}</Button>
            </li>
          );
        })}
      </ul>
    </Notice>
  );
};
