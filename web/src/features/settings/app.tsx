// The application itself, and what may be sent to it at once.

import { ts } from "../../i18n/t-settings.ts";
import { base } from "../../lib/base.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Notice } from "../../ui/Notice/Notice.tsx";
import { Card } from "../../ui/Card/Card.tsx";
import { ColourSetting, NumberSetting, SecondsSetting, SwitchSetting, TextSetting } from "./controls.tsx";
import { editOf } from "./engine.ts";
import { SettingsForm } from "./form.tsx";

const bare = (url: string): string => url.replace(/\/+$/, "");

export const App = () => {
  const edit = editOf("app");
  const url = edit.at("meta.appURL");
  const isOther = typeof url === "string" && bare(url) !== bare(base());
  return (
    <SettingsForm edit={edit}>
      <Card title={ts.app.title}>
        <div class="def-pair">
          <TextSetting path="meta.appName" />
          <TextSetting path="meta.appURL" type="url" />
        </div>
        {isOther && (
          <Notice kind="warn" title={ts.app.otherUrl}>
            <p>{ts.app.otherUrlWhy(base())}</p>
            <div><Button onClick={() => edit.set("meta.appURL", base())}>{ts.app.useThis}</Button></div>
          </Notice>
        )}
        <div class="def-pair">
          <ColourSetting path="meta.accentColor" />
          <SwitchSetting path="meta.hideControls" />
        </div>
      </Card>
      <Card title={ts.app.batch} why={ts.app.batchWhy}>
        <SwitchSetting path="batch.enabled" />
        <div class="def-pair">
          <NumberSetting path="batch.maxRequests" />
          <SecondsSetting path="batch.timeout" />
          <NumberSetting path="batch.maxBodySize" />
        </div>
      </Card>
    </SettingsForm>
  );
};
