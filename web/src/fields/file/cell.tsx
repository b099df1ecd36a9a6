import { useEffect, useState } from "preact/hooks";
import { fileUrl } from "../../api/files.ts";
import type { Row } from "../../api/types.ts";
import { t } from "../../i18n/t.ts";
import { itemsOf, oneLine } from "../../lib/values.ts";
import { Icon } from "../../ui/Icon/Icon.tsx";
import { Blank, isBlank, Text } from "../cell.tsx";
import type { CellProps } from "../types.ts";
import { fileToken, needFileToken } from "./token.ts";

const thumb = "100x100"; // made of every image, whatever the field lists
const mostThumbs = 3;

export const isImage = (name: string): boolean => /\.(?:jpe?g|png|gif|webp|avif|svg)$/i.test(name);

// An image, its space kept; what cannot be loaded is an icon.
export const Thumb = ({ row, name, isProtected }: { row: Row; name: string; isProtected: boolean }) => {
  const [isBroken, setBroken] = useState(false);
  useEffect(() => {
    if (isProtected) needFileToken();
  }, [isProtected]);
  if (isBroken) return <Icon name="image" />;
  if (isProtected && !fileToken.value) return <span class="cell-thumb" />;
  const url = fileUrl(row, name, { thumb, ...(isProtected ? { token: fileToken.value } : {}) });
  return <img class="cell-thumb" src={url} alt={name} title={name} width={24} height={24} loading="lazy" decoding="async" onError={() => setBroken(true)} />;
};

export const FileCell = (props: CellProps) => {
  const { field, value, row } = props;
  if (isBlank(props)) return <Blank />;
  const names = itemsOf(value);
  if (names.length === 0) return <Text value={value} />;
  const images = names.filter(isImage).slice(0, mostThumbs);
  const first = oneLine(names[0] ?? "", 120);
  const more = names.length - Math.max(1, images.length);
  return (
    <span class="cell">
      {images.length > 0 ? (
        images.map((name) => <Thumb key={name} row={row} name={name} isProtected={field["protected"] === true} />)
      ) : (
        <span class="cell-file" title={first}><Icon name="file" /><span class="cell-text" dir="auto">{first}</span></span>
      )}
      {names.length === 1 && images.length === 1 && <span class="cell-text" dir="auto" title={first}>{first}</span>}
      {more > 0 && <span class="cell-more" title={t.fields.moreItems(more)}>+{more}</span>}
    </span>
  );
};
