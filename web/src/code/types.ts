export type CodeLanguage = "sql" | "json" | "html" | "rule" | "text";

// What may stand at a place, instead of what is from..to there.
export interface CodeCompletion {
  from: number;
  to: number;
  items: readonly { label: string; insert: string; hint?: string }[];
}

export interface CodeFault {
  at: number;
  length: number;
  message: string;
}

export interface CodeProps {
  name: string;
  label: string;
  description?: string; // what is said below it
  error?: string;
  value: string;
  onInput: (text: string) => void;
  onBlur?: () => void;
  language: CodeLanguage;
  names?: Readonly<Record<string, readonly string[]>>; // tables and their columns, to be completed
  complete?: (text: string, at: number) => CodeCompletion; // instead of what the language knows
  faults?: readonly CodeFault[];
  goTo?: number; // a place that is to be shown; another one each time
  readonly?: boolean;
  required?: boolean;
  hasLines?: boolean;
  placeholder?: string;
  takesFocus?: boolean;
}
