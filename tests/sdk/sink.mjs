// A mail server that keeps what it is sent.

import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = join(dirname(fileURLToPath(import.meta.url)), '../users/sink_lines.py');

export async function startSink() {
  const child = spawn('python3', [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (what) => {
    let timer;
    const late = new Promise((_, failed) => {
      timer = setTimeout(() => failed(new Error(`waited 30 s for ${what}`)), 30000);
    });
    try {
      return (await Promise.race([lines.next(), late])).value;
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    port: Number(await line('the mail server')),
    mail: async () => JSON.parse(await line('a mail')),
    stop: () => child.kill(),
  };
}
