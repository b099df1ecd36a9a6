// Changes as they happen, by server-sent events. One connection for all who listen, as a browser
// has six to a server; it comes back by itself, and who listens is told that something may have
// been missed meanwhile.

import { address, call, onReached } from "./client.ts";
import type { Row } from "./types.ts";

export type Change = { action: "create" | "update" | "delete"; record: Row };
export const isChange = (data: unknown): data is Change =>
  typeof data === "object" && data !== null && ["create", "update", "delete"].includes(String((data as Change).action)) && typeof (data as Change).record?.id === "string";

export interface Listener {
  topic: string; // "posts/*", "posts/ID", with or without options
  onEvent: (data: unknown) => void;
  onHeard?: () => void; // from now on, for the first time: what was read before may have changed since
  onLost?: () => void;
  onMissed: () => void; // the connection is there again
}

export interface TopicOptions {
  fields?: string;
  expand?: string;
  filter?: string;
}

const longest = 2400; // characters of a topic that every server takes

// The server judges and cuts what it sends as it does with a list. Where that is too long to be
// said, more is told than was asked for.
export const topicOf = (topic: string, { fields, expand, filter }: TopicOptions): string => {
  for (const query of [{ fields, expand, filter }, { expand, filter }, { filter }]) {
    const said = Object.fromEntries(Object.entries(query).filter(([, value]) => value));
    const text = `${topic}?options=${encodeURIComponent(JSON.stringify({ query: said }))}`;
    if (text.length <= longest) return Object.keys(said).length > 0 ? text : topic;
  }
  return topic;
};

const firstRetryMs = 5000;
const lastRetryMs = 60_000;
const endMs = 2000;

const listeners = new Set<Listener>();
const areHeard = new WeakSet<Listener>(); // the server knows of them
let source: EventSource | null = null;
let clientId = "";
let told = ""; // what the server has been told, and by whom
let heard = new Set<string>(); // topics that the source is listened to for
let isLost = false;
let retryMs = firstRetryMs;
let retry: ReturnType<typeof setTimeout> | undefined;
let ending: ReturnType<typeof setTimeout> | undefined;

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

const of = (topic: string): Listener[] => [...listeners].filter((one) => one.topic === topic);

const hear = (topic: string): void => {
  if (heard.has(topic)) return;
  heard.add(topic);
  source?.addEventListener(topic, (event: MessageEvent<string>) => {
    const data = parse(event.data);
    if (data) of(topic).forEach(({ onEvent }) => onEvent(data));
  });
};

// What the server is to send: one call of a connection after the other, as the last one counts.
let telling: Promise<void> = Promise.resolve();
const tell = (): Promise<void> => {
  const of = source;
  return (telling = telling.then(() => (of === source ? tellNow() : undefined)));
};

const tellNow = async (): Promise<void> => {
  const subscriptions = [...new Set([...listeners].map(({ topic }) => topic))].sort();
  const wanted = `${clientId} ${subscriptions.join(" ")}`;
  if (!clientId || subscriptions.length === 0) return;
  if (wanted !== told) {
    told = wanted;
    subscriptions.forEach(hear);
    try {
      await call({ method: "POST", path: "realtime", body: { clientId, subscriptions } });
    } catch {
      if (told === wanted) lose(); // a connection that is told nothing is none
      return;
    }
    if (told !== wanted) return; // by a connection that is there no more
  }
  const fresh = [...listeners].filter((one) => subscriptions.includes(one.topic) && !areHeard.has(one));
  fresh.forEach((one) => areHeard.add(one));
  fresh.forEach(({ onHeard }) => onHeard?.());
};

const begin = (): void => {
  if (isLost) listeners.forEach(({ onMissed }) => onMissed());
  isLost = false;
  retryMs = firstRetryMs;
};

const connect = (): void => {
  clearTimeout(retry);
  close();
  const mine = new EventSource(address("realtime"));
  source = mine;
  mine.addEventListener("PB_CONNECT", (event: MessageEvent<string>) => {
    clientId = (parse(event.data) as { clientId?: string } | null)?.clientId ?? "";
    void tell().then(() => source === mine && begin());
  });
  mine.onerror = () => source === mine && lose();
};

const close = (): void => {
  source?.close();
  source = null;
  clientId = told = "";
  heard = new Set();
  telling = Promise.resolve();
};

// The browser would try again by itself, but not after every answer, and without an end.
const lose = (): void => {
  if (listeners.size === 0) return end();
  close();
  clearTimeout(retry);
  retry = setTimeout(connect, retryMs);
  retryMs = Math.min(2 * retryMs, lastRetryMs);
  if (!isLost) listeners.forEach(({ onLost }) => onLost?.());
  isLost = true;
};

// Another call has had an answer after some had none: so will this one.
let wasReached = true;
onReached((isReached) => {
  if (isReached && !wasReached && isLost && !source && listeners.size > 0) connect();
  wasReached = isReached;
});

// Not before what is being told is answered, for a while: the server would not know who tells it.
const end = (): void => {
  if (listeners.size > 0) return;
  clearTimeout(retry);
  isLost = false;
  retryMs = firstRetryMs;
  close();
};

export const listen = (listener: Listener): (() => void) => {
  listeners.add(listener);
  clearTimeout(ending);
  if (isLost) listener.onLost?.();
  if (!source && !isLost) connect();
  else void tell();
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return void tell();
    void telling.then(end);
    ending = setTimeout(end, endMs);
  };
};
