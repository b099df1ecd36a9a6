// A session that has ended in the middle of something: signing in again lies over the page, and
// then what was asked goes on. It is asked for by who had the session: anybody else leaves the page.

import { ta } from "../../i18n/t-auth.ts";
import { navigate } from "../../state/router.ts";
import { endSession, isEnded, session, signIn } from "../../state/session.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { SignIn } from "../auth/login.tsx";

const leave = () => {
  endSession();
  void navigate("/login");
};

export const Ended = () => {
  const now = session.value;
  if (!isEnded.value || !now) return null;
  return (
    <Dialog title={ta.login.again} acts={<Button kind="quiet" onClick={leave}>{ta.login.otherAccount}</Button>}>
      <p>{ta.login.againLead}</p>
      <SignIn email={String(now.user["email"] ?? "")} isAgain onSigned={(signed) => signIn(signed, now.isKept)} />
    </Dialog>
  );
};
