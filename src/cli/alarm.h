/*
 * cli/alarm: what the program has to tell its superusers by mail.
 */
#ifndef REEVE_CLI_ALARM_H
#define REEVE_CLI_ALARM_H

#include "cli/app.h"

/* A backup of the schedule has failed. Blocks; on a thread that may read and has no snapshot open.
 * A mail that cannot be sent is a line in the log. */
void alarm_backup_failed(struct arena *a, const struct app *app, struct str why);

#endif
