import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { ApiError, explain, isAborted } from "../../api/error.ts";
import { t } from "../../i18n/t.ts";
import { Button } from "../Button/Button.tsx";
import { drawn } from "../drawn.ts";
import { Icon } from "../Icon/Icon.tsx";
import type { IconName } from "../Icon/names.ts";

export type NoticeKind = "info" | "ok" | "warn" | "danger";
const icons: Record<NoticeKind, IconName> = { info: "info", ok: "circle-check", warn: "triangle-alert", danger: "circle-alert" };

// Errors are said at once, the rest when there is a pause.
export const Notice = ({ kind, title, children }: { kind: NoticeKind; title: string; children?: ComponentChildren }) => (
  <div class={`notice notice-${kind}`} role={kind === "danger" ? "alert" : "status"}>
    <Icon name={icons[kind]} />
    <div class="notice-text">
      <p class="notice-title">{title}</p>
      {children}
    </div>
  </div>
);

// Goes with what it has mended: what it stood in has the focus then.
export const Retry = ({ onRetry }: { onRetry: () => void }) => {
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    const own = button.current;
    const panel = own?.closest<HTMLElement>("dialog, .drawer");
    return () => {
      if (own !== document.activeElement) return;
      drawn(() => {
        if (document.activeElement === document.body) (panel?.isConnected ? panel : document.querySelector("main"))?.focus();
      });
    };
  }, []);
  return <Button icon="refresh-cw" buttonRef={button} onClick={onRetry}>{t.common.retry}</Button>;
};

// onRetry: what is pressed to try again.
export const ErrorNotice = ({ error, onRetry, children }: { error: unknown; onRetry?: (() => void) | undefined; children?: ComponentChildren }) => {
  if (!error || isAborted(error)) return null;
  const { what, why, fix } = explain(error);
  const details = error instanceof ApiError && error.status > 0 ? [t.errors.status(error.status), error.requestId && t.errors.requestId(error.requestId)] : [];
  return (
    <Notice kind="danger" title={what}>
      {why && <p>{why}</p>}
      {fix && <p>{fix}</p>}
      {details.length > 0 && <p class="notice-details">{details.filter(Boolean).join(" · ")}</p>}
      {children}
      {onRetry && <div><Retry onRetry={onRetry} /></div>}
    </Notice>
  );
};
