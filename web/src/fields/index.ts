// All types of field: what stands for one, and how a cell shows it. How one is edited, and shown
// whole, is in editing.ts, which is fetched later.

import type { FieldType } from "../api/types.ts";
import { t } from "../i18n/t.ts";
import type { IconName } from "../ui/Icon/names.ts";
import { BoolCell } from "./bool/cell.tsx";
import { DateCell } from "./date/cell.tsx";
import { EditorCell } from "./editor/cell.tsx";
import { EmailCell } from "./email/cell.tsx";
import { FileCell } from "./file/cell.tsx";
import { GeoPointCell } from "./geoPoint/cell.tsx";
import { JsonCell } from "./json/cell.tsx";
import { plainKinds } from "./kinds.ts";
import { NumberCell } from "./number/cell.tsx";
import { PasswordCell } from "./password/cell.tsx";
import { RelationCell } from "./relation/cell.tsx";
import { SelectCell } from "./select/cell.tsx";
import { TextCell } from "./text/cell.tsx";
import type { FieldKind } from "./types.ts";
import { UrlCell } from "./url/cell.tsx";

export type { CellProps, FieldKind } from "./types.ts";

const kind = (type: FieldType, icon: IconName, Cell: FieldKind["Cell"]): FieldKind => ({
  ...plainKinds[type],
  icon,
  label: t.fields.types[type],
  Cell,
});

export const fieldKinds: Record<FieldType, FieldKind> = {
  text: kind("text", "type", TextCell),
  editor: kind("editor", "text-quote", EditorCell),
  number: kind("number", "hash", NumberCell),
  bool: kind("bool", "toggle-left", BoolCell),
  email: kind("email", "mail", EmailCell),
  url: kind("url", "link", UrlCell),
  date: kind("date", "calendar", DateCell),
  autodate: kind("autodate", "calendar-clock", DateCell),
  select: kind("select", "list-checks", SelectCell),
  file: kind("file", "image", FileCell),
  relation: kind("relation", "git-branch", RelationCell),
  json: kind("json", "braces", JsonCell),
  geoPoint: kind("geoPoint", "map-pin", GeoPointCell),
  password: kind("password", "key-round", PasswordCell),
};

// Of a type that this program does not know yet: shown as a text, not edited.
export const kindOf = (type: string): FieldKind => (Object.hasOwn(fieldKinds, type) ? fieldKinds[type as FieldType] : unknown);
const unknown: FieldKind = { ...kind("json", "info", JsonCell), label: "?" };
