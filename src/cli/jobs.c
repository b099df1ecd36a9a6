/*
 * What the program does at its time, in the order in which PocketBase lists it (services.md 9).
 */
#include "cli/jobs.h"

#include "auth/auth.h"
#include "backup/backup.h"
#include "base/date.h"
#include "base/log.h"
#include "cli/alarm.h"
#include "telemetry/telemetry.h"

#define STALE_TRIES 16
#define LONG_END_MS 5000

struct system_jobs {
    const struct app *app;
    struct api *api;
};

/* --- optimize --------------------------------------------------------------------------------- */

static struct err *first_of(struct err *err, struct err *later)
{
    return err ? err : later;
}

static struct err *optimize(void *user, struct arena *a, const atomic_bool *stopping)
{
    const struct app *app = ((const struct system_jobs *)user)->app;
    struct err *err = db_empty_log(a, app->data);

    if (!atomic_load(stopping))
        err = first_of(err, db_empty_log(a, app->auxiliary));
    if (!atomic_load(stopping))
        err = first_of(err, db_optimize(a, app->data, stopping));
    return err;
}

/* --- what is over ----------------------------------------------------------------------------- */

struct cleaning {
    const struct system_jobs *system;
    enum auth_expiring what;
};

static void unref_schema(void *schema)
{
    schema_unref(schema);
}

static struct err *clean_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct cleaning *cleaning = in;
    const struct api *api = cleaning->system->api;
    struct schema *schema = schema_current(api->schemas);
    const struct rec_scope scope = {.schema = schema,
                                    .now_ms = date_now_ms(),
                                    .files = api->files,
                                    .events = api->events,
                                    .feed = api->feed};
    struct auth_expired *expired = ARENA_NEW(a, struct auth_expired);
    struct err *err;

    arena_defer(a, unref_schema, schema);
    *ret_out = expired;
    err = schema_check_fresh(a, schema, tx);
    return err ? err : auth_remove_expired(a, tx, &scope, cleaning->what, expired);
}

static struct err *clean_some(struct arena *a, const struct cleaning *cleaning,
                              struct auth_expired *ret)
{
    struct api *api = cleaning->system->api;
    struct err *err = NULL;
    void *out;

    for (int i = 0; i < STALE_TRIES; i++) {
        err = db_run(a, api->db, clean_unit, cleaning, &out);
        if (!err)
            *ret = *(struct auth_expired *)out;
        if (!err || err->kind != E_STALE)
            return err;
        err = api->follow_schema(api->user, a, API_ANY_VERSION);
        if (err)
            return err;
    }
    return err_new(a, E_UNAVAILABLE, NULL, "the schema keeps changing");
}

static struct err *clean(const struct cleaning *cleaning, struct arena *a,
                         const atomic_bool *stopping)
{
    struct auth_expired expired;
    struct str refused = STR_NONE;
    struct err *err;

    do {
        err = clean_some(a, cleaning, &expired);
        if (err)
            return err;
        if (expired.refused.n > 0)
            refused = expired.refused;
    } while (expired.n == AUTH_EXPIRED_MOST && !atomic_load(stopping));
    return refused.n > 0 ? err_new(a, E_BAD_REQUEST, NULL, "%.*s", STR_ARG(refused)) : NULL;
}

static struct err *clean_mfas(void *user, struct arena *a, const atomic_bool *stopping)
{
    const struct cleaning cleaning = {.system = user, .what = AUTH_MFAS};

    return clean(&cleaning, a, stopping);
}

static struct err *clean_otps(void *user, struct arena *a, const atomic_bool *stopping)
{
    const struct cleaning cleaning = {.system = user, .what = AUTH_OTPS};

    return clean(&cleaning, a, stopping);
}

/* --- the table -------------------------------------------------------------------------------- */

/* What a limiter counts takes no more room with time, and goes by itself. */
static struct err *nothing(void *user, struct arena *a, const atomic_bool *stopping)
{
    (void)user;
    (void)a;
    (void)stopping;
    return NULL;
}

static struct err *clean_logs(void *user, struct arena *a, const atomic_bool *stopping)
{
    const struct app *app = ((const struct system_jobs *)user)->app;

    (void)stopping;
    return logbook_prune(a, app->logbook);
}

static struct err *back_up(void *user, struct arena *a, const atomic_bool *stopping)
{
    const struct system_jobs *system = user;
    AUTO(settings_unref) struct settings *settings = settings_current(system->app->settings);

    struct err *err = backup_create_scheduled(a, system->api->backups, settings, stopping);

    if (err && !atomic_load(stopping))
        alarm_backup_failed(a, system->app, err->cause);
    return err;
}

/* Without a schedule one is not listed: until something gives it one. */
static const struct jobs_row rows[] = {
    {STR_INIT("__pbDBOptimize__"), STR_INIT("0 0 * * *"), optimize, NULL, true},
    {STR_INIT("__pbMFACleanup__"), STR_INIT("0 * * * *"), clean_mfas, NULL, true},
    {STR_INIT("__pbOTPCleanup__"), STR_INIT("0 * * * *"), clean_otps, NULL, true},
    {STR_INIT("__pbLogsCleanup__"), STR_INIT("0 */6 * * *"), clean_logs, NULL, true},
    {STR_INIT(BACKUP_JOB), STR_INIT(""), back_up, NULL, true},
    {STR_INIT(API_RATES_JOB), STR_INIT(""), nothing, NULL, true},
};

struct jobs *system_jobs_new(const struct app *app, struct api *api)
{
    struct system_jobs *system = ARENA_NEW(app->arena, struct system_jobs);
    struct jobs_conf conf = {
        .db = app->data, .node = app->node, .thread_end = api_thread_end, .user = api};
    struct jobs *jobs;

    *system = (struct system_jobs){.app = app, .api = api};
    jobs = jobs_new(&conf);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct jobs_row row = rows[i];

        row.user = system;
        if (jobs_add(app->arena, jobs, &row))
            BUG("a job of the system has no schedule");
    }
    return jobs;
}

void system_jobs_end(struct jobs *jobs)
{
    if (!jobs_stop(jobs, LONG_END_MS))
        log_warn("jobs.slow_end");
    jobs_free(jobs);
}
