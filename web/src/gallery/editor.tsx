// Rich text in its states, and the frame in which HTML of others is shown.

import { useState } from "preact/hooks";
import type { Field } from "../api/types.ts";
import { EditorInput } from "../fields/editor/input.tsx";
import { Frame } from "../ui/Frame/Frame.tsx";

const all = `<h2>A heading</h2>
<p style='text-align: center'>Some <b>bold</b>, <i>italic</i>, <u>under</u>, <s>struck</s>, <code>code</code>, H<sub>2</sub>O, <span style='color: red'>red</span> and <a href="https://example.com/">a link</a>.</p>
<ul><li>One</li><li>Two<ol><li>Three</li></ol></li></ul>
<blockquote><p>Somebody said so.</p></blockquote>
<table><tbody><tr><th>Name</th><th>Age</th></tr><tr><td>Ada</td><td>36</td></tr></tbody></table>
<pre><code>let a = 1;</code></pre>
<hr>
<p>Foreign <img src="https://example.com/a.png" alt="A picture"> and <o:p>unknown</o:p></p>
<svg width="20" height="20"><circle r="9" cx="10" cy="10"></circle></svg>
<!-- a comment -->
<video controls src="https://example.com/a.mp4"></video>`;

const field: Field = { id: "f", name: "content", type: "editor", system: false, hidden: false, required: true };

const Rich = ({ first, error }: { first: string; error?: string }) => {
  const [value, setValue] = useState<unknown>(first);
  return (
    <>
      <EditorInput field={field} value={value} onChange={setValue} isNew={false} {...(error ? { error } : {})} />
      <pre class="gallery-wide" tabIndex={0}>{String(value)}</pre>
    </>
  );
};

const hostile = `<style>p { color: teal }</style><h1>Hello</h1><p onclick="x()">A <a href="https://example.com/">link</a> that leads nowhere.</p><script>alert(1)</script><table><tr><td>a</td><td>b</td></tr></table>`;

export const editors = {
  RichText: () => <Rich first={all} />,
  "RichText-empty": () => <Rich first="" />,
  "RichText-wrong": () => <Rich first="<p>No</p>" error="What the server has said." />,
  Frame: () => <Frame html={hostile} label="What somebody has written" height={240} />,
};
