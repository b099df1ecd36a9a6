// Rows and columns of tables: fetched when somebody is in one.

import type { Command, EditorState } from "prosemirror-state";
import { addColumnAfter, addColumnBefore, addRowAfter, addRowBefore, deleteColumn, deleteRow, deleteTable, toggleHeader } from "prosemirror-tables";
import { te } from "../../i18n/t-editor.ts";
import { Menu, type MenuItem } from "../../ui/Menu/Menu.tsx";
import type { Act } from "./acts.ts";
import { isGrid } from "./grid.ts";

export { tablePlugins } from "./grid.ts";

const tableAct = (label: string, run: Command, can: (state: EditorState) => boolean = isGrid): Act => ({ icon: "table-properties", label, run, can, why: te.noGrid });
const tableActs: readonly Act[] = [
  tableAct(te.rowBefore, addRowBefore),
  tableAct(te.rowAfter, addRowAfter),
  tableAct(te.columnBefore, addColumnBefore),
  tableAct(te.columnAfter, addColumnAfter),
  tableAct(te.headerRow, toggleHeader("row")),
  tableAct(te.rowDelete, deleteRow),
  tableAct(te.columnDelete, deleteColumn),
  tableAct(te.tableDelete, deleteTable, () => true),
];

export interface TableMenuProps {
  item: (act: Act) => MenuItem;
}

export const TableMenu = ({ item }: TableMenuProps) => <Menu label={te.tableActs} icon="table-properties" groups={[{ items: tableActs.map(item) }]} />;
