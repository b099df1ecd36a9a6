// Pictures for thumbs, and the sizes of those that come back.

import { deflateSync } from 'node:zlib';

// 208x104 in grey.
export const jpeg = Buffer.from(
  [
    '/9j/2wCEAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDIBCQkJDAsMGA0NGD',
    'IhHCEyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMv/AAAsIAGgA0AEBEQD/xADSAAABBQEBAQEBAQAA',
    'AAAAAAAAAQIDBAUGBwgJCgsQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKC',
    'kqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfI',
    'ycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAAgBAQAAPwD3+iiiiiiiiiiiivgCiiiiiiiiiiiivv8Aoooooooooooor4Aooooooo',
    'ooooor7/oooooooooooor4Aoooooooooooor7/AKKKKKKKKKKKKK+AKKKKKKKKKKKKK+/6KKKKKKKKKKKK+AKKKKKKKKKKKKK+/wCiiiiiiiii',
    'iiivgCiiiiiiiiiiiivf/wDhpr/qUf8Aypf/AGqj/hpr/qUf/Kl/9qo/4aa/6lH/AMqX/wBqo/4aa/6lH/ypf/aqP+Gmv+pR/wDKl/8AaqP+Gm',
    'v+pR/8qX/2qj/hpr/qUf8Aypf/AGqj/hpr/qUf/Kl/9qo/4aa/6lH/AMqX/wBqo/4aa/6lH/ypf/aqP+Gmv+pR/wDKl/8AaqP+Gmv+pR/8qX/2',
    'qj/hpr/qUf8Aypf/AGqvAKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKK',
    'KKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKK//2Q==',
  ].join(''),
  'base64',
);

// Red, green, blue from top to bottom.
export function png(width, height) {
  const colors = [[255, 0, 0], [0, 255, 0], [0, 0, 255]];
  const line = (color) => Buffer.from([0, ...Array(width).fill(color).flat()]);
  const lines = colors.map(line);
  const rows = Array.from({ length: height }, (_, y) => lines[Math.floor((3 * y) / height)]);
  const head = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  const body = deflateSync(Buffer.concat(rows));
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', body), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(name, data) {
  const named = Buffer.concat([Buffer.from(name), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}

function crc32(data) {
  let crc = ~0;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

// [type, width, height] of a PNG or a JPEG.
export function sizeOf(data) {
  if (data.subarray(1, 4).toString() === 'PNG') return ['png', data.readUInt32BE(16), data.readUInt32BE(20)];
  for (let at = 2; data[at] === 0xff; at += 2 + data.readUInt16BE(at + 2))
    if (data[at + 1] >= 0xc0 && data[at + 1] <= 0xc2)
      return ['jpeg', data.readUInt16BE(at + 7), data.readUInt16BE(at + 5)];
  return [data.subarray(0, 4).toString('latin1')];
}
