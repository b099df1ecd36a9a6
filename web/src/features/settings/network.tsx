// Whose address a request has, and from where superusers may come.

import { useEffect, useMemo, useState } from "preact/hooks";
import { readHealth, type Health } from "../../api/settings.ts";
import { ts } from "../../i18n/t-settings.ts";
import { t } from "../../i18n/t.ts";
import { loaded, type Loaded } from "../../state/loaded.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { CodeBlock } from "../../ui/Copy/Copy.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { TextField } from "../../ui/Field/Field.tsx";
import { bind, useForm } from "../../ui/form.ts";
import { ErrorNotice, Notice } from "../../ui/Notice/Notice.tsx";
import { Card } from "../../ui/Card/Card.tsx";
import { focusWrong } from "../collection/focus.ts";
import { ListSetting, listOf, SwitchSetting } from "./controls.tsx";
import type { SettingsEdit } from "./edit.ts";
import { editOf } from "./engine.ts";
import { SettingsForm } from "./form.tsx";
import { isInRanges } from "./ip.ts";

const wayOut = "reeve superuser ips";
const headers = "trustedProxy.headers";
const allowed = "superuserIPs";

const add = (edit: SettingsEdit, path: string, text: string): void => edit.set(path, [...listOf(edit.at(path)), text]);

// Whoever saves that is shut out: it is done only when that is typed.
const Shut = ({ edit, ip, isSure, onClose }: { edit: SettingsEdit; ip: string; isSure: boolean; onClose: () => void }) => {
  const form = useForm({ ip: "" });
  const run = () => {
    if (form.draft.ip.trim() !== ip) return form.refuse({ ip: ts.network.typeWrong });
    onClose();
    void edit.save().then((isSaved) => isSaved || focusWrong());
  };
  return (
    <Dialog
      title={isSure ? ts.network.shut : ts.network.mayShut}
      onClose={onClose}
      acts={<><Button size="form" onClick={onClose}>{t.common.cancel}</Button><Button size="form" kind="danger" class="button-final" onClick={run}>{isSure ? ts.network.shutAct : ts.save}</Button></>}
    >
      <p>{isSure ? ts.network.shutWhy(ip) : ts.network.mayShutWhy}</p>
      <CodeBlock text={wayOut} label={ts.network.wayOut} />
      <form onSubmit={(event) => { event.preventDefault(); run(); }}>
        <TextField label={ts.network.type(ip)} {...bind(form, "ip")} />
      </form>
    </Dialog>
  );
};

const Seen = ({ edit, health, look }: { edit: SettingsEdit; health: Loaded<Health>; look: () => void }) => {
  const now = health.data.value;
  const header = now?.possibleProxyHeader ?? "";
  const isTrusted = listOf(edit.saved(headers)).some((one) => one.toLowerCase() === header.toLowerCase());
  return (
    <Card title={ts.network.seen} why={ts.network.seenWhy}>
      <div class="set-head">
        <p class="set-big">{ts.network.yourIp} <code dir="ltr">{now?.realIP ?? "…"}</code></p>
        <Button icon="refresh-cw" busy={health.isLoading.value} onClick={look}>{ts.network.look}</Button>
      </div>
      <p>{header ? ts.network.detected(header) : now ? ts.network.noHeader : ""}</p>
      {header && !isTrusted && <Notice kind="warn" title={ts.network.untrusted(header)}><p>{ts.network.untrustedWhy}</p></Notice>}
      <ErrorNotice error={health.error.value} />
    </Card>
  );
};

export const Network = () => {
  const edit = editOf("network");
  const health = useMemo(() => loaded<Health>(), []);
  const [isAsking, ask] = useState(false);
  const look = () => void health.load(readHealth);
  useEffect(() => {
    look();
    return health.stop;
  }, [health, edit.isSaved.value]);
  const ip = health.data.value?.realIP ?? "";
  const header = health.data.value?.possibleProxyHeader ?? "";
  const list = listOf(edit.at(allowed));
  const isShut = list.length > 0 && !isInRanges(ip, list);
  // Who reads addresses in another way may have another one.
  const mayShut = list.length > 0 && (edit.isChanged(headers) || edit.isChanged("trustedProxy.useLeftmostIP"));
  const check = () => {
    if (!mayShut && !(isShut && edit.isChanged(allowed))) return true;
    ask(true);
    return false;
  };
  const trusted = listOf(edit.at(headers));
  return (
    <SettingsForm edit={edit} check={check} before={<Seen edit={edit} health={health} look={look} />}>
      <Card title={ts.network.proxy} why={ts.network.proxyWhy}>
        <ListSetting path={headers} placeholder="X-Forwarded-For" />
        {header && !trusted.includes(header) && <div><Button icon="plus" onClick={() => add(edit, headers, header)}>{ts.network.trust(header)}</Button></div>}
        <SwitchSetting path="trustedProxy.useLeftmostIP" />
        {mayShut && <Notice kind="warn" title={ts.network.mayShut}><p>{ts.network.mayShutWhy}</p></Notice>}
      </Card>
      <Card title={ts.network.access} why={ts.network.accessWhy}>
        <ListSetting path={allowed} placeholder="203.0.113.0/24" />
        {ip && !isInRanges(ip, list) && <div><Button icon="plus" onClick={() => add(edit, allowed, ip)}>{ts.network.addMine(ip)}</Button></div>}
        {isShut && edit.isChanged(allowed) && <Notice kind="warn" title={ts.network.shut}><p>{ts.network.shutHint}</p></Notice>}
        <p class="field-hint">{ts.network.wayOutWhy}</p>
        <CodeBlock text={wayOut} label={ts.network.wayOut} />
      </Card>
      {isAsking && <Shut edit={edit} ip={ip || "?"} isSure={isShut} onClose={() => ask(false)} />}
    </SettingsForm>
  );
};
