import { useEffect } from "preact/hooks";
import { fileUrl } from "../../api/files.ts";
import { t } from "../../i18n/t.ts";
import { itemsOf, oneLine } from "../../lib/values.ts";
import { Icon } from "../../ui/Icon/Icon.tsx";
import { Blank, isBlank, Text } from "../cell.tsx";
import type { CellProps } from "../types.ts";
import { isImage, Thumb } from "./cell.tsx";
import { freshLink } from "./fresh-link.ts";
import { fileToken, needFileToken } from "./token.ts";

// Each file with its name, opened in a tab of its own.
export const FileWhole = (props: CellProps) => {
  const { field, value, row } = props;
  const isProtected = field["protected"] === true;
  useEffect(() => {
    if (isProtected) needFileToken();
  }, [isProtected]);
  const names = itemsOf(value);
  if (isBlank(props)) return <Blank />;
  if (names.length === 0) return <Text value={value} />;
  const token = isProtected ? { token: fileToken.value } : {};
  return (
    <ul class="whole-files">
      {names.map((name) => (
        <li key={name}>
          <a {...(isProtected ? freshLink : {})} class="whole-file" href={fileUrl(row, name, token)} target="_blank" rel="noopener noreferrer" aria-label={t.fields.openFile(oneLine(name, 120))}>
            {isImage(name) ? <Thumb row={row} name={name} isProtected={isProtected} /> : <Icon name="file" />}
            <span dir="auto">{oneLine(name, 200)}</span>
          </a>
        </li>
      ))}
    </ul>
  );
};
