/*
 * cli/notify: the marker files in `.notify` by which processes on one data directory tell each
 * other of changed settings and collections (data-dir.md 1).
 */
#ifndef REEVE_CLI_NOTIFY_H
#define REEVE_CLI_NOTIFY_H

#include "cli/app.h"

/* Watches on a thread of its own and reloads what others announce. */
MUST_CHECK struct err *notify_start(struct arena *a, struct app *app);
/* Stops the thread. Fine when it was never started. */
void notify_stop(struct app *app);

/* Reads the schema again in the background until that succeeds: for who could not. Any thread. */
void notify_reload_schema(struct app *app);
void notify_reload_settings(struct app *app); /* the same for them */

/* Tells the other processes; kind: "settings" or "collections". Failures are logged: the change
 * itself is made. */
void notify_announce(struct app *app, const char *kind);

#endif
