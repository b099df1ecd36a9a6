/*
 * cli/privileges: what the serving process gives up, and what it should not have.
 */
#ifndef REEVE_CLI_PRIVILEGES_H
#define REEVE_CLI_PRIVILEGES_H

#include "cli/options.h"

/* Before threads are started: they inherit it. */
void privileges_drop(const struct options *options);
/* An event in the log when the server runs as root. */
void privileges_warn(void);

#endif
