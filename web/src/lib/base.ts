// Where the server is mounted: the dashboard lies at BASE/_/, the API at BASE/api/.

export const baseOf = (address: string): string => {
  const url = new URL(address);
  const at = url.pathname.indexOf("/_/");
  return url.origin + (at < 0 ? "" : url.pathname.slice(0, at));
};

export const base = (): string => baseOf(document.baseURI);
