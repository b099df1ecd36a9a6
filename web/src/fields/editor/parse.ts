// HTML is parsed in a hidden frame, one for the page, made when it is first needed: the policy of the
// page itself refuses to.

import { frameFile, frameSandbox, parseIn, windowOf } from "../../ui/Frame/content.ts";
import { refusedOf } from "./align.ts";
import { readParts, type Opened } from "./read.ts";
import { readSource } from "./source.ts";

export type ReadHtml = (html: string) => Document;

const waitMs = 15_000;
let made: Promise<ReadHtml> | null = null;

const makeFrame = (): Promise<ReadHtml> =>
  new Promise((done, failed) => {
    const frame = document.createElement("iframe");
    const giveUp = () => {
      frame.remove();
      made = null; // the next one tries again
      failed(new Error(`${frameFile} cannot be had`));
    };
    const late = setTimeout(giveUp, waitMs);
    frame.hidden = true;
    frame.title = frameFile;
    frame.setAttribute("sandbox", frameSandbox);
    frame.addEventListener("load", () => {
      clearTimeout(late);
      const view = windowOf(frame);
      // A page that says that there is none is no frame of ours.
      if (frame.contentDocument?.title !== "Reeve" || !view) giveUp();
      else done((html) => parseIn(view, html));
    });
    frame.src = frameFile;
    document.body.append(frame);
  });

// In the body, whatever it begins with.
export const parser = (): Promise<ReadHtml> => (made ??= makeFrame());
const bodyOf = (read: ReadHtml, html: string): ArrayLike<ChildNode> => read(`<!doctype html><body>${html}`).body?.childNodes ?? [];

export const openHtml = (html: string, read: ReadHtml): Opened => {
  const parts = readSource(html);
  return readParts(html, parts, refusedOf(html, parts, (piece) => bodyOf(read, piece)));
};

export { bodyOf };
