// A filter, typed: plain words, or the language of the API with completion and its faults explained.
// The builder below shows the same filter as rows.

import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Collection } from "../../api/types.ts";
import { t } from "../../i18n/t.ts";
import { toRows } from "../../lib/filter/rows.ts";
import { filterOf, oneLine, understand, type Meaning } from "../../lib/filter/understand.ts";
import { Button } from "../Button/Button.tsx";
import { Icon } from "../Icon/Icon.tsx";
import { Lazy, type Load } from "../Lazy/Lazy.tsx";
import type { BuilderProps } from "./Builder.tsx";
import { FilterInput, useSuggestions, writeInto, type Typed } from "./FilterInput.tsx";
import type { AskRecords } from "./records.ts";
import { Suggestions } from "./Suggestions.tsx";

export interface FilterBarProps {
  collection: Collection;
  collections: readonly Collection[];
  value: string; // the filter that is applied
  onApply: (filter: string) => void;
  history: readonly string[]; // the last first
  searchFields?: readonly string[]; // where words are looked for; its visible text fields
  ask?: AskRecords; // records that relations are compared with; none are offered
}

const mostMirrored = 4000; // a longer text is over the limit of filters, which is said without a place

// The same text, unseen, behind the caret: it draws the line under what is wrong.
const Mirror = ({ text, meaning, scroll }: { text: string; meaning: Meaning; scroll: number }) => {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (ref.current) ref.current.scrollLeft = scroll;
  });
  if (meaning.kind !== "fault" || meaning.isUnfinished || text.length > mostMirrored) return null;
  const { at, length } = meaning.fault;
  return (
    <div ref={ref} class="filter-mirror" aria-hidden="true">
      {text.slice(0, at)}<span class="filter-fault">{text.slice(at, at + length)}</span>{text.slice(at + length)}
    </div>
  );
};

const Said = ({ id, meaning, value, isTried }: { id: string; meaning: Meaning; value: string; isTried: boolean }) => {
  const isWrong = meaning.kind === "fault" && (isTried || !meaning.isUnfinished);
  const filter = filterOf(meaning);
  const act = filter === undefined || filter === value ? "" : filter === "" ? t.filter.enterClears : t.filter.enterApplies;
  const why = meaning.kind === "fault" ? t.filter.faults[meaning.fault.what](meaning.fault.found) : "";
  return (
    <p id={id} class={`filter-said${isWrong ? " filter-wrong" : ""}`} aria-live={isTried ? "polite" : "off"} title={why || (meaning.kind === "words" ? meaning.filter : undefined)}>
      {isWrong && <Icon name="circle-alert" size={14} />}
      <span class="filter-why">
        {why}
        {meaning.kind === "words" && <>{t.filter.means} <code dir="ltr">{meaning.filter}</code></>}
      </span>
      {act && <span>{act}</span>}
    </p>
  );
};

export const FilterBar = ({ collection, collections, value, onApply, history, searchFields, ask }: FilterBarProps) => {
  const [typed, setTyped] = useState<Typed>({ text: oneLine(value), cursor: 0 });
  const [isTried, setTried] = useState(true); // nobody is typing: what is not finished is a fault
  const [isBuilding, build] = useState(false);
  const [scroll, setScroll] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const bar = useRef<HTMLDivElement>(null);
  const caret = useRef<number | null>(null);
  const id = useId();
  const { text } = typed;
  const scope = useMemo(() => ({ collection, collections }), [collection, collections]);
  const meaning = useMemo(() => understand(text, scope, searchFields), [text, scope, searchFields]);
  const type = (next: Typed) => {
    setTyped(next);
    if (next.text !== text) setTried(false);
  };
  const write = (next: Typed) => {
    if (input.current) writeInto(input.current, next);
    caret.current = next.cursor;
    type(next);
  };
  const choices = useSuggestions(typed, scope, history, write, ask);

  // What is applied elsewhere is shown, unless it is what is typed here, in other words.
  useEffect(() => {
    if (filterOf(meaning) === value) return;
    setTyped({ text: oneLine(value), cursor: 0 });
    setTried(true);
  }, [value, collection.id]);
  useLayoutEffect(() => {
    if (caret.current !== null) input.current?.setSelectionRange(caret.current, caret.current);
    caret.current = null;
  }, [typed]);

  const apply = () => {
    choices.want(false);
    const filter = filterOf(meaning);
    if (filter === undefined) setTried(true);
    else onApply(filter);
  };
  const clear = () => {
    write({ text: "", cursor: 0 });
    onApply("");
  };
  return (
    <div class="filter" role="search" aria-label={t.filter.label}>
      <div class="filter-bar">
        <div ref={bar} class="filter-box" dir="ltr">
          <FilterInput {...{ id, input, typed, choices, type, write, apply, setScroll }} hasHistory={history.length > 0} onLeave={() => setTried(true)} isWrong={meaning.kind === "fault" && (isTried || !meaning.isUnfinished)} />
          <Mirror text={text} meaning={isTried && meaning.kind === "fault" ? { ...meaning, isUnfinished: false } : meaning} scroll={scroll} />
          <Button kind="quiet" icon="x" label={t.filter.clear} class={`filter-clear${text === "" && value === "" ? " filter-gone" : ""}`} onClick={clear} />
        </div>
        <BuilderButton {...{ id, meaning, isBuilding, build }} />
      </div>
      <Said id={`${id}-said`} meaning={meaning} value={value} isTried={isTried} />
      {choices.isOpen && bar.current && <Suggestions id={`${id}-list`} anchor={bar.current} items={choices.items} active={choices.active} onTake={choices.take} />}
      {isBuilding && <Building id={`${id}-builder`} of={{ scope, meaning, value, ask, onChange: (next) => type({ text: next, cursor: next.length }), onApply: apply }} />}
    </div>
  );
};

const builder: Load<BuilderProps> = async () => (await import("./Builder.tsx")).Builder;

// What the button opens is there at once, while it is still fetched.
const Building = ({ id, of }: { id: string; of: BuilderProps }) => <div id={id}><Lazy load={builder} of={of} /></div>;

const BuilderButton = ({ id, meaning, isBuilding, build }: { id: string; meaning: Meaning; isBuilding: boolean; build: (isBuilding: boolean) => void }) => {
  const why = isBuilding ? false : meaning.kind === "fault" ? t.filter.builderFault : meaning.kind !== "none" && !toRows(meaning.node) ? t.filter.builderOff : false;
  return (
    <Button icon="sliders-horizontal" disabled={why} aria-expanded={isBuilding} aria-controls={isBuilding ? `${id}-builder` : undefined} onClick={() => build(!isBuilding)}>
      {t.filter.builder}
    </Button>
  );
};
