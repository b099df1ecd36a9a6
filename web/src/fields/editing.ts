// How a form edits each type of field, and shows one whole that it cannot edit.

import type { ComponentType } from "preact";
import type { FieldType } from "../api/types.ts";
import { AutodateInput } from "./autodate/input.tsx";
import { BoolInput } from "./bool/input.tsx";
import { DateInput } from "./date/input.tsx";
import { EditorInput } from "./editor/input.tsx";
import { EditorWhole } from "./editor/whole.tsx";
import { EmailInput, UrlInput } from "./email/input.tsx";
import { FileInput } from "./file/input.tsx";
import { FileWhole } from "./file/whole.tsx";
import { GeoPointInput } from "./geoPoint/input.tsx";
import { JsonInput } from "./json/input.tsx";
import { NumberInput } from "./number/input.tsx";
import { PasswordInput } from "./password/input.tsx";
import { RelationInput } from "./relation/input.tsx";
import { RelationWhole } from "./relation/whole.tsx";
import { SelectInput } from "./select/input.tsx";
import { TextInput } from "./text/input.tsx";
import type { CellProps, FieldInputProps } from "./types.ts";

export type { FieldInputProps } from "./types.ts";

interface Editing {
  Input?: ComponentType<FieldInputProps>; // without one the form says that it cannot be edited here yet
  Whole?: ComponentType<CellProps>; // all of it, where a cell shows less
}

const kinds: Partial<Record<FieldType, Editing>> = {
  text: { Input: TextInput },
  editor: { Input: EditorInput, Whole: EditorWhole },
  number: { Input: NumberInput },
  bool: { Input: BoolInput },
  email: { Input: EmailInput },
  url: { Input: UrlInput },
  date: { Input: DateInput },
  autodate: { Input: AutodateInput },
  select: { Input: SelectInput },
  file: { Input: FileInput, Whole: FileWhole },
  relation: { Input: RelationInput, Whole: RelationWhole },
  json: { Input: JsonInput },
  geoPoint: { Input: GeoPointInput },
  password: { Input: PasswordInput },
};

export const editingOf = (type: string): Editing => (Object.hasOwn(kinds, type) ? (kinds[type as FieldType] ?? {}) : {});
