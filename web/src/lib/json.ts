// JSON whose numbers stay as they are written: one that would be printed otherwise, because a double
// cannot hold it or as 1.10, stays the text that it is.

export class RawNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

export type Json = string | number | boolean | null | RawNumber | Json[] | { [key: string]: Json };

type Reviver = (this: unknown, key: string, value: unknown, context?: { source?: string }) => unknown;
const rawJSON = (JSON as unknown as { rawJSON?: (text: string) => unknown }).rawJSON;

// The same number, written otherwise: 1.50 is 1.5, 1e2 is 100.
const normal = (text: string): string => {
  const [, sign, whole = "", part = "", exp = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = (whole + part).replace(/^0+/, "");
  const trimmed = digits.replace(/0+$/, "");
  const power = Number(exp) - part.length + (digits.length - trimmed.length);
  return trimmed === "" ? "0" : `${sign}${trimmed}e${power}`;
};

const keepNumbers: Reviver = (_key, value, context) => {
  const source = context?.source;
  if (typeof value !== "number" || source === undefined) return value;
  return source === String(value) ? value : new RawNumber(source);
};

// Whether a double holds it, however it is written.
export const isExact = (text: string): boolean => normal(text) === normal(String(Number(text)));

// What may be a number that is printed otherwise: long, with an exponent, or so small that it gets
// one; with zeros at its end; less than nothing at all.
const otherwise = /\d{16}|\d[.\d]{16}|\d[eE]|\.0{6}|\.\d*0(?=[\s,\]}]|$)|-0(?=[\s,\]}]|$)/;

// Throws SyntaxError. Texts without such numbers, nearly all, are read by the plain parser; so is one
// that is too deep to be gone through, whose numbers are rounded then.
export const parseJson = (text: string): unknown => {
  if (!otherwise.test(text)) return JSON.parse(text);
  try {
    return JSON.parse(text, keepNumbers as (key: string, value: unknown) => unknown);
  } catch (error) {
    if (error instanceof RangeError) return JSON.parse(text);
    throw error;
  }
};

export const printJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, (_key, part: unknown) => (part instanceof RawNumber ? (rawJSON ? rawJSON(part.text) : Number(part.text)) : part), indent);
