// One file, looked at, and what can be done with it.

import { useEffect, useMemo, useState } from "preact/hooks";
import { readFile, type FileContent } from "../../api/file-content.ts";
import { fileUrl } from "../../api/files.ts";
import type { Field, Row } from "../../api/types.ts";
import { formatBytes } from "../../i18n/format.ts";
import { fileTexts } from "../../i18n/t-files.ts";
import { t } from "../../i18n/t.ts";
import { NewFile, type FileItem } from "../../lib/values.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { CopyButton } from "../../ui/Copy/Copy.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { Icon } from "../../ui/Icon/Icon.tsx";
import { ErrorNotice } from "../../ui/Notice/Notice.tsx";
import { freshLink } from "./fresh-link.ts";
import { mimeTypes, nameOf } from "./items.ts";
import { downloadOf, lookOf, storedUrl, useObjectUrl, type Look } from "./source.ts";
import { needFileToken } from "./token.ts";

const mostText = 262_144;

export interface PreviewProps {
  item: FileItem;
  row: Row | undefined;
  field: Field;
  at: number; // its place in the value; -1: removed
  of: number;
  onMove: (by: number) => void;
  onReplace: (files: File[]) => void;
  onClose: () => void;
}

// What is in it, where an address does not do.
const useContent = (item: FileItem, url: string, most: number | undefined, isWanted: boolean) => {
  const [found, setFound] = useState<{ content: FileContent | null; wrong: unknown }>({ content: null, wrong: undefined });
  useEffect(() => {
    if (!isWanted || url === "") return;
    const left = new AbortController();
    readFile(url, { ...(most ? { most } : {}), signal: left.signal }).then(
      (content) => setFound({ content, wrong: undefined }),
      (error: unknown) => !left.signal.aborted && setFound({ content: null, wrong: error }),
    );
    return () => left.abort();
  }, [item, url, isWanted]);
  return found;
};

const TextOf = ({ content }: { content: FileContent }) => {
  const [text, setText] = useState<string | null>(null);
  useEffect(() => {
    content.blob.slice(0, mostText).text().then(setText, () => setText(""));
  }, [content]);
  return (
    <>
      <pre class="file-text" tabIndex={0} role="region" aria-label={fileTexts.text}>{text}</pre>
      {content.size > mostText && <p class="field-hint">{fileTexts.textCut(formatBytes(mostText), formatBytes(content.size))}</p>}
    </>
  );
};

// The browser's own viewer; a type that says so, whatever the server has said.
const PdfOf = ({ blob, name }: { blob: Blob; name: string }) => {
  const [pdf] = useState(() => new Blob([blob], { type: "application/pdf" }));
  const url = useObjectUrl(pdf);
  return url ? <iframe class="file-frame" src={url} title={name} /> : null;
};

const Broken = () => <p class="file-none"><Icon name="file" />{fileTexts.noPreview}</p>;

// Shown by its address alone.
const Media = ({ look, url, name }: { look: Look; url: string; name: string }) => {
  const [isBroken, setBroken] = useState(false);
  const shared = { src: url, onError: () => setBroken(true) };
  if (isBroken) return <Broken />;
  if (look === "image") return <img class="file-image" {...shared} alt={name} />;
  return look === "video" ? <video class="file-image" {...shared} controls preload="metadata" aria-label={name} /> : <audio {...shared} controls preload="metadata" aria-label={name} />;
};

const byAddress: ReadonlySet<Look> = new Set(["image", "video", "audio"]);

const Content = ({ item, url, name }: { item: FileItem; url: string; name: string }) => {
  const asked = lookOf(item);
  const look = asked === "pdf" && !navigator.pdfViewerEnabled ? "other" : asked;
  const { content, wrong } = useContent(item, url, look === "text" ? mostText : undefined, (look === "text" || look === "pdf") && typeof item === "string");
  const own = item instanceof NewFile ? { blob: item.file, size: item.file.size } : content;
  if (wrong !== undefined) return <ErrorNotice error={wrong} />;
  if (byAddress.has(look)) return url ? <Media key={item instanceof NewFile ? url : item} look={look} url={url} name={name} /> : null;
  if (look === "other") return <Broken />;
  if (!own) return null;
  return look === "text" ? <TextOf content={own} /> : <PdfOf blob={own.blob} name={name} />;
};

const Replace = ({ field, onFiles }: { field: Field; onFiles: (files: File[]) => void }) => (
  <label class="button file-pick">
    <Icon name="refresh-cw" />
    {fileTexts.replace}
    <input type="file" accept={mimeTypes(field).join(",")} onChange={(event) => onFiles([...(event.currentTarget.files ?? [])])} />
  </label>
);

// Of a file that is not on the server yet.
const FreshLinks = ({ file }: { file: File }) => {
  const made = useMemo(() => downloadOf(file), [file]);
  const url = useObjectUrl(made);
  if (!url) return null;
  return (
    <>
      {made === file && <a class="button button-plain" href={url} target="_blank" rel="noopener noreferrer"><Icon name="external-link" />{fileTexts.open}</a>}
      <a class="button button-plain" href={url} download={file.name}><Icon name="download" />{fileTexts.download}</a>
    </>
  );
};

const StoredLinks = ({ name, row, field }: { name: string; row: Row; field: Field }) => {
  const url = storedUrl(name, row, field);
  if (!url) return null;
  const fresh = field["protected"] === true ? freshLink : {};
  return (
    <>
      <a {...fresh} class="button button-plain" href={url} target="_blank" rel="noopener noreferrer"><Icon name="external-link" />{fileTexts.open}</a>
      <a {...fresh} class="button button-plain" href={storedUrl(name, row, field, { download: true })} download={name}><Icon name="download" />{fileTexts.download}</a>
    </>
  );
};

export const Preview = ({ item, row, field, at, of, onMove, onReplace, onClose }: PreviewProps) => {
  const isProtected = field["protected"] === true;
  const name = nameOf(item);
  const fresh = item instanceof NewFile ? item.file : null;
  const own = useObjectUrl(fresh);
  const stored = typeof item === "string" && row ? item : "";
  // A token that is renewed later is no reason to begin again.
  const [first, setFirst] = useState("");
  const now = stored && row ? storedUrl(stored, row, field) : own;
  useEffect(() => {
    if (isProtected && stored) needFileToken();
  }, []);
  useEffect(() => {
    if (first === "" || item instanceof NewFile) setFirst(now);
  }, [now]);
  const address = stored && row ? new URL(fileUrl(row, stored), location.href).href : "";
  return (
    <Dialog title={name} class="file-dialog" onClose={onClose} acts={<Button size="form" onClick={onClose}>{t.common.close}</Button>}>
      <div class="file-content"><Content item={item} url={first} name={name} /></div>
      <div class="input-under">
        {stored && row ? <StoredLinks name={stored} row={row} field={field} /> : fresh && <FreshLinks file={fresh} />}
        {at >= 0 && <Replace field={field} onFiles={onReplace} />}
        {at >= 0 && of > 1 && <Button icon="arrow-up" label={fileTexts.up} disabled={at === 0 ? fileTexts.isFirst : ""} onClick={() => onMove(-1)} />}
        {at >= 0 && of > 1 && <Button icon="arrow-down" label={fileTexts.down} disabled={at === of - 1 ? fileTexts.isLast : ""} onClick={() => onMove(1)} />}
        {item instanceof NewFile && <span class="file-note">{fileTexts.fresh(formatBytes(item.file.size))}</span>}
        {at >= 0 && of > 1 && <span class="file-note" role="status">{t.fields.nOf(at + 1, of)}</span>}
      </div>
      {address && <p class="file-address"><code dir="ltr">{address}</code><CopyButton text={address} label={fileTexts.copyUrl} /></p>}
      {address && isProtected && <p class="field-hint">{fileTexts.protected}</p>}
    </Dialog>
  );
};
