// The token with which protected files are read: one, shared by all that show such files.

import { signal } from "@preact/signals";
import { requestFileToken } from "../../api/files.ts";

const freshMs = 90_000; // the server's tokens live 3 minutes, where nobody has changed that

export const fileToken = signal("");
let askedAt = -Infinity;

// A new one; the one that is there where the server gives none.
export const askFileToken = (now = Date.now()): Promise<string> => {
  askedAt = now;
  return requestFileToken().then(
    (token) => (fileToken.value = token),
    () => {
      askedAt = -Infinity;
      return fileToken.value;
    },
  );
};

// Asks for a new one where there is none that is fresh.
export const needFileToken = (now = Date.now()): void => {
  if (now - askedAt >= freshMs) void askFileToken(now);
};
