// What the system keeps of an account beside its record.

import { useEffect, useMemo, useState } from "preact/hooks";
import type { Row } from "../../api/types.ts";
import { formatDate, parseDate } from "../../i18n/format.ts";
import { t } from "../../i18n/t.ts";
import { tr } from "../../i18n/t-record.ts";
import { shown } from "../../lib/values.ts";
import { loaded } from "../../state/loaded.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { useForm } from "../../ui/form.ts";
import { ErrorNotice } from "../../ui/Notice/Notice.tsx";
import { logins, mostRows, rowsOf, unlink } from "./account-calls.ts";
import type { RecordEdit } from "./edit.ts";

interface Kind {
  system: string;
  title: string;
  columns: readonly (readonly [name: string, label: string])[];
}

const kinds: readonly Kind[] = [
  { system: logins, title: tr.account.logins, columns: [["provider", tr.account.provider], ["providerId", tr.account.providerId], ["created", tr.account.linked]] },
  { system: "_otps", title: tr.account.otps, columns: [["sentTo", tr.account.sentTo], ["created", tr.account.created]] },
  { system: "_mfas", title: tr.account.mfas, columns: [["method", tr.account.method], ["created", tr.account.created]] },
  { system: "_authOrigins", title: tr.account.origins, columns: [["fingerprint", tr.account.fingerprint], ["created", tr.account.created]] },
];

const cell = (row: Row, name: string): string => {
  const date = name === "created" ? parseDate(String(row[name] ?? "")) : null;
  return (date ? formatDate(date) : shown(row[name], 80)) || "–";
};

const Unlink = ({ row, onClose, onDone }: { row: Row; onClose: () => void; onDone: () => void }) => {
  const form = useForm({});
  const run = async () => {
    if (await form.submit(() => unlink(row.id))) onDone();
  };
  return (
    <Dialog
      title={tr.account.unlinkTitle(shown(row["provider"], 80))}
      onClose={onClose}
      acts={<><Button size="form" onClick={onClose}>{t.common.cancel}</Button><Button size="form" kind="danger" class="button-final" busy={form.isBusy} onClick={() => void run()}>{tr.account.unlink}</Button></>}
    >
      <p>{tr.account.unlinkWhy}</p>
      <ErrorNotice error={form.wrong} />
    </Dialog>
  );
};

const RowsOf = ({ edit, kind, canWrite }: { edit: RecordEdit; kind: Kind; canWrite: boolean }) => {
  const { system, title, columns } = kind;
  const rows = useMemo(() => loaded<Row[]>(), [edit, system]);
  const [asked, ask] = useState<Row | null>(null);
  const load = () => void rows.load((abort) => rowsOf(system, edit.collection, edit.id ?? "", abort));
  useEffect(() => {
    load();
    return rows.stop;
  }, [rows]);
  const found = rows.data.value ?? [];
  const isLink = canWrite && system === logins;
  return (
    <section class="account-part">
      <h3>{title}</h3>
      {found.length > 0 && (
        <table class="account-rows" aria-label={title}>
          <thead><tr>{columns.map(([name, label]) => <th key={name} scope="col">{label}</th>)}{isLink && <td />}</tr></thead>
          <tbody>
            {found.map((row) => (
              <tr key={row.id}>
                {columns.map(([name]) => <td key={name} dir="auto">{cell(row, name)}</td>)}
                {isLink && <td><Button label={tr.account.unlinkOf(cell(row, "provider"))} onClick={() => ask(row)}>{tr.account.unlink}</Button></td>}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {rows.data.value !== undefined && found.length === 0 && <p class="field-hint">{tr.account.none}</p>}
      {rows.data.value === undefined && !rows.error.value && <p class="field-hint">{t.common.loading}</p>}
      {found.length === mostRows && <p class="field-hint">{tr.account.more(mostRows)}</p>}
      {Boolean(rows.error.value) && <ErrorNotice error={rows.error.value} onRetry={load} />}
      {asked && <Unlink row={asked} onClose={() => ask(null)} onDone={() => { ask(null); load(); }} />}
    </section>
  );
};

export const AccountRows = ({ edit, canWrite }: { edit: RecordEdit; canWrite: boolean }) => <>{kinds.map((kind) => <RowsOf key={kind.system} edit={edit} kind={kind} canWrite={canWrite} />)}</>;
