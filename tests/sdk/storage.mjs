// Where the files of a test's records are: the server's own disk or, where REEVE_S3 says so, a bucket
// (s3/with_s3.py sets it to the line that s3/serve.py prints).

import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const s3 = process.env.REEVE_S3 ? JSON.parse(process.env.REEVE_S3) : null;

export async function useStorage(admin) {
  if (!s3) return;
  const { endpoint, bucket, region, key: accessKey, secret } = s3;
  const wanted = { enabled: true, endpoint, bucket, region, accessKey, secret, forcePathStyle: true };
  await admin.settings.update({ s3: wanted });
}

// The names of a record's files and, below it, thumbs, once there are so many: removing goes on
// behind the answer.
export async function stored(server, record, count) {
  const find = s3 ? inBucket : onDisk;
  for (const end = Date.now() + 5000; ; ) {
    const names = await find(server, record);
    if (names.length === count || Date.now() > end) return names.sort();
    await new Promise((done) => setTimeout(done, 5));
  }
}

function onDisk(server, record) {
  const folder = join(server.dir, 'storage', record.collectionId, record.id);
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile() && !entry.name.endsWith('.attrs')).map((entry) => entry.name);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return []; // it went meanwhile
  }
}

async function inBucket(server, record) {
  const local = onDisk(server, record);
  if (local.length) throw new Error(`on the server's own disk: ${local}`);
  const keys = Object.keys(await (await fetch(`${s3.control}/objects`)).json());
  const begin = `${record.collectionId}/${record.id}/`;
  return keys.filter((key) => key.startsWith(begin)).map((key) => key.split('/').at(-1));
}
