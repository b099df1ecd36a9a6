// Copying, with what has come of it.

import { t } from "../i18n/t.ts";
import { copyText } from "../lib/clipboard.ts";
import { toast } from "./toasts.ts";

export const copyAndSay = async (text: string): Promise<void> => {
  if (await copyText(text)) toast("ok", t.common.copied);
  else toast("error", `${t.bulk.copyRefused}. ${t.bulk.copyRefusedFix}`);
};
