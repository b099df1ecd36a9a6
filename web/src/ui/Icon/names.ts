// The icons of the sprite, by their names in Lucide.

export const iconNames = [
  "database", "scroll-text", "terminal", "settings", "search", "keyboard", "circle-user", "ellipsis", "plus", "x",
  "check", "chevron-down", "chevron-right", "chevron-left", "chevron-up", "chevrons-up-down", "arrow-up", "arrow-down", "arrow-left", "refresh-cw",
  "eye", "eye-off", "copy", "trash-2", "pencil", "pin", "pin-off", "filter", "columns-3", "download",
  "upload", "external-link", "link", "lock", "lock-open", "key-round", "users", "table-2", "view", "folder",
  "file", "image", "type", "hash", "toggle-left", "mail", "calendar", "calendar-clock", "list", "list-checks",
  "braces", "map-pin", "text-quote", "git-branch", "asterisk", "triangle-alert", "circle-alert", "info", "circle-check", "loader-circle",
  "panel-left", "sun", "moon", "sun-moon", "log-out", "star", "bookmark", "history", "code", "play",
  "radio", "square", "square-check", "undo-2", "save", "bell", "grip-vertical", "sliders-horizontal", "wand-sparkles", "snowflake",
  "bold", "italic", "underline", "strikethrough", "subscript", "superscript", "remove-formatting", "palette", "text-align-start", "list-ordered",
  "quote", "image-plus", "film", "square-code", "redo-2", "maximize-2", "minimize-2", "file-code", "pilcrow", "table-properties",
  "activity", "hard-drive", "network", "gauge", "archive", "clock", "shield-check", "user-cog", "file-up", "file-down",
  "workflow", "house", "pause", "flask-conical", "stethoscope", "chart-column", "server", "zoom-in", "zoom-out", "maximize",
] as const;

export type IconName = (typeof iconNames)[number];
