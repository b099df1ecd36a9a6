// The record as the API gives it.

import { useMemo, useState } from "preact/hooks";
import type { Row } from "../../api/types.ts";
import { formatBytes } from "../../i18n/format.ts";
import { tr } from "../../i18n/t-record.ts";
import { cut, whole } from "../../lib/values.ts";
import { printJson } from "../../lib/json.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { CopyButton } from "../../ui/Copy/Copy.tsx";

const shownFirst = 256_000;

// Without what the form has asked for beside it.
export const jsonOf = ({ expand: _, ...row }: Row): string => {
  try {
    return printJson(row, 2);
  } catch {
    return whole(row); // nested deeper than can be printed
  }
};

export const RecordJson = ({ row }: { row: Row }) => {
  const [isAll, showAll] = useState(false);
  const text = useMemo(() => jsonOf(row), [row]);
  return (
    <div class="record-form">
      <div class="code-block">
        <pre tabIndex={0} role="region" aria-label={tr.record.jsonLabel}><code>{isAll ? text : cut(text, shownFirst)}</code></pre>
        <CopyButton text={text} />
      </div>
      {!isAll && text.length > shownFirst && <div><Button onClick={() => showAll(true)}>{tr.record.showRest(formatBytes(text.length))}</Button></div>}
    </div>
  );
};
