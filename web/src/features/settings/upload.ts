// The upload of a backup, one at a time: it goes on while its user is elsewhere, who is told then.

import { signal } from "@preact/signals";
import { uploadBackup } from "../../api/backups.ts";
import { isAborted } from "../../api/error.ts";
import { ts } from "../../i18n/t-settings.ts";
import { isSigned } from "../../state/session.ts";
import { toast } from "../../state/toasts.ts";
import type { BackupsState } from "./backups-state.ts";

export const uploading = signal<{ name: string; part: number } | null>(null);
export const uploadWrong = signal<unknown>(undefined);
let leaving: AbortController | null = null;
let shown: BackupsState | null = null; // the list that is looked at

// Returns what ends it.
export const showUploads = (of: BackupsState): (() => void) => {
  shown = of;
  return () => {
    shown = null;
    uploadWrong.value = undefined;
  };
};

export const stopUpload = (): void => leaving?.abort();

const tell = (name: string, error: unknown): void => {
  if (isAborted(error)) void shown?.load();
  else if (shown) {
    uploadWrong.value = error;
    void shown.load();
  } else if (isSigned.peek()) toast(error ? "error" : "ok", error ? ts.backups.notUploaded(name) : ts.backups.uploaded(name));
};

export const sendUpload = async (file: File | undefined): Promise<void> => {
  if (!file || uploading.peek()) return;
  const { name } = file;
  leaving = new AbortController();
  uploadWrong.value = undefined;
  uploading.value = { name, part: 0 };
  let wrong: unknown;
  try {
    await uploadBackup(undefined, file, (part) => { uploading.value = { name, part }; }, leaving.signal);
  } catch (error) {
    wrong = error;
  }
  uploading.value = null;
  tell(name, wrong);
};
