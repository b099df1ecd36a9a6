// One list of everything: pages, collections, acts, and a record by its id.

import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import { readRecord } from "../../api/records.ts";
import { t } from "../../i18n/t.ts";
import { bestMatches } from "../../lib/search.ts";
import { commands, showKeys, singleKeys } from "../../state/commands.ts";
import { collections } from "../../state/instance.ts";
import { navigate } from "../../state/router.ts";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { Checkbox } from "../../ui/Field/Field.tsx";
import { Icon } from "../../ui/Icon/Icon.tsx";
import type { IconName } from "../../ui/Icon/names.ts";

const most = 12;
const idLength = 15;

interface Entry {
  label: string;
  icon: IconName;
  keys?: string;
  act: () => void;
}

const entries = (): Entry[] => [
  ...(collections.data.value ?? []).map(({ name }) => ({ label: name, icon: "database" as const, act: () => void navigate(`/data/${encodeURIComponent(name)}`) })),
  ...commands.value.flatMap(({ label, keys, act, isQuiet }) => (act && !isQuiet ? [{ label, icon: "chevron-right" as const, act, ...(keys ? { keys } : {}) }] : [])),
];

// In any collection; all are asked at once, by who may see everything.
const findRecord = async (id: string, signal: AbortSignal): Promise<Entry[]> => {
  const asked = (collections.data.value ?? []).map(async ({ name }): Promise<Entry | null> => {
    try {
      await readRecord(name, id, { fields: "id" }, signal);
    } catch {
      return null; // it is not there
    }
    return { label: t.palette.record(name, id), icon: "table-2", act: () => void navigate(`/data/${encodeURIComponent(name)}?record=${encodeURIComponent(id)}`) };
  });
  return (await Promise.all(asked)).filter((entry) => entry !== null);
};

const useRecord = (word: string): { found: Entry[]; isLooking: boolean } => {
  const [found, setFound] = useState<Entry[]>([]);
  const [isLooking, setLooking] = useState(false);
  useEffect(() => {
    setFound([]);
    if (word.length !== idLength || !/^\w+$/.test(word)) return;
    const leaving = new AbortController();
    setLooking(true);
    void findRecord(word, leaving.signal).then((records) => {
      if (leaving.signal.aborted) return;
      setFound(records);
      setLooking(false);
    });
    return () => {
      leaving.abort();
      setLooking(false);
    };
  }, [word]);
  return { found, isLooking };
};

const Keys = ({ of }: { of: string }) => <span class="keys">{showKeys(of).map((key) => <kbd key={key}>{key}</kbd>)}</span>;

export const Palette = ({ onClose }: { onClose: () => void }) => {
  const id = useId();
  const [word, setWord] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const { found, isLooking } = useRecord(word.trim());
  const all = useMemo(entries, []);
  const shown = [...found, ...bestMatches(all, ({ label }) => label, word.trim(), most)];
  const active = Math.min(at, shown.length - 1);
  const run = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    entry.act();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter") run(shown[active]);
    else if (step && shown.length > 0) setAt((active + step + shown.length) % shown.length);
    else return;
    event.preventDefault();
  };
  useEffect(() => list.current?.children[active]?.scrollIntoView({ block: "nearest" }), [active]);
  return (
    <Dialog title={t.palette.title} onClose={onClose} class="palette">
      <input
        class="input"
        type="text"
        role="combobox"
        aria-label={t.palette.title}
        aria-expanded="true"
        aria-controls={id}
        aria-autocomplete="list"
        aria-activedescendant={shown.length > 0 ? `${id}-${active}` : undefined}
        placeholder={t.palette.placeholder}
        spellcheck={false}
        value={word}
        onInput={(event) => { setWord(event.currentTarget.value); setAt(0); }}
        onKeyDown={onKeyDown}
      />
      <ul class="palette-list" id={id} role="listbox" aria-label={t.palette.title} ref={list}>
        {shown.map((entry, n) => (
          <li key={entry.label} id={`${id}-${n}`} role="option" aria-selected={n === active} class="palette-item" onClick={() => run(entry)} onPointerMove={() => setAt(n)}>
            <Icon name={entry.icon} />
            <span>{entry.label}</span>
            {entry.keys && <Keys of={entry.keys} />}
          </li>
        ))}
      </ul>
      <p class="palette-said" role="status">{isLooking ? t.palette.searching : shown.length === 0 ? t.palette.none : t.palette.results(shown.length)}</p>
    </Dialog>
  );
};

// The keys that do something here.
export const KeysHelp = ({ onClose }: { onClose: () => void }) => (
  <Dialog title={t.palette.keysTitle} onClose={onClose}>
    <Checkbox name="single-keys" label={t.palette.singleKeys} hint={t.palette.keysHint} checked={singleKeys.value} onChange={() => { singleKeys.value = !singleKeys.value; }} />
    <dl class="keys-list">
      {commands.value.map(({ label, keys }) => keys && <div key={keys}><dt>{label}</dt><dd><Keys of={keys} /></dd></div>)}
    </dl>
    <p><a href="help.html" target="_blank" rel="noopener">{t.palette.guide}</a></p>
  </Dialog>
);
