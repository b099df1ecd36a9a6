/*
 * cli/app: what every command opens: the data directory with its databases, settings and schema.
 */
#ifndef REEVE_CLI_APP_H
#define REEVE_CLI_APP_H

#include "base/err.h"
#include "cli/options.h"
#include "cli/restored.h"
#include "db/db.h"
#include "schema/schema.h"
#include "settings/settings.h"

#include <pthread.h>

struct jobs;
struct logbook;
struct notify;
struct outbox;

/* What the server is told of; each may be NULL. The first three are db_conf's, of data.db. */
struct app_hooks {
    void (*group_done)(void *user);
    void (*before_commit)(void *user);
    void (*after_commit)(void *user);
    /* A schema is the current one from now on: each in its turn, and the next one waits for it. */
    void (*schema_published)(void *user, struct schema *schema);
    void *user;
    enum swap_who who; /* to a directory with a restored content */
};

struct app {
    struct arena *arena;
    struct app_hooks hooks;
    const struct options *options;
    struct str encryption_key; /* empty: none */
    struct str node; /* what this process is called among others, where it speaks of itself */
    struct db *data, *auxiliary;
    struct schema_store *schemas;
    /* From beginning the snapshot that is read to publishing what it says: else a slow thread could
     * publish an older state over a newer one. */
    pthread_mutex_t reloading;
    struct settings_store *settings;
    struct file_store *files; /* the server's, which follows the settings; else NULL */
    struct notify *notify;
    struct outbox *outbox;   /* the server's; else NULL */
    struct logbook *logbook; /* the same */
    struct jobs *jobs;       /* app_use_jobs() */
    struct restored restored;
};

/* Opens the data directory, making what a fresh one lacks. On an error app_close() still gives back
 * what was opened; its cause is for a person. */
MUST_CHECK struct err *app_open(struct arena *a, const struct options *options,
                                const struct app_hooks *hooks, struct app *app);
/* Closes the calling thread's connections too. What there is to be done with app->restored is its
 * user's, and its lock lasts until the process ends. */
void app_close(struct app *app);

/* From here on the schedules that settings name are these jobs'; NULL: nobody's any more. */
void app_use_jobs(struct arena *a, struct app *app, struct jobs *jobs);
#define BACKUP_JOB "__pbAutoBackup__"

/* The path of an entry of the data directory. */
struct str app_path(struct arena *a, const struct app *app, const char *entry);

/* Makes sure that the published schema is not older than the database's version
 * (db_schema_version): another process may have changed it. Any thread with a reader, outside a
 * snapshot. */
MUST_CHECK struct err *app_follow_schema(struct arena *a, struct app *app, int64_t db_version);
/* Reads again what another process has changed, and publishes it. Any thread with a reader, outside
 * a snapshot. */
MUST_CHECK struct err *app_reload_schema(struct arena *a, struct app *app);
MUST_CHECK struct err *app_reload_settings(struct arena *a, struct app *app);

#endif
