// What a text is written in.

import { json } from "@codemirror/lang-json";
import { sql, SQLite } from "@codemirror/lang-sql";
import { LRLanguage } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { parser } from "@lezer/html";
import { rule } from "./rule.ts";
import type { CodeLanguage, CodeProps } from "./types.ts";

// Its tags alone: scripts and styles in it are texts.
const html = LRLanguage.define({ parser });

const languages: Record<CodeLanguage, (names: NonNullable<CodeProps["names"]>) => Extension> = {
  sql: (names) => sql({ dialect: SQLite, schema: Object.fromEntries(Object.entries(names).map(([table, columns]) => [table, [...columns]])), upperCaseKeywords: true }),
  json: () => json(),
  html: () => html,
  rule: () => rule,
  text: () => [],
};

export const languageOf = (language: CodeLanguage, names: NonNullable<CodeProps["names"]>): Extension => languages[language](names);
