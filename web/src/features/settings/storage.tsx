// Where the files of records are.

import { ts } from "../../i18n/t-settings.ts";
import { editOf } from "./engine.ts";
import { SettingsForm } from "./form.tsx";
import { S3Card, S3Test } from "./s3.tsx";

export const Storage = () => {
  const edit = editOf("storage");
  return (
    <SettingsForm edit={edit} more={<S3Test edit={edit} place="storage" />}>
      <S3Card place="storage" title={ts.storage.title} why={ts.storage.why} />
    </SettingsForm>
  );
};
