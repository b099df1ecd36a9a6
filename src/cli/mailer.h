/*
 * cli/mailer: the outbox of a serving program.
 */
#ifndef REEVE_CLI_MAILER_H
#define REEVE_CLI_MAILER_H

#include "cli/app.h"
#include "mail/outbox.h"

/* Its threads read and write until outbox_free(). NULL: the system has no thread left. */
struct outbox *mailer_start(struct app *app);

#endif
