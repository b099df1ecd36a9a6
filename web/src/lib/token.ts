// What a token says of itself. Whether that is true the server alone can say.

export interface Claims {
  type?: string;
  id?: string;
  email?: string;
  newEmail?: string;
  collectionId?: string;
  exp?: number; // seconds since 1970
  iat?: number; // when it was made; not every server says so
}

export const claimsOf = (token: string): Claims => {
  try {
    const text = atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/"));
    const said: unknown = JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (c) => c.charCodeAt(0))));
    return typeof said === "object" && said !== null ? (said as Claims) : {};
  } catch {
    return {};
  }
};

export const isExpired = (token: string, now: number): boolean => (claimsOf(token).exp ?? 0) * 1000 <= now;

const renewBeforeMs = 5 * 60_000;
const unknownLifeMs = 60_000;
const leastMs = 5_000;
const longestTimerMs = 2_000_000_000;

// When a token that comes in now is to be replaced, in ms. The clock of this device may be wrong: how
// long a token lives is counted by the server's where it says when that began, and else is taken to
// be no shorter than a minute.
export const renewAfter = (token: string, now: number): number => {
  const { exp = 0, iat } = claimsOf(token);
  const life = iat ? (exp - iat) * 1000 : Math.max(exp * 1000 - now, unknownLifeMs);
  return Math.min(Math.max(life - renewBeforeMs, life / 2, leastMs), longestTimerMs);
};
