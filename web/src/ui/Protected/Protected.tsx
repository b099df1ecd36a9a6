import { formatTime } from "../../i18n/format.ts";
import { t } from "../../i18n/t.ts";
import { isLocked, isProtected, lock, unlock, unlockedUntil } from "../../state/protect.ts";
import { Button } from "../Button/Button.tsx";
import { Notice } from "../Notice/Notice.tsx";

export const UnlockButton = () => <Button icon="lock-open" title={t.protect.why} onClick={unlock}>{t.protect.unlock}</Button>;

// Instead of what could be changed if the instance was not protected.
export const ProtectedNotice = () => (
  <Notice kind="info" title={t.protect.title}>
    <p>{t.protect.why}</p>
    <div><UnlockButton /></div>
  </Notice>
);

// Tells at any place that the instance is protected, and turns it.
export const LockToggle = ({ class: name }: { class: string }) => {
  if (!isProtected.value) return null;
  const until = unlockedUntil.value;
  return isLocked.value ? (
    <Button kind="quiet" icon="lock" class={name} label={t.protect.locked} onClick={unlock} />
  ) : (
    <Button kind="quiet" icon="lock-open" class={`${name} is-on`} label={until ? t.protect.unlocked(formatTime(until)) : t.protect.locked} onClick={lock} />
  );
};
