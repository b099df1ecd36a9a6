// Addresses and ranges of them.

const v4Bits = 32n;
const v6Bits = 128n;

interface Address {
  bits: bigint;
  n: bigint;
}

const readV4 = (text: string): bigint | null => {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((one) => /^\d{1,3}$/.test(one) && Number(one) <= 255)) return null;
  return parts.reduce((sum, one) => (sum << 8n) + BigInt(one), 0n);
};

const readGroups = (text: string): string[] | null => {
  const groups = text === "" ? [] : text.split(":");
  return groups.every((one) => /^[\da-f]{1,4}$/i.test(one)) ? groups : null;
};

const readV6 = (text: string): bigint | null => {
  const halves = text.split("::");
  const [head, tail] = [readGroups(halves[0] ?? ""), readGroups(halves[1] ?? "")];
  if (!head || !tail || halves.length > 2) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  return [...head, ...Array<string>(missing).fill("0"), ...tail].reduce((sum, one) => (sum << 16n) + BigInt(`0x${one}`), 0n);
};

const read = (text: string): Address | null => {
  const v4 = readV4(text);
  if (v4 !== null) return { bits: v4Bits, n: v4 };
  const v6 = readV6(text);
  return v6 === null ? null : { bits: v6Bits, n: v6 };
};

const isIn = (ip: Address, range: string): boolean => {
  const [, base = "", length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(range.trim()) ?? [];
  const from = read(base);
  if (!from || from.bits !== ip.bits) return false;
  const fixed = length === undefined ? ip.bits : BigInt(length);
  return fixed <= ip.bits && from.n >> (ip.bits - fixed) === ip.n >> (ip.bits - fixed);
};

// What cannot be read is in none.
export const isInRanges = (ip: string, ranges: readonly string[]): boolean => {
  const found = read(ip);
  return found !== null && ranges.some((range) => isIn(found, range));
};
