// Passwords that are suggested, and how hard one is to guess.

const letters = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const most = 256 - (256 % letters.length);

// `length` letters and digits that are hard to confuse, each as likely as the others.
export const suggestPassword = (length = 20, random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array = (bytes) => crypto.getRandomValues(bytes)): string => {
  let text = "";
  while (text.length < length) for (const byte of random(new Uint8Array(length))) if (byte < most && text.length < length) text += letters[byte % letters.length];
  return text;
};

const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^a-zA-Z\d]/];

// 0 too short, 1 weak … 4 strong: by the bits that a blind guess at texts of its kinds would need,
// less for what is repeated or in a row.
export const strength = (text: string): 0 | 1 | 2 | 3 | 4 => {
  if (text.length < 8) return 0;
  const sizes = [26, 26, 10, 33];
  const alphabet = kinds.reduce((sum, kind, n) => sum + (kind.test(text) ? (sizes[n] ?? 0) : 0), 0);
  let counted = 0;
  for (let n = 0; n < text.length; n++) {
    const step = text.charCodeAt(n) - text.charCodeAt(n - 1);
    const before = text.charCodeAt(n - 1) - text.charCodeAt(n - 2);
    counted += n > 1 && step === before && Math.abs(step) <= 1 ? 0.2 : 1;
  }
  const bits = Math.min(counted, new Set(text).size * 1.5) * Math.log2(alphabet || 1);
  return bits < 40 ? 1 : bits < 60 ? 2 : bits < 80 ? 3 : 4;
};
