import type { ComponentType } from "preact";
import type { Field, Row } from "../api/types.ts";
import type { IconName } from "../ui/Icon/names.ts";
import type { PlainKind } from "./kinds.ts";

// value: whatever the server has sent, so also one that is not of the field's type.
export interface CellProps {
  field: Field;
  value: unknown;
  row: Row;
}

export interface FieldInputProps {
  field: Field;
  value: unknown;
  onChange: (value: unknown) => void;
  error?: string; // of the server
  isNew: boolean;
  row?: Row;
}

export interface FieldKind extends PlainKind {
  icon: IconName;
  label: string;
  Cell: ComponentType<CellProps>;
}
