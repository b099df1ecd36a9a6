// A text of SQL as its statements, with what each would do. It knows as much of SQLite's language as
// that takes: what is quoted, comments, brackets, the bodies of triggers.

export interface Token {
  kind: "word" | "quoted" | "sign";
  from: number;
  to: number;
  text: string; // of a word in capitals; of what is quoted without its quotes
}

export interface Statement {
  from: number; // its first word
  to: number; // behind its last one, before the semicolon
  text: string;
  tokens: readonly Token[];
}

const blank = /\s+/y;
const word = /[\p{L}_$\d][\p{L}\p{N}_$]*/uy;
const closing: Record<string, string> = { "'": "'", '"': '"', "`": "`", "[": "]" };

const isSign = (token: Token | undefined, text: string): boolean => token?.kind === "sign" && token.text === text;
const isWord = (token: Token | undefined, text: string): boolean => token?.kind === "word" && token.text === text;

const matchAt = (pattern: RegExp, text: string, at: number): number => {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0].length ?? 0;
};

// Behind what begins at `from`; its end is doubled where it does not end. By hand: a pattern that
// repeats a choice fills the engine's stack when a text is very long.
const endOfQuoted = (text: string, from: number): number => {
  const end = closing[text[from] ?? ""] ?? "";
  for (let at = text.indexOf(end, from + 1); at >= 0; at = text.indexOf(end, at + 2)) if (end === "]" || text[at + 1] !== end) return at + 1;
  return text.length;
};

const endOfComment = (text: string, from: number): number => {
  const isLine = text.startsWith("--", from);
  if (!isLine && !text.startsWith("/*", from)) return from;
  const end = text.indexOf(isLine ? "\n" : "*/", from + 2);
  return end < 0 ? text.length : end + (isLine ? 1 : 2);
};

const unquoted = (text: string): string => {
  const end = closing[text[0] ?? ""] ?? "";
  const inner = text.slice(1, text.length > 1 && text.endsWith(end) ? -1 : undefined);
  return end === "]" ? inner : inner.replaceAll(end + end, end);
};

export const tokensOf = (text: string): Token[] => {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const from = at;
    at += matchAt(blank, text, at);
    at = endOfComment(text, at);
    if (at > from) continue;
    const length = matchAt(word, text, at);
    const isQuoted = length === 0 && Object.hasOwn(closing, text[at] ?? "");
    at = length > 0 ? at + length : isQuoted ? endOfQuoted(text, at) : at + 1;
    const found = text.slice(from, at);
    tokens.push({ kind: length > 0 ? "word" : isQuoted ? "quoted" : "sign", from, to: at, text: length > 0 ? found.toUpperCase() : isQuoted ? unquoted(found) : found });
  }
  return tokens;
};

const trigger = /^(?:EXPLAIN (?:QUERY PLAN )?)?CREATE (?:TEMP |TEMPORARY )?TRIGGER /;
const mostBefore = 6; // words that stand before the name of one

const isTrigger = (tokens: readonly Token[]): boolean => trigger.test(tokens.slice(0, mostBefore + 1).map(({ text }) => `${text} `).join(""));

export const splitSql = (text: string): Statement[] => {
  const found: Statement[] = [];
  let tokens: Token[] = [];
  let isBody = false; // of a trigger, which an END ends that is a statement of its own
  const end = () => {
    const [from, to] = [tokens[0]?.from, tokens.at(-1)?.to];
    if (from !== undefined && to !== undefined) found.push({ from, to, text: text.slice(from, to), tokens });
    tokens = [];
    isBody = false;
  };
  for (const token of tokensOf(text)) {
    if (isSign(token, ";") && (!isBody || (isSign(tokens.at(-2), ";") && isWord(tokens.at(-1), "END")))) {
      end();
      continue;
    }
    tokens.push(token);
    if (!isBody && isWord(token, "BEGIN")) isBody = isTrigger(tokens);
  }
  end();
  return found;
};

// The one that the cursor is in, or behind; the first one before all of them.
export const statementAt = (statements: readonly Statement[], at: number): Statement | undefined => statements.findLast(({ from }) => from <= at) ?? statements[0];

export interface Doing {
  verb: string; // "SELECT", "DROP TABLE"; "" where it has none
  target: string; // what it changes, as far as it says so
  writes: boolean; // or may do so
  isSchema: boolean; // tables, or columns, may be others after it
}

const reads = new Set(["SELECT", "VALUES", "EXPLAIN"]);
const changes = new Set(["INSERT", "REPLACE", "UPDATE", "DELETE"]);
// The rest of what a statement of SQLite can begin with: no other word does anything.
const others = new Set(["ALTER", "ANALYZE", "ATTACH", "BEGIN", "COMMIT", "CREATE", "DETACH", "DROP", "END", "REINDEX", "RELEASE", "ROLLBACK", "SAVEPOINT", "VACUUM"]);
const readPragmas = /_(?:X?INFO|LIST)$|^(?:INTEGRITY_CHECK|QUICK_CHECK|FOREIGN_KEY_CHECK|COMPILE_OPTIONS)$/; // whatever they are given
const readAlone = /^(?:PAGE_COUNT|PAGE_SIZE|FREELIST_COUNT|USER_VERSION|SCHEMA_VERSION|ENCODING)$/; // given nothing

const sets = ([, name, ...given]: readonly Token[]): boolean =>
  name?.kind !== "word" || given.some((token) => isSign(token, "=")) || !(readPragmas.test(name.text) || (given.length === 0 && readAlone.test(name.text)));

// Behind what WITH defines: the first verb that stands in no bracket. EXPLAIN is a name there.
const afterWith = (tokens: readonly Token[]): readonly Token[] => {
  let depth = 0;
  for (const [n, token] of tokens.entries()) {
    if (isSign(token, "(")) depth++;
    else if (isSign(token, ")")) depth--;
    else if (depth === 0 && token.kind === "word" && token.text !== "EXPLAIN" && (reads.has(token.text) || changes.has(token.text))) return tokens.slice(n);
  }
  return [];
};

const named: readonly string[] = ["INTO", "FROM", "TABLE", "INDEX", "VIEW", "TRIGGER", "UPDATE"];
const skipped: readonly string[] = ["OR", "ABORT", "FAIL", "IGNORE", "REPLACE", "ROLLBACK", "IF", "NOT", "EXISTS"];

const textIn = (source: string, { kind, from, to, text }: Token): string => (kind === "quoted" ? text : source.slice(from, to));

// The name behind INTO, FROM, TABLE and so on: "main.posts".
const targetOf = (source: string, tokens: readonly Token[]): string => {
  let at = tokens.findIndex((token) => token.kind === "word" && named.includes(token.text)) + 1;
  if (at === 0) return "";
  while (tokens[at]?.kind === "word" && skipped.includes(tokens[at]?.text ?? "")) at++;
  const name = tokens[at];
  const inner = isSign(tokens[at + 1], ".") ? tokens[at + 2] : undefined;
  return name && name.kind !== "sign" ? textIn(source, name) + (inner ? `.${textIn(source, inner)}` : "") : "";
};

export const doingOf = (source: string, { tokens: all }: Pick<Statement, "tokens">): Doing => {
  const tokens = all[0]?.text === "WITH" ? afterWith(all) : all;
  const words = tokens.filter(({ kind }) => kind === "word").map(({ text }) => text);
  const [first = ""] = words;
  // Behind WITH there has to be something that is understood.
  if (all[0]?.kind !== "word" || first === "") return { verb: "", target: "", writes: all[0]?.text === "WITH", isSchema: false };
  // A pragma may set something as soon as it is read, whoever only asks how it would run.
  const inner = tokens.slice(isWord(tokens[1], "QUERY") ? 3 : 1);
  if (first === "EXPLAIN" && isWord(inner[0], "PRAGMA")) return { verb: first, target: "", writes: sets(inner), isSchema: false };
  if (reads.has(first) || !(changes.has(first) || others.has(first) || first === "PRAGMA")) return { verb: first, target: "", writes: false, isSchema: false };
  if (first === "PRAGMA") return { verb: first, target: "", writes: sets(tokens), isSchema: false };
  const target = targetOf(source, tokens);
  if (changes.has(first)) return { verb: first, target, writes: true, isSchema: false };
  const isSchema = first === "CREATE" || first === "DROP" || first === "ALTER";
  const kind = isSchema ? words.find((one) => named.includes(one)) : undefined;
  return { verb: kind ? `${first} ${kind}` : first, target, writes: true, isSchema };
};

export interface SqlFault {
  at: number;
  length: number;
  message: string;
}

// SQLite names the word that it did not expect, or the column that is not there.
export const faultOf = (statement: Pick<Statement, "from" | "text" | "tokens">, message: string): SqlFault | undefined => {
  const [, near, missing] = /near "([^"]+)"|no such (?:column|table|function): (?:\w+\.)*(\w+)/.exec(message) ?? [];
  const wanted = (near ?? missing ?? "").toUpperCase();
  const found = wanted ? statement.tokens.find(({ text }) => text.toUpperCase() === wanted) : undefined;
  return found ? { at: found.from, length: found.to - found.from, message } : undefined;
};
