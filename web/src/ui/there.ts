// Whether what asked is still there when its answer comes. Known at once: an effect's end comes a frame
// later, and what is done meanwhile would be done for nobody.

import { useLayoutEffect, useRef } from "preact/hooks";

export const useIsThere = (): { readonly current: boolean } => {
  const isThere = useRef(true);
  useLayoutEffect(() => () => { isThere.current = false; }, []);
  return isThere;
};
