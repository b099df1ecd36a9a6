// What a record of a collection looks like, for examples: as it is sent, and as it is answered.

export interface DocField {
  name: string;
  type: string;
  system?: boolean;
  hidden?: boolean;
  required?: boolean;
  [option: string]: unknown;
}

export interface Documented {
  id: string;
  name: string;
  type: "base" | "auth" | "view";
  fields: readonly DocField[];
  [option: string]: unknown;
}

const several = (field: DocField): boolean => Number(field["maxSelect"] ?? 1) > 1;
const listed = (field: DocField, one: string): unknown => (several(field) ? [one] : one);
const firstValue = (field: DocField): string => String((field["values"] as string[] | undefined)?.[0] ?? "");

// Within the bounds of the field.
const long = (one: string, { min, max }: DocField): string => one.padEnd(Number(min ?? 0), "x").slice(0, Number(max) || undefined);
const near = (one: number, { min, max }: DocField): number => Math.max(Number(min ?? -Infinity), Math.min(Number(max ?? Infinity), one));

const date = "2030-01-02 10:00:00.000Z";
export const recordId = "RECORD_ID";

const samples: Record<string, (field: DocField) => unknown> = {
  text: (field) => long("test", field),
  editor: () => "<p>test</p>",
  number: (field) => near(123, field),
  bool: () => true,
  email: () => "test@example.com",
  url: () => "https://example.com",
  date: () => date,
  autodate: () => date,
  select: (field) => listed(field, firstValue(field)),
  file: (field) => listed(field, "filename.jpg"),
  relation: (field) => listed(field, recordId),
  json: () => ({ a: 1 }),
  geoPoint: () => ({ lon: 0, lat: 0 }),
  password: (field) => long("12345678", field),
};

export const sampleOf = (field: DocField): unknown => samples[field.type]?.(field) ?? null;

// What an app sends, but for files: they are no JSON. Of an existing one the password is left alone.
export const sentFields = ({ type, fields }: Documented, isNew: boolean): DocField[] =>
  fields.filter((field) => field.type !== "autodate" && field.name !== "id" && field.name !== "tokenKey" && (isNew || field.type !== "password") && !(type === "auth" && field.name === "verified"));

export const sampleBody = (one: Documented, isNew: boolean): Record<string, unknown> => {
  const fields = sentFields(one, isNew).filter(({ type }) => type !== "file");
  const made = Object.fromEntries(fields.map((field) => [field.name, sampleOf(field)]));
  return isNew && one.type === "auth" ? { ...made, passwordConfirm: made["password"] } : made;
};

export const sampleRecord = (one: Documented): Record<string, unknown> => ({
  collectionId: one.id,
  collectionName: one.name,
  ...Object.fromEntries(one.fields.filter(({ hidden, type }) => !hidden && type !== "password").map((field) => [field.name, field.name === "id" ? recordId : sampleOf(field)])),
});
