import { te } from "../../i18n/t-editor.ts";
import { whole, withLineEnds } from "../../lib/values.ts";
import { Notice } from "../../ui/Notice/Notice.tsx";
import type { RichProps } from "./input.tsx";

// The source as a text; isInstead: because nothing better can be had.
export const Plain = ({ of: { field, row, onChange }, text, attributes, onBlur, isInstead }: RichProps & { isInstead?: boolean }) => (
  <>
    {isInstead && <Notice kind="warn" title={te.noRich}><p>{te.noRichWhy}</p></Notice>}
    <textarea
      {...attributes}
      class="input code-input rich-source"
      name={field.name}
      aria-label={te.sourceOf(field.name)}
      spellcheck={false}
      autocapitalize="off"
      dir="ltr"
      value={text.replace(/\r\n?/g, "\n")}
      onBlur={onBlur}
      onInput={(event) => onChange(withLineEnds(event.currentTarget.value, text, whole(row?.[field.name])))}
    />
  </>
);
