// Who is signed in. The token lives in this tab, or on this device where that was asked for.

import { computed, effect, signal } from "@preact/signals";
import { endSessions, refresh, superusers } from "../api/auth.ts";
import { useSigner } from "../api/client.ts";
import { ApiError } from "../api/error.ts";
import type { Row, Signed } from "../api/types.ts";
import { base } from "../lib/base.ts";
import { dropDraftsOf } from "../lib/drafts.ts";
import { ofDevice, ofTab } from "../lib/store.ts";
import { claimsOf, isExpired, renewAfter } from "../lib/token.ts";

const checkAfterMs = 2000; // the first rows come first
const goodMs = 5_000; // so long a token that was good is taken as good
const tabSession = ofTab("token");
const deviceSession = ofDevice("token");

export interface Session {
  token: string;
  user: Row;
  isKept: boolean;
}

export const session = signal<Session | null>(null);

// Of drafts: the instance and who is signed in.
export const owner = (): string => `${base()} ${session.peek()?.user.id ?? ""}`;
export const isSigned = computed(() => session.value !== null);

// A session that has ended while it was in use: the page stays, and asks who goes on.
export const isEnded = signal(false);
let waiting: ((signed: boolean) => void)[] = [];

const readKept = (text: string | null, isKept: boolean): Session | null => {
  try {
    const { token, user } = JSON.parse(text ?? "null") as Session;
    const isGood = claimsOf(token).type === "auth" && !isExpired(token, Date.now()) && typeof user.id === "string";
    return isGood ? { token, user, isKept } : null;
  } catch {
    return null;
  }
};

// A session of this tab leaves alone the one that the device keeps, which may be another user's.
const store = (of: Session): void => {
  const text = JSON.stringify({ token: of.token, user: { id: of.user.id, email: of.user["email"] } });
  tabSession.set(of.isKept ? null : text);
  if (of.isKept) deviceSession.set(text);
};

const unstore = (isGone: (kept: Session) => boolean): void => {
  tabSession.set(null);
  const kept = readKept(deviceSession.get(), true);
  if (kept && isGone(kept)) deviceSession.set(null);
};

let lastUser = ""; // who has been signed in on this page

const settle = (next: Session | null, goesOn: boolean): void => {
  session.value = next;
  isEnded.value = false;
  waiting.forEach((done) => done(goesOn));
  waiting = [];
};

// What waits for a new session was asked for by who had the last one, and is done for nobody else.
export const signIn = (signed: Signed, isKept: boolean): void => {
  const before = session.peek();
  const next = { token: signed.token, user: signed.record, isKept };
  store(next);
  // Of what the last one has begun here, nothing is to go on, or to be seen.
  if (lastUser !== "" && lastUser !== next.user.id) return location.reload();
  settle(next, before?.user.id === next.user.id);
};

// A session is over, but nobody has signed out: what was typed is there when its user comes back.
export const endSession = (): void => {
  const now = session.peek();
  unstore(({ token }) => token === now?.token);
  settle(null, false);
};

// Whether the device is its user's own: what was typed stays there.
export const isOwnDevice = (): boolean => {
  const now = session.peek();
  return now !== null && (now.isKept || readKept(deviceSession.get(), true)?.user.id === now.user.id);
};

export interface Who {
  collection: string;
  id: string;
  keepsDrafts: boolean;
}
const whoOf = ({ token, user }: Session): Who => ({ collection: claimsOf(token).collectionId ?? superusers, id: user.id, keepsDrafts: isOwnDevice() });

const close = (now: Session, keepsDrafts: boolean): void => {
  if (!keepsDrafts) void dropDraftsOf(owner());
  unstore(({ user }) => user.id === now.user.id);
  settle(null, false);
};

// Told of each sign-out of this page.
let told = (_: Who): void => undefined;
export const onSignedOut = (follow: (who: Who) => void): void => {
  told = follow;
};

export const signOut = (): void => {
  const now = session.peek();
  if (!now) return;
  const who = whoOf(now);
  close(now, who.keepsDrafts);
  told(who);
};

// They have signed out on another page.
export const signOutToo = (who: Who): void => {
  const now = session.peek();
  if (!now) return;
  const { collection, id } = whoOf(now);
  if (collection === who.collection && id === who.id) close(now, who.keepsDrafts);
};

export const signOutEverywhere = async (): Promise<void> => {
  const now = session.peek();
  if (now) await endSessions(now.user.id);
  signOut();
};

const isOver = (error: unknown): boolean => error instanceof ApiError && error.status === 401;

// Many calls may be refused at once, and again soon: whether that is the token's fault is asked once.
const isRefused = (() => {
  let asked: { token: string; at: number; answer: Promise<boolean> } | null = null;
  return (token: string): Promise<boolean> => {
    if (asked?.token !== token || performance.now() - asked.at > goodMs) asked = { token, at: performance.now(), answer: refresh(token).then(() => false, isOver) };
    return asked.answer;
  };
})();

// A session from before the page was loaded is taken as good until the server has been asked.
let check: (() => Promise<boolean>) | null = null;

const renew = async (refused: string, status: number): Promise<boolean> => {
  if (check && !(await check())) return false;
  if (status !== 401 && !(await isRefused(refused))) return false;
  const now = session.peek();
  if (!now) return false;
  if (now.token !== refused) return true; // another call has done it
  isEnded.value = true;
  return new Promise((done) => waiting.push(done));
};

const checkOnce = (of: Session): (() => Promise<boolean>) => {
  let asked: Promise<boolean> | null = null;
  const isCurrent = () => session.peek()?.token === of.token;
  const ask = async () => {
    try {
      const signed = await refresh(of.token);
      if (isCurrent()) signIn(signed, of.isKept);
      return true;
    } catch (error) {
      if (isOver(error) && isCurrent()) endSession();
      return !isOver(error);
    } finally {
      check = null;
    }
  };
  return () => (asked ??= ask());
};

// What was kept, in this tab or on this device.
const resume = (): void => {
  const kept = readKept(tabSession.get(), false) ?? readKept(deviceSession.get(), true);
  session.value = kept;
  if (!kept) return;
  check = checkOnce(kept);
  setTimeout(() => void check?.(), checkAfterMs);
};

const refreshSoon = (of: Session): (() => void) => {
  const again = () =>
    refresh(of.token).then(
      (signed) => session.peek()?.token === of.token && signIn(signed, of.isKept),
      () => undefined, // the next call finds out
    );
  const timer = setTimeout(() => void again(), renewAfter(of.token, Date.now()));
  return () => clearTimeout(timer);
};

export const startSession = (): void => {
  resume();
  useSigner({ token: () => session.peek()?.token ?? "", renew }); // whoever asks does not depend on the token
  effect(() => (session.value ? refreshSoon(session.value) : undefined));
  effect(() => {
    lastUser = session.value?.user.id ?? lastUser;
  });
};

export const isOwnCollection = (name: string): boolean => name === superusers;
