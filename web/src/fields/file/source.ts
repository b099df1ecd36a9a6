// Where a file can be seen: on the server, or in this page before it is there.

import { useEffect, useState } from "preact/hooks";
import { fileUrl } from "../../api/files.ts";
import type { Field, Row } from "../../api/types.ts";
import { NewFile, type FileItem } from "../../lib/values.ts";
import { fileToken } from "./token.ts";

// "" until it is there. It holds the file as long as it is shown.
export const useObjectUrl = (blob: Blob | null): string => {
  const [made, setMade] = useState<{ blob: Blob; url: string } | null>(null);
  useEffect(() => {
    if (!blob) return;
    const url = URL.createObjectURL(blob);
    setMade({ blob, url });
    return () => URL.revokeObjectURL(url);
  }, [blob]);
  return made?.blob === blob && made ? made.url : "";
};

// Of a file on the server; "" while there is no token for one that is protected.
export const storedUrl = (name: string, row: Row, field: Field, of: { thumb?: string; download?: boolean } = {}): string => {
  if (field["protected"] !== true) return fileUrl(row, name, of);
  return fileToken.value ? fileUrl(row, name, { ...of, token: fileToken.value }) : "";
};

// Of these a tab of its own can do no harm. Others run as a page of the dashboard would: HTML, and all
// that is XML, an SVG as well.
const harmless = /^(?:image\/(?:png|jpeg|gif|webp|avif|bmp)|(?:audio|video)\/[\w.-]+|application\/pdf)$/i;
export const isHarmless = (type: string): boolean => harmless.test(type);

// The same bytes of no type: a link that leads to it can only be a download.
export const downloadOf = (file: Blob): Blob => (isHarmless(file.type) ? file : new Blob([file], { type: "application/octet-stream" }));

export type Look = "image" | "video" | "audio" | "pdf" | "text" | "other";

const looks: readonly (readonly [Look, type: RegExp, name: RegExp])[] = [
  ["image", /^image\//, /\.(?:jpe?g|png|gif|webp|avif|svg|bmp|ico)$/i],
  ["video", /^video\//, /\.(?:mp4|m4v|webm|ogv|mov)$/i],
  ["audio", /^audio\//, /\.(?:mp3|wav|ogg|oga|opus|m4a|aac|flac)$/i],
  ["pdf", /^application\/pdf$/, /\.pdf$/i],
  ["text", /^text\/|[/+](?:json|xml|yaml|javascript|sql)$/, /\.(?:txt|md|csv|tsv|json|jsonl|xml|ya?ml|html?|css|m?js|tsx?|log|ini|toml|sql|sh|c|h|py|go|rs|java|php|rb)$/i],
];

export const lookOf = (item: FileItem): Look => {
  const [type, name] = item instanceof NewFile ? [item.file.type, item.file.name] : ["", item];
  return looks.find(([, types, names]) => (type === "" ? names.test(name) : types.test(type)))?.[0] ?? "other";
};
