import { useState } from "preact/hooks";
import { CodeField } from "../code/CodeField.tsx";
import type { CodeProps } from "../code/types.ts";
import { parseJson } from "../lib/json.ts";
import { completeRule } from "../lib/rule-complete.ts";
import { DurationInput } from "../ui/Duration/Duration.tsx";
import { Field } from "../ui/Field/Field.tsx";
import { JsonTree } from "../ui/JsonTree/JsonTree.tsx";

const sql = "SELECT id, title, count(*) AS total -- of each\nFROM posts\nWHERE title != 'x' AND score > 1.5\nGROUP BY id";
const json = '{\n  "list": [1, 2.50, null],\n  "exact": 12345678901234567890,\n  "text": "é"\n}';
const html = '<p class="a">Hello <b>{NAME}</b></p>\n<!-- a remark -->';

const Typed = (props: Omit<CodeProps, "value" | "onInput"> & { first: string }) => {
  const [value, set] = useState(props.first);
  return <CodeField {...props} value={value} onInput={set} />;
};

const Code = () => (
  <div class="gallery-stack">
    <Typed name="sql" label="SQL" language="sql" first={sql} names={{ posts: ["id", "title", "score"], users: ["id", "name"] }} hasLines />
    <Typed name="json" label="JSON with a fault" language="json" first={json.replace("null]", "null")} error="Expected , or ] in line 3." faults={[{ at: 45, length: 1, message: "Expected , or ]" }]} />
    <Typed name="html" label="HTML" language="html" first={html} />
    <Typed name="read" label="Only read" language="text" first={"line\n".repeat(60)} readonly />
    <Typed name="empty" label="Empty" language="sql" first="" placeholder="SELECT …" required />
  </div>
);

const posts = { id: "c1", name: "posts", type: "base", fields: [{ name: "id", type: "text" }, { name: "title", type: "text" }, { name: "author", type: "relation", collectionId: "c2", maxSelect: 1 }] };
const users = { id: "c2", name: "users", type: "auth", fields: [{ name: "id", type: "text" }, { name: "role", type: "text" }] };
const scope = { collection: posts, collections: [posts, users] };

const Rule = () => (
  <div class="gallery-stack">
    <Typed name="rule" label="A rule" language="rule" first={'@request.auth.role = "admin" || author = @request.auth.id'} complete={(text, at) => completeRule(text, at, scope)} />
    <Typed name="wrong" label="A rule with a fault" language="rule" first={'auhtor = @request.auth.id'} faults={[{ at: 0, length: 6, message: "There is no field auhtor." }]} />
  </div>
);

const Tree = () => <JsonTree label="value" value={parseJson(json.replace("null]", `null, {"deep": {"deeper": [true]}}, ${"1,".repeat(300)} 2]`))} />;

const Duration = () => {
  const [value, set] = useState<number | string>(5 * 86_400);
  return <Field label="Good for">{(attributes) => <DurationInput attributes={attributes} label="Good for" value={value} onChange={set} />}</Field>;
};

export const codes = { Code, Rule, JsonTree: Tree, Duration };
