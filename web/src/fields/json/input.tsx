import { useMemo, useState } from "preact/hooks";
import { CodeField } from "../../code/CodeField.tsx";
import { t } from "../../i18n/t.ts";
import { jsonFault } from "../../lib/json-fault.ts";
import { parseJson, printJson } from "../../lib/json.ts";
import { JsonText, short } from "../../lib/values.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { JsonTree } from "../../ui/JsonTree/JsonTree.tsx";
import { check } from "../checks.ts";
import { hintOf, useTyped } from "../input.tsx";
import type { FieldInputProps } from "../types.ts";
import { formatJson } from "./format.ts";

const printOf = (value: unknown): string => {
  try {
    return printJson(value, 2);
  } catch {
    return short(value, 2000);
  }
};

// The form is drawn anew with each key in any of its fields: a long value is printed, and read, once.
const known = new WeakMap<object, string>();

const printed = (value: unknown): string => {
  if (value === null || value === undefined) return "";
  if (value instanceof JsonText) return value.text;
  if (typeof value !== "object") return printOf(value);
  const text = known.get(value) ?? printOf(value);
  known.set(value, text);
  return text;
};

const useFound = ({ field, value, error }: FieldInputProps): { said: string; onBlur: () => void } => {
  const [isLeft, setLeft] = useState(false);
  const found = useMemo(() => (isLeft ? check(value, field) : ""), [isLeft, value, field]);
  return { said: error || found, onBlur: () => setLeft(true) };
};

const parsed = (text: string): unknown => {
  try {
    return parseJson(text);
  } catch {
    return undefined; // nested deeper than can be read
  }
};

// Typed, it is what an empty one is sent as.
const nothing = /^\s*(?:null\s*)?$/;

// Sent as the text that it is (see JsonText): numbers stay as they are written. Empty is null.
export const JsonInput = (props: FieldInputProps) => {
  const { field, value, onChange } = props;
  const { said, onBlur } = useFound(props);
  const [text, type] = useTyped(value, printed);
  const [isTree, showTree] = useState(false);
  const [goTo, go] = useState<number | undefined>(undefined);
  const fault = useMemo(() => (said !== "" && value instanceof JsonText ? jsonFault(text) : null), [text, said]);
  const faults = useMemo(() => (fault ? [{ at: fault.at, length: 1, message: said }] : []), [fault, said]);
  const set = (typed: string) => {
    const made = nothing.test(typed) ? null : new JsonText(typed);
    type(typed, made);
    onChange(made);
  };
  const tree = useMemo(() => (isTree && jsonFault(text) === null ? parsed(text) : undefined), [isTree, text]);
  const canFormat = text.trim() !== "" && !fault;
  const toFault = () => {
    go(undefined);
    requestAnimationFrame(() => go(fault?.at));
  };
  return (
    <div class="json-field">
      {tree === undefined ? (
        <CodeField name={field.name} label={field.name} hint={hintOf(props)} error={said} required={field.required === true} language="json" value={text} onInput={set} onBlur={onBlur} faults={faults} {...(goTo === undefined ? {} : { goTo })} />
      ) : (
        <div class="field"><p class="field-label">{field.name}</p><JsonTree value={tree} label={field.name} /></div>
      )}
      <span class="input-under">
        <Button kind="quiet" disabled={!canFormat} onClick={() => jsonFault(text) === null && set(formatJson(text))}>{t.fields.jsonFormat}</Button>
        <Button kind="quiet" disabled={!canFormat} aria-pressed={tree !== undefined} onClick={() => showTree(!isTree)}>{t.fields.jsonTree}</Button>
        {fault && <Button kind="quiet" onClick={toFault}>{t.fields.jsonGo}</Button>}
      </span>
    </div>
  );
};
