// Once what was changed just now is in the page: the library draws it in this turn, in a microtask that
// the change has queued. So no key that is pressed next comes before it, as with a frame to wait for.
export const drawn = (act: () => void): void => queueMicrotask(act);
