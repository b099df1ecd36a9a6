/*
 * cli/commands: each command returns the process's exit code.
 */
#ifndef REEVE_CLI_COMMANDS_H
#define REEVE_CLI_COMMANDS_H

#include "base/err.h"
#include "cli/options.h"

int command_serve(struct arena *a, const struct options *options);
int command_superuser(struct arena *a, const struct options *options);
int command_schema(struct arena *a, const struct options *options);
int command_explain(struct arena *a, const struct options *options);
int command_files(struct arena *a, const struct options *options);
int command_backup(struct arena *a, const struct options *options);

/* One line on standard error, stamped as PocketBase stamps it; returns 1. */
PRINTF(1, 2)
int command_fail(const char *format, ...);
/* The same with an error's cause. */
int command_fail_err(const struct err *err);
/* The stamp: local time as "YYYY/MM/DD HH:MM:SS". out holds 20 bytes. */
void command_stamp(char out[20]);

#endif
