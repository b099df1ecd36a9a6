// What was typed and not saved, kept in this browser. A place that cannot keep it (a private
// window, a full disk) forgets it with the page.

export interface Draft {
  key: string; // instance, user, object
  at: number; // ms since 1970
  values: string | Record<string, unknown>; // JSON, so that numbers stay as they are written; the oldest have an object
  types?: Record<string, string>; // of the fields; younger drafts say it in their values
}

export const newRecord = "*"; // instead of the id of a record, in an address as well: no id has it

// owner: the instance and who is signed in.
export const draftKey = (owner: string, collection: string, record: string | null): string => `${owner} ${collection}/${record ?? newRecord}`;

const name = "reeve";
const store = "drafts";

const asked = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });

let opened: Promise<IDBDatabase> | null = null;

const open = (): Promise<IDBDatabase> => {
  opened ??= (() => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(store, { keyPath: "key" });
    return asked(request);
  })();
  return opened;
};

const drafts = async (mode: IDBTransactionMode): Promise<IDBObjectStore> => (await open()).transaction(store, mode).objectStore(store);

export const readDraft = async (key: string): Promise<Draft | null> => {
  try {
    return ((await asked((await drafts("readonly")).get(key))) as Draft | undefined) ?? null;
  } catch {
    return null;
  }
};

// Those whose keys begin with a text.
export const listDrafts = async (prefix: string): Promise<Draft[]> => {
  try {
    return (await asked((await drafts("readonly")).getAll(IDBKeyRange.bound(prefix, `${prefix}\uffff`)))) as Draft[];
  } catch {
    return [];
  }
};

let told = (): void => undefined;

// Called whenever a draft comes or goes.
export const watchDrafts = (watcher: () => void): void => {
  told = watcher;
};

// A disk that is full is met at the end of a transaction, not of its request.
const changed = async (act: (all: IDBObjectStore) => IDBRequest): Promise<boolean> => {
  try {
    const { transaction } = act(await drafts("readwrite"));
    await new Promise<void>((done, failed) => {
      if (!transaction) return failed();
      transaction.oncomplete = () => done();
      transaction.onabort = () => failed();
    });
    told();
    return true;
  } catch {
    return false;
  }
};

// Whether it is kept.
export const keepDraft = (draft: Draft): Promise<boolean> => changed((all) => all.put(draft));

export const dropDraft = async (key: string): Promise<void> => void (await changed((all) => all.delete(key)));

export const dropDraftsOf = async (owner: string): Promise<void> => void (await changed((all) => all.delete(IDBKeyRange.bound(`${owner} `, `${owner} \uffff`))));
