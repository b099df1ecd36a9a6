import { t } from "../../i18n/t.ts";
import { closeToast, toasts } from "../../state/toasts.ts";
import { Button } from "../Button/Button.tsx";
import { Icon } from "../Icon/Icon.tsx";

export const Toasts = () => (
  <div class="toasts" role="status" aria-live="polite">
    {toasts.value.map(({ id, kind, text, act }) => (
      <div class={`toast toast-${kind}`} key={id}>
        <Icon name={kind === "ok" ? "circle-check" : "circle-alert"} />
        <span>{text}</span>
        {act && <Button kind="quiet" onClick={() => { closeToast(id); act.act(); }}>{act.label}</Button>}
        <Button kind="quiet" icon="x" label={t.common.close} onClick={() => closeToast(id)} />
      </div>
    ))}
  </div>
);
