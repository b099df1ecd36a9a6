// frame.html: a document whose policy has its HTML parsed, where that of the page refuses it, and
// runs nothing of it.

export const frameFile = "frame.html";
export const frameSandbox = "allow-same-origin"; // no scripts, no forms, no other place

type FrameWindow = Window & typeof globalThis;

const without = "script, base, meta, link, iframe, frame, frameset, object, embed, portal, noscript, template";
const leading: readonly string[] = ["href", "xlink:href", "action", "formaction", "ping", "target", "autofocus"];

// What would lead somewhere, ask for something, or be refused with a report.
const quiet = (root: Element): void => {
  for (const one of root.querySelectorAll(without)) one.remove();
  for (const one of root.querySelectorAll("*")) {
    const isLink = /^(?:a|area)$/i.test(one.localName) && one.hasAttribute("href");
    for (const name of one.getAttributeNames()) if (leading.includes(name.toLowerCase()) || /^on/i.test(name)) one.removeAttribute(name);
    if (isLink) one.classList.add("reeve-link");
  }
};

// Of the page around it: its colours are those of the theme that is chosen.
const look = (): string => {
  const root = getComputedStyle(document.documentElement);
  const token = (name: string) => root.getPropertyValue(name).trim();
  return `:root { color-scheme: ${root.colorScheme}; }
body { margin: 8px; background: ${token("--surface")}; color: ${token("--text")}; font: 14px/20px ${token("--font")}; overflow-wrap: anywhere; }
img, video, svg, canvas { max-width: 100%; height: auto; }
table { border-collapse: collapse; } td, th { padding: 4px 8px; border: 1px solid ${token("--line")}; }
a, .reeve-link { color: ${token("--accent")}; text-decoration: underline; }`;
};

export const windowOf = (frame: HTMLIFrameElement): FrameWindow | null => frame.contentWindow as FrameWindow | null;

export const parseIn = (view: FrameWindow, html: string): Document => new view.DOMParser().parseFromString(html, "text/html");

// Shows a piece of HTML in a frame that has loaded frame.html.
export const fill = (frame: HTMLIFrameElement, html: string): boolean => {
  const view = windowOf(frame);
  const shown = frame.contentDocument;
  if (!view || !shown?.body) return false; // another document is not looked into
  const parsed = parseIn(view, html);
  quiet(parsed.documentElement);
  const style = shown.createElement("style");
  style.textContent = look();
  shown.head.replaceChildren(style, ...[...parsed.head.querySelectorAll("style")].map((one) => shown.adoptNode(one)));
  shown.body.replaceChildren(...[...parsed.body.childNodes].map((one) => shown.adoptNode(one)));
  return true;
};
