import { useState } from "preact/hooks";
import type { Field, Row } from "../api/types.ts";
import { FileInput } from "../fields/file/input.tsx";
import { NewFile } from "../lib/values.ts";

const row: Row = { id: "r1", collectionId: "c1", collectionName: "things", docs: ["letter_abc.pdf", "sheet_def.csv", "notes_ghi.txt"], cover: "old_abc.png", much: Array.from({ length: 300 }, (_, n) => `${"file".repeat(1 + (n % 20))}_${n}.bin`) };
const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="60"><circle cx="30" cy="30" r="24" fill="teal"/></svg>';
const made = (name: string, text: string, type: string) => new NewFile(new File([text], name, { type }));

const fieldOf = (name: string, more: Record<string, unknown>): Field => ({ id: name, name, type: "file", system: false, hidden: false, ...more });

const One = ({ field, first, error }: { field: Field; first: unknown; error?: string }) => {
  const [value, setValue] = useState(first);
  return <FileInput field={field} value={value} onChange={setValue} isNew={false} row={row} {...(error ? { error } : {})} />;
};

export const Files = () => (
  <>
    <One field={fieldOf("none", { maxSelect: 3, mimeTypes: ["image/png", "image/svg+xml", "application/pdf"], maxSize: 2_000_000, required: true })} first={[]} />
    <One field={fieldOf("docs", { maxSelect: 9, protected: true })} first={[made("new.svg", svg, "image/svg+xml"), "notes_ghi.txt", "letter_abc.pdf", "lost_xyz.txt", made(`${"a long name ".repeat(20)}.txt`, "text", "text/plain")]} />
    <One field={fieldOf("cover", { mimeTypes: ["image/png"] })} first={made("cover.png", "not an image", "image/png")} error="What the server has said." />
    <One field={fieldOf("much", { maxSelect: 400 })} first={row["much"]} />
    <One field={fieldOf("wrong", { maxSelect: 2 })} first={[{}, 3, null, ["x"], "y"]} />
  </>
);
