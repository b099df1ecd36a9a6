// Who may do what with the records of a collection.

import { useEffect } from "preact/hooks";
import { tu } from "../../i18n/t-rules.ts";
import { query } from "../../state/router.ts";
import { Icon } from "../../ui/Icon/Icon.tsx";
import type { PartProps } from "../collection/parts.ts";
import { goTo } from "./focus.ts";
import { ruleIn, ruleNamesOf } from "./names.ts";
import { RuleRow } from "./rule-row.tsx";
import { TestAs } from "./test-as.tsx";

export const Rules = (props: PartProps) => {
  const { edit } = props;
  const { type } = edit.draft.value;
  const { system, name } = edit.original.value;
  const isFixed = system && edit.id !== null;
  const wanted = ruleIn(type, query.value["rule"]);
  const tested = edit.id === null ? undefined : ruleIn(type, query.value["test"]);
  useEffect(() => {
    if (wanted) goTo(`[data-rule="${wanted}"]`);
  }, [wanted, edit]);
  return (
    <div class="def-cards">
      <h2 class="aside">{tu.rules.title}</h2>
      {isFixed && <p class="field-hint"><Icon name="lock" size={14} /> {tu.rules.fixed}</p>}
      {ruleNamesOf(type).map((rule) => <RuleRow key={rule} {...props} canWrite={props.canWrite && !isFixed} name={rule} />)}
      {type === "auth" && <p class="field-hint">{tu.rules.mfa} <a href={edit.id === null ? "#/new/auth/auth" : `#/data/${encodeURIComponent(name)}/auth`}>{tu.rules.mfaLink}</a></p>}
      {tested && <TestAs key={edit.key} edit={edit} rule={tested} onClose={() => goTo(`[data-rule="${tested}"] .button`)} />}
    </div>
  );
};
