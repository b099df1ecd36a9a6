// Files that are dragged over the page.

import { useEffect } from "preact/hooks";

export const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;

// A file that is dropped where nothing takes it would be opened instead of the page.
export const useSafeDrops = (): void => {
  useEffect(() => {
    const stay = (event: DragEvent) => {
      if (!hasFiles(event) || event.defaultPrevented) return;
      event.preventDefault();
      if (event.dataTransfer) event.dataTransfer.dropEffect = "none";
    };
    addEventListener("dragover", stay);
    addEventListener("drop", stay);
    return () => {
      removeEventListener("dragover", stay);
      removeEventListener("drop", stay);
    };
  }, []);
};
