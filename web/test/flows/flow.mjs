// What a flow begins and ends with: a browser, and a server of its own.

import { after, before } from "node:test";
import { hasBrowser, startBrowser } from "./browser.mjs";
import { root, startServer } from "./server.mjs";

const beginMs = 120_000;

export const limitOf = (timeout) => ({ timeout, skip: hasBrowser ? false : "lack of chromium" });

// Does it at the page's next call of that method for records, before the server hears of that: so
// nothing else that the page asks finds out first.
export const atCall = async (page, method, act) => {
  let isDone = false;
  await page.route(/\/records(?:$|\W)/, async (route) => {
    if (route.request().method() === method && !isDone) {
      isDone = true;
      await act();
    }
    await route.continue();
  });
};

// prepare: what has to be there before the first of its tests; release: what goes after the last; start: of
// a server that has something in it.
export const useFlow = ({ prepare = () => {}, release = () => {}, start = startServer, ...options } = {}) => {
  const flow = {
    call: (method, path, body) => flow.server.call(method, path, body, flow.token),
    // Signed in, at an address of the dashboard.
    openAt: async (hash, how = {}) => {
      const tab = await flow.browser.open(flow.server.url, { ...how, query: `${how.query ?? ""}#${hash}` });
      await tab.signIn(root);
      return tab;
    },
  };
  before(async () => {
    flow.browser = await startBrowser();
    flow.server = await start(options);
    if (options.superuser ?? true) flow.token = await flow.server.signIn();
    await prepare(flow);
  }, { timeout: beginMs });
  after(async () => {
    await release();
    await flow.browser?.stop();
    await flow.server?.stop();
  });
  return flow;
};
