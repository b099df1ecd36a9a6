// A bucket for files, of records or of backups.

import { useState } from "preact/hooks";
import { testS3 } from "../../api/settings.ts";
import { ts } from "../../i18n/t-settings.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { useForm } from "../../ui/form.ts";
import { Notice } from "../../ui/Notice/Notice.tsx";
import { Card } from "../../ui/Card/Card.tsx";
import { s3Causes } from "./causes.ts";
import { savedFirst, SecretSetting, SwitchSetting, TextSetting } from "./controls.tsx";
import type { SettingsEdit } from "./edit.ts";
import { useEdit } from "./engine.ts";
import { Tested } from "./test.tsx";

type Place = "storage" | "backups";
const pathOf: Record<Place, string> = { storage: "s3", backups: "backups.s3" };
const causes = s3Causes(ts.storage.causes);

export const S3Test = ({ edit, place }: { edit: SettingsEdit; place: Place }) => {
  const form = useForm({});
  const [done, setDone] = useState("");
  const test = async () => {
    setDone("");
    if (await form.submit(() => testS3(place))) setDone(ts.storage.works);
  };
  const off = savedFirst(edit.isDirty.value) || (edit.saved(`${pathOf[place]}.enabled`) !== true && ts.storage.testOff);
  return (
    <Card title={ts.storage.test} why={ts.storage.testWhy}>
      <div><Button size="form" icon="hard-drive" busy={form.isBusy} disabled={off} onClick={() => void test()}>{ts.storage.test}</Button></div>
      <Tested wrong={form.wrong} causes={causes} done={done} />
    </Card>
  );
};

export const S3Card = ({ place, title, why }: { place: Place; title: string; why: string }) => {
  const edit = useEdit();
  const at = pathOf[place];
  return (
    <Card title={title} why={why}>
      <SwitchSetting path={`${at}.enabled`} />
      {edit.isChanged(`${at}.enabled`) && <Notice kind="warn" title={ts.storage.notMoved}><p>{ts.storage.notMovedWhy}</p></Notice>}
      <div class="def-pair">
        <TextSetting path={`${at}.endpoint`} type="url" />
        <TextSetting path={`${at}.bucket`} />
        <TextSetting path={`${at}.region`} />
        <TextSetting path={`${at}.accessKey`} />
        <SecretSetting path={`${at}.secret`} />
        <SwitchSetting path={`${at}.forcePathStyle`} />
      </div>
    </Card>
  );
};
