import type { ComponentChildren } from "preact";
import { ApiError, explain, isAborted } from "../../api/error.ts";
import { t } from "../../i18n/t.ts";
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

export const ErrorNotice = ({ error, children }: { error: unknown; children?: ComponentChildren }) => {
  if (!error || isAborted(error)) return null;
  const { what, why, fix } = explain(error);
  const details = error instanceof ApiError && error.status > 0 ? [t.errors.status(error.status), error.requestId && t.errors.requestId(error.requestId)] : [];
  return (
    <Notice kind="danger" title={what}>
      {why && <p>{why}</p>}
      {fix && <p>{fix}</p>}
      {details.length > 0 && <p class="notice-details">{details.filter(Boolean).join(" · ")}</p>}
      {children}
    </Notice>
  );
};
