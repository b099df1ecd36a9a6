import type { ComponentChildren, JSX, Ref } from "preact";
import { Icon } from "../Icon/Icon.tsx";
import type { IconName } from "../Icon/names.ts";

export type ButtonKind = "primary" | "plain" | "quiet" | "danger";

type Native = Omit<JSX.IntrinsicElements["button"], "ref" | "icon" | "size" | "disabled" | "title" | "type" | "onClick">;

export interface ButtonProps extends Native {
  kind?: ButtonKind; // plain
  icon?: IconName;
  label?: string; // of a button that shows only its icon
  busy?: boolean;
  disabled?: string | boolean; // why it cannot be pressed; true where that is plain to see
  size?: "control" | "form"; // control
  type?: "button" | "submit";
  title?: string;
  onClick?: (event: MouseEvent) => void;
  children?: ComponentChildren;
  buttonRef?: Ref<HTMLButtonElement>;
}

// One that cannot be pressed stays in the order of Tab, so that its reason can be read.
export const Button = ({ kind = "plain", icon, label, busy, disabled, size = "control", type = "button", title, onClick, children, buttonRef, class: more, ...rest }: ButtonProps) => {
  const isOff = Boolean(disabled) || busy;
  const classes = ["button", `button-${kind}`, size === "form" && "button-form", !children && "button-icon", more].filter(Boolean).join(" ");
  return (
    <button
      {...rest}
      ref={buttonRef}
      type={type}
      class={classes}
      aria-disabled={isOff || undefined}
      aria-busy={busy || undefined}
      aria-label={label}
      title={typeof disabled === "string" ? disabled : (title ?? label)}
      onClick={(event) => {
        if (isOff) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {busy ? <span class="icon-busy"><Icon name="loader-circle" /></span> : icon && <Icon name={icon} />}
      {children && <span class="button-text">{children}</span>}
    </button>
  );
};

export const LinkButton = ({ href, icon, kind = "plain", size = "control", children }: { href: string; icon?: IconName; kind?: ButtonKind; size?: "control" | "form"; children: ComponentChildren }) => (
  <a class={`button button-${kind}${size === "form" ? " button-form" : ""}`} href={href}>
    {icon && <Icon name={icon} />}
    <span class="button-text">{children}</span>
  </a>
);
