// Addresses behind the #: "/data/posts?filter=a" and the table of patterns they are found in.

export interface Place {
  path: string;
  query: Record<string, string>;
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

export const parsePlace = (hash: string): Place => {
  const text = hash.replace(/^#/, "");
  const at = text.indexOf("?");
  const path = at < 0 ? text : text.slice(0, at);
  return { path: path.startsWith("/") ? path : `/${path}`, query: Object.fromEntries(new URLSearchParams(at < 0 ? "" : text.slice(at + 1))) };
};

export const printPlace = ({ path, query }: { path: string; query?: Record<string, string | undefined> }): string => {
  const pairs = Object.entries(query ?? {}).filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== "");
  const search = new URLSearchParams(pairs).toString();
  return `#${path}${search ? `?${search}` : ""}`;
};

// The parameters of a pattern like "/data/:collection"; null where the path is another one.
export const matchPath = (pattern: string, path: string): Record<string, string> | null => {
  const wanted = pattern.split("/");
  const parts = path.split("/");
  if (wanted.length !== parts.length) return null;
  const params: Record<string, string> = {};
  for (const [n, want] of wanted.entries()) {
    const is = parts[n] ?? "";
    if (want.startsWith(":")) params[want.slice(1)] = decode(is);
    else if (want !== is) return null;
  }
  return params;
};
