// A link to a protected file is good as long as the token in it, and a page stays open for longer: the
// token is asked for when the link is followed.

import { askFileToken, needFileToken } from "./token.ts";

// The same link, with another token. It is not in the page: nobody asks for one again.
export const withToken = (href: string, token: string): string => {
  const url = new URL(href);
  if (token !== "") url.searchParams.set("token", token);
  return url.href;
};

const follow = (event: MouseEvent): void => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return; // the browser's own ways
  event.preventDefault();
  const link = (event.currentTarget as HTMLAnchorElement).cloneNode() as HTMLAnchorElement;
  void askFileToken().then((token) => {
    link.href = withToken(link.href, token);
    link.click();
  });
};

const ahead = (): void => needFileToken();

export const freshLink = { onClick: follow, onPointerEnter: ahead, onFocus: ahead };
