// How long tokens are good for, and their end before that.

import { td } from "../../i18n/t-def.ts";
import { suggestPassword } from "../../lib/password.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Icon } from "../../ui/Icon/Icon.tsx";
import { Card } from "../../ui/Card/Card.tsx";
import type { PartProps } from "./parts.ts";
import { DurationSetting, setSetting, settingAt } from "./setting.tsx";

const kinds = ["authToken", "passwordResetToken", "emailChangeToken", "verificationToken", "fileToken"] as const;
const secretLength = 50;

// Another secret: what was made with the last one is good for nothing.
const Ending = ({ edit, canWrite, kind }: PartProps & { kind: (typeof kinds)[number] }) => {
  const path = `${kind}.secret`;
  const isEnding = typeof settingAt(edit, path) === "string";
  if (!canWrite) return null;
  return (
    <div class="record-acts">
      {isEnding && <span class="def-ending"><Icon name="triangle-alert" size={14} />{td.auth.ending}</span>}
      {isEnding ? (
        <Button icon="undo-2" label={td.auth.keepOf(td.auth.tokens[kind] ?? kind)} onClick={() => setSetting(edit, path, undefined)}>{td.def.restore}</Button>
      ) : (
        <Button kind="quiet" icon="key-round" label={td.auth.endOf(td.auth.tokens[kind] ?? kind)} onClick={() => setSetting(edit, path, suggestPassword(secretLength))}>{td.auth.end}</Button>
      )}
    </div>
  );
};

export const Tokens = (props: PartProps) => (
  <Card title={td.auth.tokensTitle} why={td.auth.tokensWhy}>
    <div class="def-options def-options-bare">
      {kinds.map((kind) => (
        <div key={kind}>
          <DurationSetting {...props} path={`${kind}.duration`} label={td.auth.tokens[kind] ?? kind} />
          <Ending {...props} kind={kind} />
        </div>
      ))}
    </div>
  </Card>
);
