// Tree → its one text. A group in a group has brackets, so nobody has to know what binds tighter.

import type { Node, Operand } from "./parse.ts";

const escapes: Record<string, string> = { "\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\ufffd" };

// Any text as one of the language: nothing in it ends it. (A NUL, which ends the whole filter, cannot
// be written.)
export const quote = (text: string): string => `'${text.replace(/[\\'\n\r\t\0]/g, (letter) => escapes[letter] ?? letter)}'`;

export const printOperand = (operand: Operand): string =>
  operand.kind === "path" ? operand.path : operand.kind === "call" ? `${operand.name}(${operand.args.map(printOperand).join(", ")})` : operand.kind === "text" ? quote(operand.text) : operand.text;

export const print = (node: Node): string =>
  node.kind === "compare"
    ? `${printOperand(node.left)} ${node.op} ${printOperand(node.right)}`
    : node.parts.map((part) => (part.kind === "group" ? `(${print(part)})` : print(part))).join(` ${node.op} `);
