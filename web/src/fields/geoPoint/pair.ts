// "42.69, 23.32", with or without brackets, as maps give it to be copied.

const pair = /^\s*[([]?\s*([+-]?\d+(?:\.\d+)?)(\s*[,;\s]\s*)([+-]?\d+(?:\.\d+)?)\s*[)\]]?\s*$/;

// Latitude and longitude as they are written; null: it is no pair. "52,5" is one number where decimals
// stand behind a comma.
export const readPair = (text: string): readonly [string, string] | null => {
  const [, lat = "", between = "", lon = ""] = pair.exec(text) ?? [];
  if (lat === "" || (between === "," && !lat.includes(".") && !lon.includes("."))) return null;
  return [lat, lon];
};
