import { useEffect } from "preact/hooks";
import { provide, type Command } from "../state/commands.ts";

// For as long as the component is shown.
export const useCommands = (commands: readonly Command[], changes: readonly unknown[]): void => {
  useEffect(() => provide(commands), [...changes]);
};
