// CREATE INDEX as the server reads it (collections.md 7): its parts, and the text that they make.

export interface IndexColumn {
  name: string; // of a column, or an expression
  collate: string; // "" for none
  sort: "" | "ASC" | "DESC";
}

export interface Index {
  isUnique: boolean;
  ifMissing: boolean;
  schema: string;
  name: string;
  table: string;
  columns: readonly IndexColumn[];
  where: string;
}

const shape = /create\s+(unique\s+)?\s*index\s*(if\s+not\s+exists\s+)?(\S*)\s+on\s+(\S*)\s*\(([\s\S]*?)\)(?:\s+where\s+([\s\S]*))?\s*$/i;
const column = /^([\s\S]+?)(?:\s+collate\s+(\w+))?(?:\s+(asc|desc))?$/i;
const closing: Record<string, string> = { "(": ")", "'": "'", '"': '"', "`": "`" };

const bare = (text: string): string => text.replace(/^[`"'[\]\s]+|[`"'[\]\s]+$/g, "");

// At commas that stand in no quotes and no brackets.
export const splitList = (text: string): string[] => {
  const parts: string[] = [];
  const open: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    const end = open.at(-1);
    if (char === end) open.pop();
    else if (end !== undefined && end !== ")") continue;
    else if (closing[char]) open.push(closing[char]);
    else if (char === "," && end === undefined) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return [...parts, text.slice(from)];
};

const columnOf = (text: string): IndexColumn | null => {
  const found = column.exec(text.trim());
  const name = bare(found?.[1] ?? "");
  return name ? { name, collate: found?.[2] ?? "", sort: (found?.[3] ?? "").toUpperCase() as IndexColumn["sort"] } : null;
};

// null: the server would not know it either.
export const parseIndex = (text: string): Index | null => {
  const found = shape.exec(text);
  if (!found) return null;
  const [, unique, missing, called = "", on = "", list = "", where = ""] = found;
  const dot = called.indexOf(".");
  const columns = splitList(list).map(columnOf).filter((one) => one !== null);
  const index: Index = {
    isUnique: unique !== undefined,
    ifMissing: missing !== undefined,
    schema: dot < 0 ? "" : bare(called.slice(0, dot)),
    name: bare(dot < 0 ? called : called.slice(dot + 1)),
    table: bare(on),
    columns,
    where: where.trim(),
  };
  return index.name && index.table && columns.length > 0 ? index : null;
};

const printColumn = ({ name, collate, sort }: IndexColumn): string =>
  (/[( ]/.test(name) ? name : `\`${name}\``) + (collate ? ` COLLATE ${collate}` : "") + (sort ? ` ${sort}` : "");

export const printIndex = ({ isUnique, ifMissing, schema, name, table, columns, where }: Index): string => {
  const list = columns.map(printColumn);
  const within = list.length > 1 ? `\n  ${list.join(",\n  ")}\n` : list.join("");
  return `CREATE ${isUnique ? "UNIQUE " : ""}INDEX ${ifMissing ? "IF NOT EXISTS " : ""}${schema ? `\`${schema}\`.` : ""}\`${name}\` ON \`${table}\` (${within})${where ? ` WHERE ${where}` : ""}`;
};

// The only column of a unique index over all rows but blank ones, as the server wants it where somebody signs in by it.
export const uniqueColumn = ({ isUnique, columns }: Index): string => (isUnique && columns.length === 1 ? (columns[0]?.name ?? "") : "");

const sqlPieces = /'(?:[^']|'')*'|`[^`]+`|"[^"]+"|\[[^\]]+\]|[A-Za-z_]\w*/g;

// An expression with columns called otherwise; names: by their names in small letters.
export const renameInSql = (text: string, names: ReadonlyMap<string, string>): string =>
  names.size === 0
    ? text
    : text.replace(sqlPieces, (piece) => {
        const isQuoted = /^[`"[]/.test(piece);
        const to = names.get((isQuoted ? piece.slice(1, -1) : piece).toLowerCase());
        return to === undefined ? piece : isQuoted ? piece[0] + to + piece.at(-1) : to;
      });
