// How large the dashboard may be, in bytes of gzip (fonts: as they are).

const kB = 1000;
const most = {
  entry: 60 * kB, // scripts before any page
  styles: 16 * kB,
  icons: 8 * kB,
  fonts: 56 * kB, // of Latin texts
  grid: 90 * kB, // scripts up to the first rows
  code: 145 * kB, // the editor of code, with its languages
  rich: 90 * kB, // that of rich text
  scripts: 520 * kB, // all of them
  pack: 1200 * kB, // what the program grows by
};

// The scripts that are fetched for each; what comes later, without those that are there by then.
export const checkBudgets = ({ entry, grid, ...later }, sizes) => {
  const gzip = (names) => names.reduce((sum, name) => sum + sizes[name].gzip, 0);
  const there = new Set([...entry, ...grid]);
  const sum = (ending, size) => Object.entries(sizes).reduce((n, [name, of]) => (name.endsWith(ending) ? n + size(of) : n), 0);
  const found = {
    entry: gzip(entry),
    styles: sum(".css", (of) => of.gzip),
    icons: sum(".svg", (of) => of.gzip),
    fonts: Object.entries(sizes).reduce((n, [name, of]) => (/^[\w-]*-latin-wght-/.test(name) ? n + of.plain : n), 0),
    grid: gzip([...entry, ...grid]),
    ...Object.fromEntries(Object.entries(later).map(([name, scripts]) => [name, gzip(scripts.filter((one) => !there.has(one)))])),
    scripts: sum(".js", (of) => of.gzip),
    pack: Object.values(sizes).reduce((n, of) => n + (of.gzip ? of.gzip + of.br : of.plain), 0),
  };
  for (const [name, size] of Object.entries(found))
    console.log(`${name.padEnd(8)} ${(size / kB).toFixed(1).padStart(7)} kB of ${most[name] / kB}`);
  return Object.keys(most).filter((name) => found[name] > most[name]).map((name) => `${name}: ${found[name]} bytes, ${most[name]} are allowed`);
};
