import { useEffect, useState } from "preact/hooks";
import { t } from "../../i18n/t.ts";
import { copyText } from "../../lib/clipboard.ts";
import { Button } from "../Button/Button.tsx";

const shownMs = 1500;

export const CopyButton = ({ text, label = t.common.copy }: { text: string | (() => string); label?: string }) => {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), shownMs);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = async () => {
    setCopied(await copyText(typeof text === "string" ? text : text()));
  };
  return <Button kind="quiet" icon={isCopied ? "check" : "copy"} label={isCopied ? t.common.copied : label} onClick={() => void copy()} />;
};

// A text to be copied, with its button.
export const CodeBlock = ({ text, label }: { text: string; label: string }) => (
  <div class="code-block">
    <pre tabIndex={0} aria-label={label}><code>{text}</code></pre>
    <CopyButton text={text} />
  </div>
);
