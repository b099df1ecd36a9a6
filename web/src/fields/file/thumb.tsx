import { useState } from "preact/hooks";
import type { Field, Row } from "../../api/types.ts";
import { NewFile, type FileItem } from "../../lib/values.ts";
import { Icon } from "../../ui/Icon/Icon.tsx";
import { lookOf, storedUrl, useObjectUrl } from "./source.ts";

const size = "100x100"; // made of every image, whatever the field lists

// Its space is there before the image is, which is fetched when it comes into sight.
export const FileThumb = ({ item, row, field }: { item: FileItem; row: Row | undefined; field: Field }) => {
  const [broken, setBroken] = useState("");
  const isImage = lookOf(item) === "image";
  const own = useObjectUrl(isImage && item instanceof NewFile ? item.file : null);
  const url = typeof item === "string" ? (isImage && row ? storedUrl(item, row, field, { thumb: size }) : "") : own;
  if (!isImage || (url !== "" && broken === url)) return <span class="file-thumb"><Icon name={isImage ? "image" : "file"} /></span>;
  return (
    <span class="file-thumb">
      {url && <img src={url} alt="" width={28} height={28} loading="lazy" decoding="async" draggable={false} onError={() => setBroken(url)} />}
    </span>
  );
};
