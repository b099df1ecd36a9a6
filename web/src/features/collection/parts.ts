// What every part of a definition is given.

import type { CollectionEdit } from "./edit.ts";

export interface PartProps {
  edit: CollectionEdit;
  canWrite: boolean;
}
