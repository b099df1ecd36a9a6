// What the API answers with, as far as this program looks at it.

import type { Json } from "../lib/json.ts";

export interface Page<T> {
  items: T[];
  page?: number;
  perPage?: number;
  totalItems?: number;
  totalPages?: number;
  nextCursor?: string | null;
  prevCursor?: string | null;
}

export interface Row {
  id: string;
  collectionId: string;
  collectionName: string;
  expand?: Record<string, Row | Row[]>;
  [field: string]: unknown;
}

export type FieldType =
  | "text" | "editor" | "number" | "bool" | "email" | "url" | "date" | "autodate" | "select" | "file" | "relation" | "json" | "geoPoint" | "password";

export interface Field {
  id: string;
  name: string;
  type: FieldType;
  system: boolean;
  hidden: boolean;
  presentable?: boolean;
  required?: boolean;
  help?: string;
  [option: string]: unknown;
}

export type CollectionType = "base" | "auth" | "view";

export interface Collection {
  id: string;
  name: string;
  type: CollectionType;
  system: boolean;
  fields: Field[];
  indexes: string[];
  listRule: string | null;
  viewRule: string | null;
  createRule: string | null;
  updateRule: string | null;
  deleteRule: string | null;
  created: string;
  updated: string;
  [option: string]: unknown;
}

export interface AuthMethods {
  password: { enabled: boolean; identityFields: string[] };
  otp: { enabled: boolean; duration: number };
  mfa: { enabled: boolean; duration: number };
  oauth2: { enabled: boolean; providers: { name: string; displayName: string }[] };
}

export interface Signed {
  token: string;
  record: Row;
}

export interface Settings {
  meta: { appName: string; appURL: string; hideControls: boolean; accentColor?: string; senderName: string; senderAddress: string };
  batch: { enabled: boolean; maxRequests: number; timeout: number; maxBodySize: number };
  [group: string]: unknown;
}

export interface LogRow {
  id: string;
  level: number;
  message: string;
  created: string;
  data: Record<string, Json>;
}

export interface Features {
  version: string;
  engine: string;
  features: string[];
  limits: Record<string, number>;
  settings: OwnSetting[];
}

// One of those that PocketBase does not have.
export interface OwnSetting {
  name: string; // "records.etags"
  type: string;
  default: unknown;
  help: string;
}
