// What only Reeve can be told: the server says what there is, and what each is for.

import { useEffect } from "preact/hooks";
import type { OwnSetting } from "../../api/types.ts";
import { ts } from "../../i18n/t-settings.ts";
import { features } from "../../state/instance.ts";
import { Card } from "../../ui/Card/Card.tsx";
import { ErrorNotice } from "../../ui/Notice/Notice.tsx";
import { NumberSetting, RuleSetting, SecretSetting, SwitchSetting, TextSetting, words } from "./controls.tsx";
import { editOf, loadOwn, ownSettings } from "./engine.ts";
import { SettingsForm } from "./form.tsx";

const fields: Record<string, typeof RuleSetting | undefined> = { bool: SwitchSetting, int: NumberSetting, rule: RuleSetting };

const One = ({ name, type, help, initial }: { name: string; type: string; help: string; initial: unknown }) => {
  if (editOf("own").saved(name) === undefined) return <SecretSetting path={name} hint={help} />;
  const Field = fields[type] ?? TextSetting;
  return <Field path={name} hint={ts.own.hint(help, words(initial ?? ""))} />;
};

const groupOf = ({ name }: OwnSetting): string => name.split(".")[0] ?? "";

export const Own = () => {
  const edit = editOf("own");
  const all = features.data.value?.settings ?? [];
  useEffect(() => void loadOwn(), []);
  if (!ownSettings.data.value) return <div class="def-page"><ErrorNotice error={ownSettings.error.value} onRetry={() => void loadOwn()} /></div>;
  return (
    <SettingsForm edit={edit}>
      {[...new Set(all.map(groupOf))].map((group) => (
        <Card key={group} title={ts.own.groups[group] ?? group}>
          {all.filter((one) => groupOf(one) === group).map((one) => <One key={one.name} {...one} initial={one.default} />)}
        </Card>
      ))}
    </SettingsForm>
  );
};
