// A real browser, on pages of an origin that is not the server's. What a page complains of is kept.

import { createServer } from 'node:http';
import { readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { functions, waitMs } from './support.mjs';

const program = (process.env.PATH ?? '')
  .split(delimiter)
  .map((dir) => join(dir, 'chromium'))
  .find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());

export const hasBrowser = program !== undefined;

// In the page: clients by name, and what their listeners were called with, in order.
const page = `<!doctype html>
<meta charset="utf-8">
<title>Realtime</title>
<link rel="icon" href="data:,">
<script src="/pocketbase.umd.js"></script>
<script type="module">
  import * as functions from '/functions.mjs';
  Object.assign(globalThis, functions, { clients: {}, heard: [], resyncs: [] });
  globalThis.isReady = true;
</script>
`;

function servePages() {
  const files = {
    '/': ['text/html', page],
    '/functions.mjs': ['text/javascript', functions()],
    '/pocketbase.umd.js': ['text/javascript', readFileSync(fileURLToPath(import.meta.resolve('pocketbase/umd')))],
  };
  const server = createServer(({ url }, response) => {
    const [type, content] = files[url] ?? ['text/plain', ''];
    response.writeHead(files[url] ? 200 : 404, { 'Content-Type': type }).end(content);
  });
  return new Promise((done, failed) => server.on('error', failed).listen(0, '127.0.0.1', () => done(server)));
}

export async function startBrowser() {
  const pages = await servePages();
  const browser = await chromium.launch({
    executablePath: program,
    timeout: waitMs,
    args: ['--no-sandbox', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
  });
  return {
    // faults: what it has complained of so far.
    open: async () => {
      const context = await browser.newContext();
      context.setDefaultTimeout(waitMs);
      const tab = await context.newPage();
      const faults = [];
      tab.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) faults.push(`console: ${message.text()}`);
      });
      tab.on('pageerror', (error) => faults.push(`page: ${error.stack ?? error}`));
      tab.on('crash', () => faults.push('the page has crashed'));
      await tab.goto(`http://127.0.0.1:${pages.address().port}/`);
      await tab.waitForFunction(() => globalThis.isReady);
      return { page: tab, faults, close: () => context.close() };
    },
    stop: async () => {
      await browser.close();
      pages.closeAllConnections();
      await new Promise((done) => pages.close(done));
    },
  };
}
