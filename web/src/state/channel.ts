// What has been changed here is told to the other pages of this browser, and to whoever shows it on
// this one.

import { onWritten } from "../api/client.ts";
import { base } from "../lib/base.ts";
import { newsFrom, newsOf, type News } from "../lib/news.ts";
import { onSignedOut, signOutToo } from "./session.ts";

// own: done on this page, and what the server has answered.
export type Follower = (news: News, own: { data: unknown } | null) => void;

const followers = new Set<Follower>();
let channel: BroadcastChannel | null = null;

export const followNews = (follower: Follower): (() => void) => {
  followers.add(follower);
  return () => followers.delete(follower);
};

const announce = (news: News, data: unknown): void => {
  followers.forEach((follower) => follower(news, { data }));
  channel?.postMessage(news);
};

export const startChannel = (): void => {
  channel = new BroadcastChannel(`reeve:${base()}`);
  onSignedOut((who) => channel?.postMessage({ kind: "signed-out", who } satisfies News));
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    const news = newsFrom(data);
    if (!news) return;
    if (news.kind === "signed-out") signOutToo(news.who);
    followers.forEach((follower) => follower(news, null));
  };
  onWritten((call, data) => newsOf(call, data).forEach((news) => announce(news, data)));
};
