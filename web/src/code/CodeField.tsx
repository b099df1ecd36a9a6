// An editor of code with its label, and what is said about it.

import { useId } from "preact/hooks";
import { t } from "../i18n/t.ts";
import { Icon } from "../ui/Icon/Icon.tsx";
import { Code, type CodeProps } from "./Code.tsx";

// The label is the editor's own: nothing leads from here into a shadow root.
export const CodeField = ({ hint, ...code }: CodeProps & { hint?: string }) => {
  const id = useId();
  const { label, error, required } = code;
  return (
    <div class={`field${error ? " field-wrong" : ""}`} role="group" aria-labelledby={id}>
      <div class="field-head">
        <span class="field-label" id={id}>{label}</span>
        {required && <span class="field-required" aria-hidden="true">{t.common.required}</span>}
      </div>
      <Code {...code} {...(hint ? { description: hint } : {})} />
      {hint && <p class="field-hint">{hint}</p>}
      {error && <p class="field-error"><Icon name="circle-alert" size={14} />{error}</p>}
    </div>
  );
};
