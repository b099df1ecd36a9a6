// The attributes of a tag as they are written: what is looked up or changed in them leaves the rest as
// it is.

const named: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

// Entities that a text of attributes has most; others stay as they are written.
export const decode = (text: string): string =>
  text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos|nbsp));?/gi, (all, dec: string | undefined, hex: string | undefined, name: string | undefined) => {
    if (name) return named[name.toLowerCase()] ?? all;
    const code = dec ? Number(dec) : parseInt(hex ?? "", 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });

export const escapeText = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/\u00a0/g, "&nbsp;");
export const escapeAttr = (text: string): string => text.replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/\u00a0/g, "&nbsp;");

interface Attr {
  name: string;
  value: string;
  raw: string;
}

const one = /[\s/]*([^\s/>][^\s/>=]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*)))?/y;

export const readAttrs = (raw: string): Attr[] => {
  const found: Attr[] = [];
  for (one.lastIndex = 0; ; ) {
    const match = one.exec(raw);
    if (!match) return found;
    found.push({ name: (match[1] ?? "").toLowerCase(), value: decode(match[2] ?? match[3] ?? match[4] ?? ""), raw: match[0] });
  }
};

export const getAttr = (raw: string, name: string): string | null => (raw === "" ? null : (readAttrs(raw).find((attr) => attr.name === name)?.value ?? null));

// null removes it.
export const setAttr = (raw: string, name: string, value: string | null): string => {
  const made = value === null ? "" : ` ${name}="${escapeAttr(value)}"`;
  const attrs = readAttrs(raw);
  if (!attrs.some((attr) => attr.name === name)) return raw.trimEnd() + made;
  return attrs.map((attr) => (attr.name === name ? made : /^[\s/]/.test(attr.raw) ? attr.raw : ` ${attr.raw}`)).join("");
};

const mostStyle = 10_000; // longer ones are left alone
const declarations = (style: string): string[] => style.length > mostStyle ? [style] : style.match(/(?:"[^"]*"|'[^']*'|\([^)]*\)|[^;"'(]|["'(])+/g) ?? [];
const nameOf = (declaration: string): string => declaration.slice(0, Math.max(0, declaration.indexOf(":"))).trim().toLowerCase();

export const getStyle = (raw: string, name: string): string => {
  const style = getAttr(raw, "style");
  const found = style === null ? undefined : declarations(style).findLast((one) => nameOf(one) === name);
  return found === undefined ? "" : found.slice(found.indexOf(":") + 1).replace(/!\s*important/i, "").trim();
};

export const setStyle = (raw: string, name: string, value: string | null): string => {
  const kept = declarations(getAttr(raw, "style") ?? "").filter((one) => nameOf(one) !== name && one.trim() !== "").map((one) => one.trim());
  const now = value === null ? kept : [...kept, `${name}: ${value}`];
  return setAttr(raw, "style", now.length > 0 ? `${now.join("; ")};` : null);
};
