// One rule of one collection, changed beside the rules of all.

import { useEffect, useMemo } from "preact/hooks";
import type { Collection } from "../../api/types.ts";
import { tu } from "../../i18n/t-rules.ts";
import { reloadCollections } from "../../state/instance.ts";
import { Drawer } from "../../ui/Drawer/Drawer.tsx";
import { Icon } from "../../ui/Icon/Icon.tsx";
import { ProtectedNotice } from "../../ui/Protected/Protected.tsx";
import { Bar } from "../collection/bar.tsx";
import { Notices } from "../collection/notices.tsx";
import { editFor, useEditing } from "../collection/open.ts";
import type { RuleName } from "./names.ts";
import { RuleRow } from "./rule-row.tsx";

export interface InPlaceProps {
  one: Collection;
  rule: RuleName;
  onClose: () => void; // what is not saved yet is kept
}

export const InPlace = ({ one, rule, onClose }: InPlaceProps) => {
  const edit = useMemo(() => editFor(one, false), [one.id]);
  useEffect(() => edit.meet(one), [edit, one]);
  const canWrite = useEditing(edit) && !one.system;
  return (
    <Drawer title={`${one.name} / ${tu.rules.names[rule]}`} onClose={onClose} footer={canWrite && <Bar key={edit.key} edit={edit} onSaved={() => void reloadCollections()} />}>
      <div class="def-cards">
        <Notices edit={edit} />
        {!canWrite && !one.system && <ProtectedNotice />}
        {one.system && <p class="field-hint"><Icon name="lock" size={14} /> {tu.rules.fixed}</p>}
        <RuleRow key={`${edit.key} ${rule}`} edit={edit} canWrite={canWrite} name={rule} isAlone />
        <p><a href={`#/data/${encodeURIComponent(one.name)}/rules?rule=${rule}`}>{tu.matrix.allOf(one.name)}</a></p>
      </div>
    </Drawer>
  );
};
