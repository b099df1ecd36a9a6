// How a number went, as a small line: what it says stands beside it as a text.

const width = 160;
const height = 32;

// null: nothing is known of that moment.
export const sparkPath = (values: readonly (number | null)[]): string => {
  const known = values.filter((value) => value !== null);
  const most = Math.max(1e-9, ...known);
  const step = width / Math.max(1, values.length - 1);
  let isOpen = false;
  return values
    .map((value, n) => {
      if (value === null) {
        isOpen = false;
        return "";
      }
      const point = `${isOpen ? "L" : "M"}${(n * step).toFixed(1)} ${(height - 2 - (value / most) * (height - 4)).toFixed(1)}`;
      isOpen = true;
      return point;
    })
    .join("");
};

export const Spark = ({ values }: { values: readonly (number | null)[] }) => (
  <svg class="spark" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
    <path d={sparkPath(values)} fill="none" stroke="currentColor" stroke-width="1.5" vector-effect="non-scaling-stroke" />
  </svg>
);
