// What can be done with an account beyond changing its record.

import { call, part } from "../../api/client.ts";
import { changeRecord, deleteRecord, listRecords } from "../../api/records.ts";
import type { Collection, Row, Signed } from "../../api/types.ts";
import { suggestPassword } from "../../lib/password.ts";

const keyLength = 50;

// Without a pattern to make one by, the key is made here.
export const resetTokens = async ({ name, fields }: Collection, id: string): Promise<void> => {
  const field = fields.find((one) => one.name === "tokenKey");
  const isGenerated = typeof field?.["autogeneratePattern"] === "string" && field["autogeneratePattern"] !== "";
  await changeRecord(name, id, isGenerated ? { "tokenKey:autogenerate": "" } : { tokenKey: suggestPassword(keyLength) });
};

// seconds: 0 is as long as the collection says.
export const impersonate = async (collection: string, id: string, seconds: number): Promise<string> =>
  (await call<Signed>({ method: "POST", path: `collections/${part(collection)}/impersonate/${part(id)}`, body: seconds > 0 ? { duration: seconds } : {} })).data.token;

export const mostRows = 50;
export const logins = "_externalAuths";

const text = (value: string): string => `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

// Of one of the system's collections, those that belong to an account; the last one first.
export const rowsOf = async (system: string, collection: Collection, id: string, abort: AbortSignal): Promise<Row[]> =>
  (await listRecords(system, { filter: `collectionRef=${text(collection.id)} && recordRef=${text(id)}`, sort: "-created", perPage: mostRows, skipTotal: true }, abort)).items;

export const unlink = (id: string): Promise<void> => deleteRecord(logins, id);
