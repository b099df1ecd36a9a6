// A server that restarts to be restored: waited for until it answers again. It may go on as before,
// where what it was to become could not be read.

import { stateOfServer } from "../../api/backups.ts";
import { listen } from "../../api/realtime.ts";

const firstLookMs = 2000; // it answers for a moment before it begins
const nextLookMs = 1000;
const mostLooks = 180;

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

// Whether it has restarted is seen by a connection that ends, however soon it is back.
export const comesBack = async (token?: string): Promise<"back" | "same" | "lost"> => {
  let hasEnded = false;
  const nothing = () => undefined;
  const stop = listen({ topic: "@reeve/schema", onEvent: nothing, onMissed: nothing, onLost: () => { hasEnded = true; } });
  await pause(firstLookMs);
  let state = await stateOfServer(token);
  for (let n = 0; state !== "free" && n < mostLooks; ) {
    if (state === "away") n++;
    await pause(nextLookMs);
    state = await stateOfServer(token);
  }
  stop();
  return state !== "free" ? "lost" : hasEnded ? "back" : "same";
};
