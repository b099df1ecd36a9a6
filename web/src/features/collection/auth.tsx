// How people sign in to an auth collection.

import { superusers } from "../../api/auth.ts";
import { useTyped } from "../../fields/input.tsx";
import { td } from "../../i18n/t-def.ts";
import { uniqueColumn } from "../../lib/index-sql.ts";
import { itemsOf, whole } from "../../lib/values.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Field } from "../../ui/Field/Field.tsx";
import { NumberInput } from "../../ui/Number/Number.tsx";
import { MultiSelect } from "../../ui/Select/MultiSelect.tsx";
import { Card } from "../../ui/Card/Card.tsx";
import { RuleText } from "../rules/rule-text.tsx";
import { addIndex, nameOf, sentFields, sentIndexes } from "./draft.ts";
import type { CollectionEdit } from "./edit.ts";
import { OAuth } from "./oauth.tsx";
import { readCount } from "./options.ts";
import type { PartProps } from "./parts.ts";
import { indexName } from "./scaffold.ts";
import { DurationSetting, faultAt, setSetting, settingAt, SwitchSetting } from "./setting.tsx";
import { Tokens } from "./tokens.tsx";

const mayIdentify: ReadonlySet<string> = new Set(["text", "email", "url", "number"]);

// Only what no two records share can say who somebody is.
const identities = (edit: CollectionEdit) => {
  const draft = edit.draft.value;
  const unique = new Set(sentIndexes(draft).map(({ index }) => (index ? uniqueColumn(index) : "")));
  const fields = sentFields(draft).filter(({ field }) => mayIdentify.has(field.type) && field.name !== "tokenKey" && field.name !== "id");
  return { able: fields.filter(({ key }) => unique.has(key)), others: fields.filter(({ key }) => !unique.has(key)) };
};

const makeUnique = (edit: CollectionEdit, key: string): void => {
  const draft = edit.draft.peek();
  const name = nameOf(draft, key);
  edit.set(() => addIndex(draft, `CREATE UNIQUE INDEX \`${indexName()}\` ON \`${draft.name}\` (\`${name}\`) WHERE \`${name}\` != ''`).draft);
};

const Password = ({ edit, canWrite }: PartProps) => {
  const path = "passwordAuth.identityFields";
  const { able, others } = identities(edit);
  const chosen = itemsOf(settingAt(edit, path));
  const options = [...able.map(({ key, field }) => ({ value: key, label: field.name })), ...chosen.filter((key) => !able.some((one) => one.key === key)).map((key) => ({ value: key, label: nameOf(edit.draft.value, key) || key }))];
  return (
    <Card title={td.auth.password}>
      <SwitchSetting edit={edit} canWrite={canWrite} path="passwordAuth.enabled" label={td.auth.passwordOn} />
      <Field label={td.auth.identity} hint={td.auth.identityHint} error={faultAt(edit, path)}>
        {(attributes) => <MultiSelect attributes={attributes} label={td.auth.identity} value={chosen} options={options} onChange={(keys) => canWrite && setSetting(edit, path, keys)} />}
      </Field>
      {canWrite && others.length > 0 && (
        <details class="def-more">
          <summary>{td.auth.notUnique(others.length)}</summary>
          <ul class="def-lines">
            {others.map(({ key, field }) => <li key={key}><span dir="auto">{field.name}</span> <Button label={td.auth.makeUniqueOf(field.name)} onClick={() => makeUnique(edit, key)}>{td.auth.makeUnique}</Button></li>)}
          </ul>
        </details>
      )}
    </Card>
  );
};

const Length = ({ edit }: { edit: CollectionEdit }) => {
  const path = "otp.length";
  const [text, type] = useTyped(settingAt(edit, path), whole);
  return (
    <Field label={td.auth.otpLength} error={faultAt(edit, path)}>
      {(attributes) => <NumberInput attributes={attributes} label={td.auth.otpLength} value={text} onInput={(typed) => { const made = readCount(typed); type(typed, made); setSetting(edit, path, made); }} />}
    </Field>
  );
};

const Otp = (props: PartProps) => (
  <Card title={td.auth.otp} why={td.auth.otpWhy}>
    <SwitchSetting {...props} path="otp.enabled" label={td.auth.otpOn} />
    <div class="def-pair"><Length edit={props.edit} /><DurationSetting {...props} path="otp.duration" label={td.auth.otpDuration} /></div>
  </Card>
);

const Mfa = (props: PartProps) => {
  const isSuperusers = props.edit.original.value.name === superusers;
  return (
    <Card title={td.auth.mfa} why={isSuperusers ? td.auth.mfaSuperusers : td.auth.mfaWhy}>
      <SwitchSetting {...props} path="mfa.enabled" label={td.auth.mfaOn} />
      <DurationSetting {...props} path="mfa.duration" label={td.auth.mfaDuration} />
      <RuleText {...props} path="mfa.rule" label={td.auth.mfaRule} text={whole(settingAt(props.edit, "mfa.rule"))} nothing={td.auth.mfaAll} isOfGuests={false} onText={(text) => setSetting(props.edit, "mfa.rule", text)} />
    </Card>
  );
};

export const Auth = (props: PartProps) => (
  <fieldset class="def-cards" disabled={!props.canWrite}>
    <legend class="aside">{td.auth.title}</legend>
    <Password {...props} />
    <OAuth {...props} />
    <Otp {...props} />
    <Mfa {...props} />
    <Card title={td.auth.alert} why={td.auth.alertWhy}><SwitchSetting {...props} path="authAlert.enabled" label={td.auth.alertOn} /></Card>
    <Tokens {...props} />
  </fieldset>
);
