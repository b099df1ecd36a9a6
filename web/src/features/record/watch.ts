// What a drawer follows while it is open.

import { useEffect } from "preact/hooks";
import { onReached } from "../../api/client.ts";
import { isChange, listen } from "../../api/realtime.ts";
import type { RecordEdit } from "./edit.ts";

const listenAfterMs = 300; // who only goes by does not listen

// Changes of the record by somebody else.
export const useOthers = (edit: RecordEdit): void => {
  const isThere = edit.row.value !== null && edit.collection.type !== "view";
  useEffect(() => {
    if (!isThere) return;
    let stop: (() => void) | undefined;
    let isLost = false;
    const look = () => void edit.look();
    const start = () => {
      stop ??= listen({
        topic: `${edit.collection.name}/${edit.id}`,
        onEvent: (data) => isChange(data) && edit.hear(data),
        onHeard: look,
        onMissed: look,
      });
    };
    const end = () => {
      stop?.();
      stop = undefined;
    };
    const timer = setTimeout(start, listenAfterMs);
    // A server that does not answer is not asked again from here: whoever finds it again says so.
    const unwatch = onReached((isReached) => {
      if (isReached && isLost) {
        start();
        look();
      } else if (!isReached) end();
      isLost = !isReached;
    });
    return () => {
      clearTimeout(timer);
      unwatch();
      end();
    };
  }, [edit, isThere]);
};

const mark = "• ";

// Read until the drawer closes. What is read already is not stopped: an error that is made in vain
// holds what was on the stack as long as the call is remembered, the whole drawer.
export const loadFor = (edit: RecordEdit): (() => void) => {
  const leaving = new AbortController();
  let isDone = false;
  void edit.load(leaving.signal).finally(() => (isDone = true));
  return () => void (isDone || leaving.abort());
};

// The page goes: a draft has what is typed, or the browser asks. What is being saved when the drawer
// closes may still fail.
export const askBefore = (edit: RecordEdit): (() => void) => {
  const ask = (event: BeforeUnloadEvent) => {
    if (!edit.isDirty.peek()) return;
    if (edit.isKept.peek() && edit.unkept().length === 0) void edit.keep();
    else event.preventDefault();
  };
  addEventListener("beforeunload", ask);
  const end = () => removeEventListener("beforeunload", ask);
  return () => void (edit.saving ? edit.saving.then(end, end) : end());
};

// The page's title says that something is not saved; the browser asks before what no draft holds is lost.
export const useUnsaved = (edit: RecordEdit): void => {
  const isDirty = edit.isDirty.value;
  useEffect(() => {
    if (!isDirty) return;
    document.title = mark + document.title.replace(mark, "");
    const stop = askBefore(edit);
    return () => {
      document.title = document.title.replace(mark, "");
      stop();
    };
  }, [edit, isDirty]);
};
