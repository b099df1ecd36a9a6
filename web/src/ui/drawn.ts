// Once what was changed just now is in the page, or gone from it: the library draws it in this turn, in a
// microtask that the change has queued. So it comes before the next key, as a frame might not.
export const drawn = (act: () => unknown): void => queueMicrotask(act);
