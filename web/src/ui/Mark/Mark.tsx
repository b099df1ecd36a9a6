// The mark: a keyhole in a square.
export const Mark = ({ size = 24 }: { size?: number }) => (
  <svg class="mark" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
    <path fill-rule="evenodd" d="M6 0h12a6 6 0 0 1 6 6v12a6 6 0 0 1-6 6H6a6 6 0 0 1-6-6V6a6 6 0 0 1 6-6zm6 5.500a3.500 3.500 0 0 0-1.900 6.440L8.500 18h7l-1.600-6.060A3.500 3.500 0 0 0 12 5.500z" />
  </svg>
);
