// Rich text in the drawer: what nobody touches stays as it is written, nothing of it runs, and all
// that the toolbar does can be done by keys.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limitOf, useFlow } from "../flow.mjs";

const limit = limitOf(120_000);
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

const nasty = [
  "<p>one</p>\n<p>two</p>\n",
  "<p>a<!-- not <b>shown</b> --> b</p><!-- between --><p>c</p>",
  "<P CLASS=x id='y' data-z>upper</P>\r\n\r\n<p\n>lines</p\n>",
  "<p>open<p>also open<ul><li>one<li>two</ul><p>word",
  "<svg viewBox='0 0 1 1'><path d='M0 0'/><title>t</title></svg><p>word</p>",
  "<p>before <o:p>&nbsp;</o:p> word <custom-x a=1>in</custom-x></p>",
  "<table border=1><caption>C</caption><thead><tr><th>h</thead><tr><td>a<td><table><tr><td>inner</table></table>",
  "&lt;p&gt; &amp;&nbsp;&eacute; &#233; &copy word   <br>  &lang;",
  "  \n <h1>  Title  </h1>\n\n text <b>bold</b> and <i>more</i>\n<div><div><p>deep</p></div></div>  ",
  "<p>a <b>b <i>c</b> d</i> e</p><p>word</p></p></div>stray",
  "<p>unclosed quote <a href=\"x>word</a></p>",
  "<p class=x>Some <b>bold</b> text &amp; more of it.</p>\n".repeat(9000) + "<!-- never closed",
];

const hostile = [
  "<script>window.ran = 1; fetch('//evil.example/a')</script>",
  '<img src="//evil.example/b.png" onerror="window.ran = 2">',
  '<img src="data:image/png;base64,AAAA" onerror="window.ran = 3" onload="window.ran = 4">',
  '<a href="javascript:window.ran = 5">link</a>',
  '<iframe src="https://evil.example/c"></iframe><iframe srcdoc="<script>parent.ran = 6</script>"></iframe>',
  '<base href="https://evil.example/"><meta http-equiv="refresh" content="0;url=https://evil.example/d">',
  '<svg onload="window.ran = 7"><script>window.ran = 8</script><image href="https://evil.example/e.png"/></svg>',
  '<link rel="stylesheet" href="https://evil.example/f.css"><style>@import "https://evil.example/g.css"; body { background: url(https://evil.example/h.png) }</style>',
  '<p style="background: url(https://evil.example/i.png); color: url(https://evil.example/j.png)">styled <span style="color: red; background-image: url(https://evil.example/k.png)">red</span></p>',
  '<video src="https://evil.example/l.mp4" autoplay poster="https://evil.example/m.png" onerror="window.ran = 9"></video>',
  '<form action="https://evil.example/n"><button>send</button></form><object data="https://evil.example/o"></object><math><mi xlink:href="javascript:window.ran = 10">x</mi></math>',
].join("\n");

// Of what would run something: the frame says that it does not. And of what it was asked to show.
const isExpected = (fault) => /Blocked script execution|base URI|inline event handler|policy: (?:script-src|base-uri)/i.test(fault);
const isOfShown = (fault) => isExpected(fault) || /evil\.example|net::ERR_NAME_NOT_RESOLVED|policy: (?:img|style|media|font)-src/.test(fault);

describe("editor", { ...limit, timeout: 400_000 }, () => {
  const flow = useFlow();
  const { call } = flow;
  let serial = 0;

  const open = async (values, how = {}, options = {}) => {
    const name = `rich${++serial}`;
    const names = values.map((_, n) => (values.length === 1 ? "body" : `body${n}`));
    await call("POST", "collections", { name, type: "base", fields: [{ name: "title", type: "text" }, ...names.map((one) => ({ name: one, type: "editor", ...options }))] });
    const { id } = await call("POST", `collections/${name}/records`, { title: "x", ...Object.fromEntries(names.map((one, n) => [one, values[n]])) });
    const foreign = [];
    const tab = await flow.browser.open(flow.server.url, { query: `#/data/${name}?record=${id}`, expect: [400, 404], ...how });
    tab.page.on("request", (request) => /^https?:/.test(request.url()) && new URL(request.url()).hostname !== "127.0.0.1" && foreign.push(request.url()));
    if (how.before) await how.before(tab.page);
    await tab.signIn({ email: "root@example.com", password: "1234567890" });
    const drawer = tab.page.locator(".drawer");
    await drawer.locator('[name="title"]').waitFor();
    const areas = drawer.locator(".rich-text");
    if (!how.isPlain) await areas.nth(names.length - 1).waitFor();
    const save = async () => {
      const reply = tab.page.waitForResponse((one) => one.request().method() === "PATCH");
      await tab.page.keyboard.press("Control+s");
      await reply;
      await drawer.getByText("Saved", { exact: true }).waitFor();
      return call("GET", `collections/${name}/records/${id}`);
    };
    const area = areas.first();
    const source = drawer.getByRole("button", { name: "HTML source" }).first();
    const html = async (to) => {
      await source.click();
      const text = drawer.locator("textarea.rich-source");
      if (to !== undefined) await text.fill(to);
      const now = await text.inputValue();
      await source.click();
      await area.waitFor();
      return now;
    };
    const paste = (data) =>
      area.evaluate((element, given) => {
        const transfer = new DataTransfer();
        for (const [type, text] of Object.entries(given)) transfer.setData(type, text);
        element.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true }));
      }, data);
    return { ...tab, name, id, drawer, areas, area, save, html, paste, foreign, read: () => call("GET", `collections/${name}/records/${id}`) };
  };

  it("changes nothing that is not touched", limit, async () => {
    const { page, drawer, areas, save, close, foreign } = await open(nasty);
    for (let n = 0; n < nasty.length; n++) await areas.nth(n).evaluate((element) => element.focus());
    await drawer.locator('[name="title"]').fill("other");
    const sent = page.waitForRequest((request) => request.method() === "PATCH");
    const row = await save();
    assert.deepEqual(Object.keys((await sent).postDataJSON()), ["title"]);
    nasty.forEach((value, n) => assert.equal(row[`body${n}`], value));
    assert.deepEqual(foreign, []);
    await close();
  });

  it("changes the one block that is edited", limit, async () => {
    const value = `<p  class=a>one</p>\n\n<!-- c --><svg><a/></svg>\n<ul>\n <li>x</li>\n <li id=i>some word</li>\n</ul>\n<p>open <o:p>&nbsp;</o:p><table border=1><tr><td>a<td>b</table><p>last &eacute;`;
    const { page, area, save, close } = await open([value]);
    await area.getByText("some word").dblclick({ position: { x: 8, y: 8 } });
    await page.keyboard.type("any");
    assert.equal((await save()).body, value.replace("some", "any"));
    await page.keyboard.press("Control+z");
    await page.keyboard.press("Control+z");
    await page.keyboard.press("Control+z");
    await page.keyboard.press("Control+z");
    assert.equal((await save()).body, value);
    await close();
  });

  it("does by keys all that its toolbar has", limit, async () => {
    const { page, area, drawer, html, save, check, close } = await open(["<p>word</p>"]);
    const begin = async (text = "<p>word</p>") => {
      await html(text);
      await area.focus();
      await page.keyboard.press("Control+a");
    };
    const bar = drawer.getByRole("toolbar", { name: "Formats of body" });
    const go = async (label) => {
      await page.keyboard.press("Alt+F10");
      for (let n = 0; n < 30; n++) {
        if (await page.evaluate((name) => (document.activeElement.ariaLabel ?? document.activeElement.title) === name, label)) return;
        await page.keyboard.press("ArrowRight");
      }
      assert.fail(`no ${label}`);
    };
    const press = async (label, item) => {
      await go(label);
      await page.keyboard.press("Enter");
      if (item) {
        await page.getByRole("menu").waitFor();
        await page.getByRole("menu").locator("button", { hasText: item }).first().press("Enter");
      }
    };
    const plain = [
      ["Bold", null, "<p><strong>word</strong></p>"], ["Italic", null, "<p><em>word</em></p>"], ["Underline", null, "<p><u>word</u></p>"], ["Strike through", null, "<p><s>word</s></p>"],
      ["More formats", "Subscript", "<p><sub>word</sub></p>"], ["More formats", "Superscript", "<p><sup>word</sup></p>"], ["More formats", "Code", "<p><code>word</code></p>"],
      ["Colour of text", "Blue", '<p><span style="color: #2471a3;">word</span></p>'],
      ["Alignment and direction", "Centred", '<p style="text-align: center;">word</p>'], ["Alignment and direction", "Right to left", '<p dir="rtl">word</p>'],
      ["Bullet list", null, "<ul><li>word</li></ul>"], ["Numbered list", null, "<ol><li>word</li></ol>"], ["Quote", null, "<blockquote><p>word</p></blockquote>"],
      ["Style", "Heading 3", "<h3>word</h3>"], ["Style", "Code block", "<pre>word</pre>"],
    ];
    for (const [label, item, want] of plain) {
      await begin();
      await press(label, item);
      await page.waitForFunction(() => document.activeElement?.classList.contains("rich-text"));
      assert.equal(await html(), want, label);
    }
    await begin('<h2 style="text-align:right"><b>word</b></h2>');
    await press("More formats", "Clear formatting");
    assert.equal(await html(), "<h2>word</h2>");
    await begin();
    await press("Bold");
    assert.equal(await bar.getByRole("button", { name: "Bold" }).getAttribute("aria-pressed"), "true");
    await check("editor-toolbar");
    await press("Undo");
    assert.equal(await html(), "<p>word</p>");

    await begin();
    await press("Link");
    await page.getByLabel("Address").fill("not an address");
    await page.keyboard.press("Enter");
    await page.getByText("Not an address that can be used here.").waitFor();
    await check("editor-link");
    await page.getByLabel("Address").fill("example.com/a");
    await page.getByLabel("Opens in a new tab").check();
    await page.getByLabel("Address").press("Enter");
    assert.equal(await html(), '<p><a href="https://example.com/a" target="_blank" rel="noopener">word</a></p>');

    await begin("");
    await press("Insert", "Table");
    await page.keyboard.type("head");
    await bar.getByRole("button", { name: "Rows and columns" }).waitFor();
    await press("Rows and columns", "Row below");
    await press("Rows and columns", "Delete column");
    await check("editor-table");
    assert.equal((await html()).match(/<tr>/g).length, 4);
    assert.equal((await html()).match(/<t[hd]>/g).length, 8);

    await begin();
    await press("Insert", "Line");
    assert.match(await html(), /<hr>/);
    await begin("<p>x</p>");
    await press("Insert", "Video or sound");
    await page.getByLabel("Address").fill("/a.mp3");
    await page.keyboard.press("Enter");
    assert.match(await html(), /<audio controls="controls" src="\/a.mp3"><\/audio>/);

    await begin("<ul><li>one</li><li>two</li></ul>");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Tab");
    assert.match(await html(), /<li>one<ul><li>two<\/li><\/ul><\/li>/);
    await area.focus();
    await page.keyboard.press("Control+a");
    await page.keyboard.press("Delete");
    assert.equal((await html()).replace(/<ul>.*<\/ul>/, ""), "");
    await begin();
    await page.keyboard.press("Delete");
    assert.equal((await save()).body, "");
    await close();
  });

  it("takes what is pasted, and leaves its looks", limit, async () => {
    const { page, area, html, paste, close, faults, foreign } = await open(["<p>x</p>"]);
    const pasted = async (data) => {
      await html("");
      await area.focus();
      await paste(data);
      return html();
    };
    assert.equal(await pasted({ "text/plain": "one\ntwo\n\n<b>three</b>" }), "<p>one<br>two</p>\n<p>&lt;b&gt;three&lt;/b&gt;</p>");
    assert.equal(
      await pasted({ "text/html": '<html><head><style>p{}</style></head><body><!--StartFragment--><p class="MsoNormal" style="margin:0"><b><span lang="EN" style="font-size:12pt">Bold</span></b><o:p></o:p> and <span style="font-style:italic">it</span></p><script>window.ran = 1</script><!--EndFragment--></body></html>', "text/plain": "no" }),
      "<p><strong>Bold</strong> and <em>it</em></p>".replaceAll("strong", "b"),
    );
    assert.equal(await pasted({ "text/html": '<b style="font-weight:normal" id="docs-internal-guid-1"><p dir="ltr"><span style="font-weight:700">Docs</span></p><ul><li dir="ltr"><p>item</p></li></ul></b>' }), '<p dir="ltr"><strong>Docs</strong></p>\n<ul><li dir="ltr"><p>item</p></li></ul>');
    await pasted({ "text/html": '<img src="https://evil.example/x.png" onerror="window.ran = 1"><a href="javascript:window.ran=2">l</a>' });
    assert.equal(await page.evaluate(() => window.ran), undefined);
    assert.deepEqual(foreign, []);
    faults.splice(0, faults.length, ...faults.filter((one) => !isExpected(one)));
    await close();
  });

  // From the first to the last, given as [selector, offset].
  const select = async (area, first, last) => {
    await area.focus();
    await wait(60); // what was selected before is again
    await area.evaluate((element, ends) => {
      const places = ends.flatMap(([selector, offset]) => {
        let node = element.querySelector(selector);
        while (node.firstChild) node = node.firstChild;
        return [node, offset];
      });
      getSelection().setBaseAndExtent(...places);
    }, [first, last]);
  };
  const begin = async (area) => {
    await area.focus();
    await wait(250); // a cursor that goes there with the focus is taken back
    await select(area, ["p", 0], ["p", 0]);
    await wait(100);
  };

  it("believes no mark in what is pasted, and keeps what was copied in the record", limit, async () => {
    const evil = '<p onclick="window.ran=1">harmless <a href="javascript:window.ran=2">link</a></p><img src=x onerror="window.ran=3"><script>window.ran=4</script><svg onload="window.ran=5"></svg><p>y</p>';
    const kept = '<p class=k onclick="x()">word <custom-x>c</custom-x></p>';
    const { page, area, html, paste, close, faults } = await open(["<p>x</p>"]);
    const isClean = (text) => assert.doesNotMatch(text, /onclick|onerror|onload|javascript|script|svg/i);
    const copyIt = () =>
      area.evaluate((element) => {
        const transfer = new DataTransfer();
        element.dispatchEvent(new ClipboardEvent("copy", { clipboardData: transfer, bubbles: true, cancelable: true }));
        return transfer.getData("text/html");
      });
    await area.focus();
    await paste({ "text/html": `<!--reeve-->${evil}`, "text/plain": "no" });
    isClean(await html());
    await html(kept);
    await area.focus();
    await page.keyboard.press("Control+a");
    const copied = await copyIt();
    await page.keyboard.press("ArrowRight");
    await paste({ "text/html": copied + evil });
    assert.equal((await html()).replace(/\n/g, ""), kept + kept);
    const mark = copied.slice(0, copied.indexOf("-->") + 3);
    await html("");
    await area.focus();
    await paste({ "text/html": mark.replace(/\w-->$/, "-->") + evil });
    isClean(await html());
    assert.equal(await page.evaluate(() => window.ran), undefined);
    faults.splice(0, faults.length, ...faults.filter((one) => !isExpected(one)));
    await close();
  });

  it("takes what is pasted to another record as from elsewhere", limit, async () => {
    const { page, area, name, drawer, html, close, faults } = await open(['<p onclick="x()">word <b class=k>bold</b></p>']);
    const other = await call("POST", `collections/${name}/records`, { title: "other" });
    await area.focus();
    await page.keyboard.press("Control+a");
    await page.keyboard.press("Control+c");
    await page.evaluate((to) => (location.hash = to), `/data/${name}?record=${other.id}`);
    await page.waitForFunction(() => document.querySelector('.drawer [name="title"]')?.value === "other");
    await drawer.locator(".rich-text").focus();
    await page.keyboard.press("Control+v");
    assert.equal(await html(), "<p>word <b>bold</b></p>");
    faults.splice(0, faults.length, ...faults.filter((one) => !isExpected(one)));
    await close();
  });

  it("pastes a text for its keys alone", limit, async () => {
    const { page, area, html, paste, close } = await open(["<p>x</p>"]);
    const data = { "text/html": "<p>a <b>bold</b></p>", "text/plain": "a bold" };
    await area.focus();
    await page.keyboard.press("End");
    await page.keyboard.press("Shift+A");
    await paste(data);
    assert.equal(await html(), "<p>xAa <b>bold</b></p>");
    await area.focus();
    await page.keyboard.press("Control+a");
    await page.keyboard.down("Control");
    await page.keyboard.down("Shift");
    await area.evaluate((element) => element.dispatchEvent(new KeyboardEvent("keydown", { key: "V", code: "KeyV", ctrlKey: true, shiftKey: true, bubbles: true })));
    await paste(data);
    await page.keyboard.up("Shift");
    await page.keyboard.up("Control");
    assert.equal(await html(), "<p>a bold</p>");
    await close();
  });

  it("types over what is selected, without a key, too", limit, async () => {
    const { page, area, html, close } = await open(["<p>x</p>"]);
    const cases = [
      ['<h2>Head</h2><p style="text-align:center">para <b>x</b></p><p>end</p>', ["h2", 1], ["p", 2], "<h2>HQra <b>x</b></h2><p>end</p>"],
      ["<p>aaa <strong>bbb</strong> <em>ccc</em></p>", ["strong", 0], ["strong", 3], "<p>aaa <strong>Q</strong> <em>ccc</em></p>"],
      ['<p>a <span style="color: red">bbb</span> c</p>', ["p span", 0], ["p span", 3], '<p>a <span style="color: red">Q</span> c</p>'],
      ["<ul><li>one</li><li>two</li></ul>", ["li", 1], ["li + li", 1], "<ul><li>oQwo</li></ul>"],
    ];
    for (const [value, first, last, want] of cases) {
      await html(value);
      await select(area, first, last);
      await wait(100);
      await page.keyboard.insertText("Q");
      await wait(50);
      assert.equal(await html(), want, value);
    }
    await close();
  });

  it("copies the cells that are selected", limit, async () => {
    const value = "<table><tbody><tr><td>a1</td><td>b1</td></tr><tr><td>a2</td><td>b2</td></tr></tbody></table><p>end</p>";
    const { page, area, drawer, html, close } = await open([value]);
    await area.locator("td").first().click();
    await drawer.getByRole("button", { name: "Rows and columns" }).waitFor();
    const boxes = [await area.locator("td").nth(0).boundingBox(), await area.locator("td").nth(2).boundingBox()];
    await page.mouse.move(boxes[0].x + 8, boxes[0].y + 8);
    await page.mouse.down();
    await page.mouse.move(boxes[1].x + 8, boxes[1].y + 8, { steps: 8 });
    await page.mouse.up();
    assert.deepEqual(await area.locator(".selectedCell").allInnerTexts(), ["a1", "a2"]);
    await page.keyboard.press("Control+x");
    const copied = await page.evaluate(async () => {
      const [item] = await navigator.clipboard.read();
      return Promise.all(["text/html", "text/plain"].map(async (type) => (await item.getType(type)).text()));
    });
    for (const text of copied) {
      assert.match(text, /a1[^b]*a2/);
      assert.doesNotMatch(text, /b[12]/);
    }
    await area.locator("p").last().click();
    await page.keyboard.press("End");
    await page.keyboard.press("Control+v");
    const now = await html();
    for (const text of ["a1", "a2", "b1", "b2", "end"]) assert.equal(now.split(text).length, 2, now);
    await close();
  });

  it("goes from cell to cell by Tab, and leaves what is no grid as it is", limit, async () => {
    const ragged = "<table><tr><td>one</td></tr><tr><td>b</td><td rowspan=5>two</td></tr></table>\n<p>end</p>";
    const { page, area, drawer, html, save, check, close } = await open([ragged]);
    const menu = drawer.getByRole("button", { name: "Rows and columns" });
    const inCell = () => page.evaluate(() => getSelection().anchorNode?.parentElement?.closest("td")?.textContent);
    await area.locator("td").first().click();
    await menu.waitFor();
    for (const want of ["b", "two"]) {
      await page.keyboard.press("Tab");
      assert.equal(await inCell(), want);
    }
    await page.keyboard.press("Shift+Tab");
    assert.equal(await inCell(), "b");
    await page.keyboard.press("Tab");
    await page.keyboard.press("End");
    await page.keyboard.type("!");
    assert.equal((await save()).body, ragged.replace("two", "two!"));
    await menu.click();
    assert.equal(await page.getByRole("menuitem", { name: "Row below" }).getAttribute("aria-disabled"), "true");
    await check("editor-ragged");
    await page.keyboard.press("Escape");
    await area.locator("td").last().click();
    await page.keyboard.press("Tab");
    assert.equal(await area.evaluate((element) => element.contains(document.activeElement)), false);
    assert.equal(await html(), ragged.replace("two", "two!"));
    await close();
  });

  it("keeps the spaces and lines that a style keeps", limit, async () => {
    const value = '<p style="white-space: pre-wrap">one   two\n   three</p>\n<p>x <a name="top"> </a>y</p>';
    const { page, area, save, close } = await open([value]);
    await area.locator("p").last().click();
    await page.keyboard.press("End");
    await page.keyboard.type("!");
    await begin(area);
    await page.keyboard.type("A");
    await page.keyboard.press("End");
    await page.keyboard.type(" B");
    assert.equal((await save()).body, value.replace("one", "Aone").replace("two", "two B").replace("y</p>", "y!</p>"));
    await close();
  });

  it("says where files go", limit, async () => {
    const { page, area, drawer, check, close } = await open(["<p>hello</p>"]);
    const give = (kind) =>
      area.evaluate((element, type) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File(["x"], "a.png", { type: "image/png" }));
        const { left, top } = element.querySelector("p").getBoundingClientRect();
        const how = { bubbles: true, cancelable: true };
        element.dispatchEvent(type === "drop" ? new DragEvent("drop", { ...how, dataTransfer: transfer, clientX: left + 8, clientY: top + 8 }) : new ClipboardEvent("paste", { ...how, clipboardData: transfer }));
      }, kind);
    const said = drawer.getByRole("status").getByText("Files are added in the fields for files.");
    for (const kind of ["drop", "paste"]) {
      await area.focus();
      await give(kind);
      await said.waitFor();
      if (kind === "drop") await check("editor-files");
      await page.keyboard.type("x");
      await said.waitFor({ state: "detached" });
    }
    await close();
  });

  it("aligns and turns what is written from right to left", limit, async () => {
    const { page, area, drawer, html, check, close } = await open(["<p>שלום</p><p>עולם</p>"]);
    const choose = async (label) => {
      await area.locator("p").last().click();
      await drawer.getByRole("button", { name: "Alignment and direction" }).click();
      await page.getByRole("menu").locator("button", { hasText: label }).first().click();
    };
    const look = () => area.locator("p").last().evaluate((element) => [getComputedStyle(element).textAlign, getComputedStyle(element).direction]);
    await choose("Left to right");
    assert.equal(await html(), '<p>שלום</p><p dir="ltr">עולם</p>');
    assert.deepEqual(await look(), ["start", "ltr"]);
    await choose("Right to left");
    await choose("Left");
    assert.equal(await html(), '<p>שלום</p><p dir="rtl" style="text-align: left;">עולם</p>');
    assert.deepEqual(await look(), ["left", "rtl"]);
    await check("editor-rtl");
    await close();
  });

  it("changes the image that is selected, and makes no code of it", limit, async () => {
    const src = "data:image/gif;base64,R0lGODlhAQABAAAAACw=";
    const { page, area, drawer, html, check, close } = await open([`<p>a <img class=k src="${src}" alt="old" width="40" height="40"> b</p>`]);
    await area.locator("img").click();
    await drawer.getByRole("button", { name: "Insert" }).click();
    await page.getByRole("menuitem", { name: "Image" }).click();
    assert.equal(await page.getByLabel("Address").inputValue(), src);
    assert.equal(await page.getByLabel("Description").inputValue(), "old");
    await check("editor-image");
    await page.getByLabel("Description").fill("new");
    await page.getByLabel("Description").press("Enter");
    assert.equal(await html(), `<p>a <img class=k src="${src}" alt="new" width="40" height="40"> b</p>`);
    await area.focus();
    await drawer.locator(".rich-style button").click();
    const code = page.getByRole("menu").locator("button", { hasText: "Code block" });
    assert.equal(await code.getAttribute("aria-disabled"), "true");
    await page.keyboard.press("Escape");
    await close();
  });

  it("loses nothing of a long text that is saved, left or closed at once", limit, async () => {
    const line = "<p>Some text that is a line.</p>";
    const { page, area, drawer, name, id, save, close } = await open([`${line}\n`.repeat(4000)]);
    await begin(area);
    await page.keyboard.type("abc");
    assert.ok((await save()).body.startsWith("<p>abcSome"));
    await page.keyboard.type("de");
    await drawer.locator('[name="title"]').click();
    assert.ok((await save()).body.startsWith("<p>abcdeSome"));
    await begin(area);
    await page.keyboard.type("xyz");
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
    await page.evaluate((to) => (location.hash = to), `/data/${name}?record=${id}`);
    await drawer.getByRole("button", { name: "Restore" }).click();
    await area.getByText("xyzabcdeSome").waitFor();
    // Closed by no key and no pointer, as others do for somebody, while what was typed is still to be said.
    await save();
    const kept = page.getByText("kept as a draft: body");
    await kept.waitFor({ state: "detached" });
    await begin(area);
    await page.evaluate(async () => {
      const type = (act, text) => document.execCommand(act, false, text);
      type("insertText", "B");
      await new Promise((done) => setTimeout(done, 500));
      type("delete");
      await new Promise((done) => setTimeout(done, 40));
      type("insertText", "C");
      await new Promise((done) => setTimeout(done, 20));
      document.querySelector(".drawer-head > button:last-child").click();
    });
    await kept.waitFor();
    await close();
  });

  it("runs nothing, and asks nobody else", limit, async () => {
    const { page, area, drawer, areas, save, check, close, faults, foreign } = await open([hostile]);
    await areas.first().waitFor();
    const shows = area.getByRole("button", { name: /^Show/ });
    while ((await shows.count()) > 0) await shows.first().click();
    await wait(500);
    const frames = page.frames().map((frame) => frame.url());
    assert.ok(frames.every((url) => url === "about:blank" || url.startsWith(flow.server.url)), frames.join());
    assert.equal(await page.evaluate(() => window.ran), undefined);
    faults.splice(0, faults.length, ...faults.filter((one) => !isOfShown(one)));
    assert.deepEqual(foreign.filter((url) => !/b\.png|\.mp4|e\.png|[ghijkm]\.png|\.css/.test(url)), []);
    await drawer.locator('[name="title"]').fill("y");
    assert.equal((await save()).body, hostile);
    await page.reload();
    await area.waitFor();
    foreign.length = 0;
    await wait(500);
    assert.deepEqual(foreign, []);
    faults.splice(0, faults.length, ...faults.filter((one) => !isExpected(one)));
    await check("editor-hostile");
    await close();
  });

  it("shows a foreign image when it is asked to", limit, async () => {
    const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
    const { page, area, check, close, foreign } = await open(['<p>See <img src="https://pics.example/a.png" alt="A picture"></p>']);
    await page.route("https://pics.example/**", (route) => route.fulfill({ contentType: "image/png", body: png }));
    await area.getByText("External image · pics.example").waitFor();
    assert.deepEqual(foreign, []);
    await area.getByRole("button", { name: /^Show/ }).press("Enter");
    const frame = area.frameLocator("iframe");
    await frame.locator("img").waitFor();
    await page.waitForFunction(() => document.querySelector(".rich-text iframe").contentDocument.querySelector("img")?.naturalWidth === 1);
    assert.deepEqual(foreign, ["https://pics.example/a.png"]);
    await check("editor-foreign");
    await close();
  });

  it("has its source, and the whole screen", limit, async () => {
    const { page, area, drawer, save, check, close } = await open(["<p>a</p>\r\n<p>b</p>"]);
    await drawer.getByRole("button", { name: "HTML source" }).click();
    const text = drawer.locator("textarea.rich-source");
    await text.fill("<p>a</p>\n<p>c</p>\n<custom-x>kept</custom-x>");
    await check("editor-source");
    assert.equal((await save()).body, "<p>a</p>\r\n<p>c</p>\r\n<custom-x>kept</custom-x>");
    await drawer.getByRole("button", { name: "HTML source" }).click();
    await area.getByText("Kept as it is: custom-x").waitFor();
    await area.focus();
    await page.keyboard.press("Alt+F10");
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    await drawer.locator(".rich-full").waitFor();
    assert.deepEqual(await drawer.locator(".rich").evaluate((one) => [one.clientWidth, one.clientHeight]), [1280, 800]);
    await check("editor-full");
    await page.keyboard.press("Escape");
    await drawer.locator(".rich-full").waitFor({ state: "detached" });
    await drawer.waitFor();
    await close();
  });

  it("follows what is discarded", limit, async () => {
    const { page, area, drawer, close } = await open(["<p>first</p>"]);
    await area.focus();
    await page.keyboard.type("X");
    await drawer.getByText("Not saved yet").waitFor();
    await drawer.getByRole("button", { name: "More", exact: true }).click();
    await page.getByRole("menuitem", { name: "Discard changes" }).click();
    await area.getByText("first", { exact: true }).waitFor();
    await close();
  });

  it("is usable on a phone", limit, async () => {
    const { check, area, close } = await open(["<h2>Title</h2><p>Some text with <b>bold</b> words.</p><table><tr><td>a</td><td>b</td></tr></table>"], { size: "phone" });
    await area.focus();
    await check("editor-phone");
    await close();
  });

  it("takes files of records", limit, async () => {
    const pictures = `pictures${++serial}`;
    await call("POST", "collections", { name: pictures, type: "base", fields: [{ name: "photo", type: "file", maxSelect: 3 }, { name: "secret", type: "file", protected: true }] });
    const form = new FormData();
    form.append("photo", new Blob(["hello"], { type: "text/plain" }), "letter.txt");
    const made = await (await fetch(`${flow.server.url}/api/collections/${pictures}/records`, { method: "POST", headers: { Authorization: flow.token }, body: form })).json();
    const { page, drawer, html, area, check, close } = await open(["<p>x</p>"], {}, { convertURLs: true });
    await area.focus();
    await drawer.getByRole("button", { name: "Insert" }).click();
    await page.getByRole("menuitem", { name: "From records" }).click();
    const dialog = page.getByRole("dialog", { name: "Files of records" });
    await dialog.getByRole("combobox").click();
    await page.getByRole("option", { name: `${pictures} / photo` }).click();
    await dialog.getByRole("button", { name: /^Take letter/ }).waitFor();
    await check("editor-pick");
    await dialog.getByRole("button", { name: /^Take letter/ }).click();
    await dialog.waitFor({ state: "detached" });
    assert.ok((await html()).includes(`href="/api/files/${made.collectionId}/${made.id}/${made.photo[0]}"`), await html());
    await close();
  });

  it("is a text where no more can be had", limit, async () => {
    const { drawer, save, check, close, allow, faults } = await open(["<p>x</p>"], { isPlain: true, before: (page) => page.route(/frame\.html/, (route) => route.abort()) });
    allow("away");
    const text = drawer.locator("textarea.rich-source");
    await text.waitFor();
    await drawer.getByText("Shown as HTML source").waitFor();
    await text.fill("<p>typed</p>");
    faults.length = 0;
    await check("editor-plain");
    assert.equal((await save()).body, "<p>typed</p>");
    await close();
  });
});
