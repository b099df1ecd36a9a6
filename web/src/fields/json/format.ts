// JSON laid out anew, token by token: all that is written in it stays as it is, the first of two equal
// keys as well. Text that is no JSON comes back in some shape, too.

const token = /"(?:[^"\\]|\\[^])*(?:"|$)|[[\]{},:]|[^\s[\]{},:"]+/g;
const mostDeep = 64; // what is nested deeper stays in a line: its indentation would be longer than it

export const formatJson = (text: string): string => {
  const parts: string[] = [];
  let depth = 0;
  let last = "";
  const line = (at: number) => (at <= mostDeep ? `\n${"  ".repeat(Math.max(0, at))}` : "");
  for (const [now] of text.matchAll(token)) {
    const isOpening = last === "[" || last === "{";
    if (now === "]" || now === "}") {
      if (!isOpening && depth <= mostDeep) parts.push(line(depth - 1));
      depth = Math.max(0, depth - 1);
    } else if (isOpening || last === ",") parts.push(line(depth));
    if (now === "[" || now === "{") depth++;
    parts.push(now === ":" ? (depth > mostDeep ? ":" : ": ") : now);
    last = now;
  }
  return parts.join("");
};
