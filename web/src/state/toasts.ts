// Short news of what happened elsewhere. Errors stay until they are closed.

import { signal } from "@preact/signals";

export interface Toast {
  id: number;
  kind: "ok" | "error";
  text: string;
  act?: ToastAct;
}

// What can still be done about it; the toast goes with it.
export interface ToastAct {
  label: string;
  act: () => void;
}

const shownMs = 5000;
const shownWithActMs = 10_000;
let next = 1;
export const toasts = signal<Toast[]>([]);

export const closeToast = (id: number): void => {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
};

export const toast = (kind: Toast["kind"], text: string, act?: ToastAct): void => {
  const id = next++;
  toasts.value = [...toasts.value, { id, kind, text, ...(act ? { act } : {}) }];
  if (kind === "ok") setTimeout(() => closeToast(id), act ? shownWithActMs : shownMs);
};
