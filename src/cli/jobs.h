/*
 * cli/jobs: the scheduled work of a serving program.
 */
#ifndef REEVE_CLI_JOBS_H
#define REEVE_CLI_JOBS_H

#include "api/api.h"
#include "cli/app.h"
#include "jobs/jobs.h"

/* With the system's jobs in it; jobs_start() begins. Both are borrowed, and are complete by then.
 */
struct jobs *system_jobs_new(const struct app *app, struct api *api);
/* Ends what runs, and says so where that takes long; before the databases are closed. NULL is fine.
 */
void system_jobs_end(struct jobs *jobs);

#endif
