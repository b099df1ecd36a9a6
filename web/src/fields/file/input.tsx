// The files of a record: dropped here, pasted or chosen, put in an order, removed until they are saved.

import { useEffect, useState } from "preact/hooks";
import { fileTexts } from "../../i18n/t-files.ts";
import type { FileItem } from "../../lib/values.ts";
import { Icon } from "../../ui/Icon/Icon.tsx";
import { Lazy, type Load } from "../../ui/Lazy/Lazy.tsx";
import type { FieldAttributes } from "../../ui/Field/Field.tsx";
import { hintOf, InputBox, useSaid } from "../input.tsx";
import { isMultiple } from "../kinds.ts";
import type { FieldInputProps } from "../types.ts";
import { useFileActs } from "./acts.ts";
import { hasFiles, useSafeDrops } from "./drops.ts";
import { allowedIn, mimeTypes } from "./items.ts";
import { FileList } from "./list.tsx";
import type { PreviewProps } from "./preview.tsx";
import { needFileToken } from "./token.ts";

const preview: Load<PreviewProps> = async () => (await import("./preview.tsx")).Preview;

// A folder is no file, though it looks like one here.
const droppedIn = ({ dataTransfer }: DragEvent): File[] =>
  [...(dataTransfer?.items ?? [])].flatMap((item) => (item.kind === "file" && !item.webkitGetAsEntry()?.isDirectory ? (item.getAsFile() ?? []) : []));

const Pick = ({ attributes, of: { field }, onFiles }: { attributes: FieldAttributes; of: FieldInputProps; onFiles: (files: File[]) => void }) => {
  const { "aria-required": _, ...rest } = attributes;
  const isMany = isMultiple(field);
  return (
    <label class="button file-pick" for={attributes.id}>
      <Icon name="upload" />
      {isMany ? fileTexts.chooseSome : fileTexts.choose}
      <input
        {...rest}
        type="file"
        name={field.name}
        multiple={isMany}
        accept={mimeTypes(field).join(",")}
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = ""; // the same one can be chosen again
        }}
      />
    </label>
  );
};

export const FileInput = (props: FieldInputProps) => {
  const { field, row } = props;
  const { said, onBlur } = useSaid(props);
  const { items, shown, wrong, spoken, add, move, toggle } = useFileActs(props);
  const [isOver, setOver] = useState(false);
  const [opened, open] = useState<FileItem | null>(null);
  useSafeDrops();
  useEffect(() => {
    if (field["protected"] === true) needFileToken();
  }, [field["protected"]]);

  const at = opened === null ? -1 : items.indexOf(opened);
  return (
    <InputBox of={props} said={wrong || said} hint={hintOf(props, allowedIn(field))}>
      {(attributes) => (
        <div
          class={`files${isOver ? " files-over" : ""}`}
          role="group"
          aria-label={field.name}
          onFocusOut={onBlur}
          onPaste={(event: ClipboardEvent) => {
            const files = [...(event.clipboardData?.files ?? [])];
            if (files.length > 0) event.preventDefault();
            add(files);
          }}
          onDragOver={(event: DragEvent) => {
            if (!hasFiles(event)) return;
            event.preventDefault();
            setOver(true);
          }}
          onDragLeave={(event: DragEvent) => (event.currentTarget as Element).contains(event.relatedTarget as Node | null) || setOver(false)}
          onDrop={(event: DragEvent) => {
            setOver(false);
            if (!hasFiles(event)) return;
            event.preventDefault();
            add(droppedIn(event));
          }}
        >
          <FileList field={field} row={row} shown={shown} onMove={move} onToggle={toggle} onOpen={open} />
          <span class="input-under"><Pick attributes={attributes} of={props} onFiles={add} /><span class="file-note">{fileTexts.drop}</span></span>
          <span class="aside" role="status">{spoken}</span>
          {opened !== null && (
            <Lazy load={preview} of={{ item: opened, row, field, at, of: items.length, onMove: (by) => move(at, at + by), onReplace: (files) => { add(files, at); open(null); }, onClose: () => open(null) }} />
          )}
        </div>
      )}
    </InputBox>
  );
};
