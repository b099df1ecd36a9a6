import { useLayoutEffect } from "preact/hooks";
import { provide, type Command } from "../state/commands.ts";

// For as long as the component is shown, from its first key to its last.
export const useCommands = (commands: readonly Command[], changes: readonly unknown[]): void => {
  useLayoutEffect(() => provide(commands), [...changes]);
};
