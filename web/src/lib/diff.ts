// What is shown of two texts that differ.

import { cut } from "./values.ts";

const before = 16; // characters that stay before what differs

// Both from shortly before where they begin to differ, in at most `most` characters.
export const around = (was: string, is: string, most: number): [was: string, is: string] => {
  let same = 0;
  while (same < was.length && was[same] === is[same]) same++;
  let from = same > before ? same - before : 0;
  if (/[\uDC00-\uDFFF]/.test(was.charAt(from))) from--; // in the middle of a character
  const part = (text: string) => (from > 0 ? "…" : "") + cut(text.slice(from), most);
  return [part(was), part(is)];
};
