// Whose fault it is that a batch was refused, and why: pure.

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

// "title: Cannot be blank." for each field, or what is said of the whole.
export const faultOf = (said: unknown): string => {
  if (!isObject(said)) return "";
  const fields = isObject(said["data"]) ? Object.entries(said["data"]) : [];
  const each = fields.map(([name, fault]) => [name, isObject(fault) ? textOf(fault["message"]) : ""]).filter(([, message]) => message);
  return each.length > 0 ? each.map(([name, message]) => `${name}: ${message}`).join(" ") : textOf(said["message"]);
};

// data: of the error. The server stops at the first request that it refuses.
export const refusedAt = (data: unknown): { at: number; why: string } | null => {
  const requests = isObject(data) ? data["requests"] : undefined;
  const first = isObject(requests) ? Object.entries(requests)[0] : undefined;
  if (!first || !/^\d{1,6}$/.test(first[0])) return null;
  const said = isObject(first[1]) ? first[1] : {};
  return { at: Number(first[0]), why: faultOf(said["response"]) || faultOf(said) };
};

// Statuses that the next record would meet as well.
export const perishes = (status: number): boolean => status === 0 || status === 401 || status === 429 || status >= 500;
