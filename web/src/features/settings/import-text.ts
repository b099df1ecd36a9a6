// What is to be imported stays while one looks elsewhere, as long as its user is signed in.

import { effect, signal } from "@preact/signals";
import { isSigned } from "../../state/session.ts";

export const typed = signal("");

effect(() => {
  if (!isSigned.value) typed.value = "";
});
