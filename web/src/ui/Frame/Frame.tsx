// HTML that others have written, shown: nothing of it runs, and its links lead nowhere.

import { useEffect, useRef, useState } from "preact/hooks";
import { te } from "../../i18n/t-editor.ts";
import { fill, frameFile, frameSandbox } from "./content.ts";

export interface FrameProps {
  html: string;
  label: string;
  height: number; // pixels
}

export const Frame = ({ html, label, height }: FrameProps) => {
  const ref = useRef<HTMLIFrameElement>(null);
  const [isBroken, setBroken] = useState(false);
  const isLoaded = useRef(false);
  const show = () => ref.current && setBroken(!fill(ref.current, html));
  useEffect(() => {
    if (isLoaded.current) show();
  }, [html]);
  // The theme of the page may change under it.
  useEffect(() => {
    const seen = new MutationObserver(() => isLoaded.current && show());
    seen.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => seen.disconnect();
  }, [html]);
  return (
    <div class="frame">
      <iframe
        ref={ref}
        src={frameFile}
        sandbox={frameSandbox}
        title={label}
        height={height}
        onLoad={() => {
          isLoaded.current = true;
          show();
        }}
      />
      {isBroken && <p class="frame-broken" role="status">{te.frameBroken}</p>}
    </div>
  );
};
