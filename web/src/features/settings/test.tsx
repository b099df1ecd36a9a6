// What a test has come to: the answer as it was, and what it most likely means.

import { ApiError, errorFields } from "../../api/error.ts";
import { ts } from "../../i18n/t-settings.ts";
import { ErrorNotice, Notice } from "../../ui/Notice/Notice.tsx";
import { causeOf, rawOf, type Causes } from "./causes.ts";

export const Tested = ({ wrong, causes, done }: { wrong: unknown; causes: Causes; done: string }) => {
  if (done) return <Notice kind="ok" title={done} />;
  const isRaw = wrong instanceof ApiError && wrong.status === 400 && errorFields(wrong).size === 0;
  if (!isRaw) return <ErrorNotice error={wrong} />;
  const raw = rawOf(wrong.message);
  const cause = causeOf(raw, causes);
  return (
    <Notice kind="danger" title={ts.test.failed}>
      {cause && <p>{cause}</p>}
      <p>{ts.test.answer}</p>
      <pre class="set-raw">{raw}</pre>
    </Notice>
  );
};
