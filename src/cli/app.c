/*
 * Opening and closing a data directory (data-dir.md 1-4, 7, 9).
 */
#include "cli/app.h"

#include "base/date.h"
#include "base/limits.h"
#include "base/log.h"
#include "jobs/jobs.h"
#include "telemetry/telemetry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AUXILIARY_CACHE_BYTES (2 * MIB)

struct str app_path(struct arena *a, const struct app *app, const char *entry)
{
    return arena_printf(a, "%.*s/%s", STR_ARG(app->options->dir), entry);
}

/* With the folders that it lies in, as PocketBase does. */
static struct err *make_folder(struct arena *a, struct str path)
{
    struct stat st;

    for (size_t i = 1; i <= path.n; i++) {
        const char *part = arena_cstr(a, str_sub(path, 0, i));

        if ((i < path.n && path.p[i] != '/') || mkdir(part, 0777) == 0 || errno == EEXIST)
            continue;
        return err_new(a, E_INTERNAL, NULL, "can't create the data directory %.*s: %s: %s",
                       STR_ARG(path), part, strerror(errno));
    }
    if (stat(arena_cstr(a, path), &st) != 0 || !S_ISDIR(st.st_mode))
        return err_new(a, E_INTERNAL, NULL, "the data directory %.*s is no directory",
                       STR_ARG(path));
    return NULL;
}

static enum db_durability durability(const struct options *options)
{
    return str_eq(options->durability, STR("normal")) ? DB_NORMAL : DB_FULL;
}

static struct err *open_database(struct app *app, const char *file, struct db_conf conf,
                                 struct db **ret)
{
    conf.path = app_path(app->arena, app, file);
    conf.create = true;
    conf.query_timeout_s = (unsigned)app->options->query_timeout_s;
    conf.ops = app->options->engine;
    return db_open(app->arena, &conf, ret);
}

static struct err *bootstrap(struct app *app, struct db *db, db_unit_fn *unit)
{
    struct schema_bootstrap in = {.now_ms = date_now_ms(),
                                  .settings_json =
                                      settings_default_json(app->arena, SETTINGS_POCKETBASE)};
    struct db_lease lease = {0};

    if (app->encryption_key.n > 0) {
        in.settings_sealed =
            settings_seal(app->arena, in.settings_json, app->encryption_key, &in.settings_json);
        if (!in.settings_sealed)
            return err_new(app->arena, E_INTERNAL, NULL,
                           "the key of --encryptionEnv must have 16, 24 or 32 bytes");
    }
    return db_run_leased(app->arena, db, &lease, unit, &in, NULL);
}

/* A directory that is refused is not touched: the checks read. */
static struct err *bootstrap_data(struct app *app)
{
    struct db_conn *conn;
    bool needed;
    struct err *err;

    err = db_reader(app->arena, app->data, &conn);
    if (!err)
        err = schema_needs_bootstrap(app->arena, conn, &needed);
    if (!err && needed)
        err = bootstrap(app, app->data, schema_bootstrap_data);
    return err;
}

/* With app->reloading. */
static struct err *publish_schema(struct arena *a, struct app *app)
{
    struct schema *schema;
    struct db_conn *conn;
    struct err *err;

    err = db_reader(a, app->data, &conn);
    if (!err)
        err = db_read_begin(a, conn);
    if (err)
        return err;
    err = schema_load(a, conn, &schema);
    if (!err) {
        schema->db_version = db_schema_version(conn);
        schema_publish(app->schemas, schema);
        if (app->hooks.schema_published)
            app->hooks.schema_published(app->hooks.user, schema);
    }
    db_read_end(conn);
    return err;
}

struct err *app_reload_schema(struct arena *a, struct app *app)
{
    struct err *err;

    pthread_mutex_lock(&app->reloading);
    err = publish_schema(a, app);
    pthread_mutex_unlock(&app->reloading);
    return err;
}

struct err *app_follow_schema(struct arena *a, struct app *app, int64_t db_version)
{
    struct schema *current;
    struct err *err = NULL;

    pthread_mutex_lock(&app->reloading);
    current = schema_current(app->schemas);
    if (current->db_version != db_version)
        err = publish_schema(a, app);
    schema_unref(current);
    pthread_mutex_unlock(&app->reloading);
    return err;
}

/* With app->reloading. What is stored is not checked: one that is none means never. */
static void follow_schedule(struct arena *a, struct app *app, const struct settings *settings)
{
    struct err *err = NULL;

    if (app->jobs)
        err = jobs_set_schedule(a, app->jobs, STR(BACKUP_JOB), settings->backups.cron);
    if (err) {
        log_warn("backups.cron.invalid", LOG_STR("cause", err->cause));
        err = jobs_set_schedule(a, app->jobs, STR(BACKUP_JOB), STR(""));
    }
    if (err)
        BUG("no schedule is none");
}

void app_use_jobs(struct arena *a, struct app *app, struct jobs *jobs)
{
    AUTO(settings_unref) struct settings *settings = settings_current(app->settings);

    pthread_mutex_lock(&app->reloading);
    app->jobs = jobs;
    follow_schedule(a, app, settings);
    pthread_mutex_unlock(&app->reloading);
}

/* New files go where the settings say before anybody is told of them. */
static void publish_settings(struct arena *a, struct app *app, struct settings *settings)
{
    if (app->files)
        file_store_use(app->files, &settings->s3);
    follow_schedule(a, app, settings);
    settings_publish(app->settings, settings);
    if (app->logbook)
        logbook_settings_changed(app->logbook);
}

struct err *app_reload_settings(struct arena *a, struct app *app)
{
    struct settings *settings;
    struct db_conn *conn;
    struct err *err;

    pthread_mutex_lock(&app->reloading);
    err = db_reader(a, app->data, &conn);
    if (!err)
        err = settings_load(a, conn, app->encryption_key, &settings);
    if (!err)
        publish_settings(a, app, settings);
    pthread_mutex_unlock(&app->reloading);
    return err;
}

static struct str encryption_key(struct arena *a, const struct options *options)
{
    return options->encryption_env.n > 0 ? str_of(getenv(arena_cstr(a, options->encryption_env)))
                                         : STR_NONE;
}

static struct str node_name(struct arena *a, const struct options *options)
{
    char host[256];

    if (options->node.n > 0)
        return options->node;
    if (gethostname(host, sizeof(host)) != 0)
        return STR("node");
    host[sizeof(host) - 1] = '\0';
    return arena_dup(a, str_of(host));
}

struct err *app_open(struct arena *a, const struct options *options, const struct app_hooks *hooks,
                     struct app *app)
{
    struct db_conf data = {.durability = durability(options),
                           .page_cache_bytes = LIMIT_PAGE_CACHE_BYTES,
                           .group_done = hooks->group_done,
                           .before_commit = hooks->before_commit,
                           .after_commit = hooks->after_commit,
                           .user = hooks->user};
    /* nobody is told that an entry of the log book is stored */
    struct db_conf auxiliary = {.durability = DB_NORMAL, .page_cache_bytes = AUXILIARY_CACHE_BYTES};
    struct err *err;

    *app = (struct app){.arena = a,
                        .hooks = *hooks,
                        .options = options,
                        .encryption_key = encryption_key(a, options),
                        .node = node_name(a, options),
                        .schemas = schema_store_new(),
                        .settings = settings_store_new(),
                        .reloading = PTHREAD_MUTEX_INITIALIZER};
    app->restored = (struct restored){.lock = -1, .start = {.lock = -1}};
    err = make_folder(a, options->dir);
    if (!err)
        err = restored_look(a, options->dir, hooks->who, &app->restored);
    if (!err)
        err = open_database(app, "data.db", data, &app->data);
    if (!err)
        err = bootstrap_data(app);
    if (!err)
        err = open_database(app, "auxiliary.db", auxiliary, &app->auxiliary);
    if (!err)
        err = bootstrap(app, app->auxiliary, schema_bootstrap_auxiliary);
    if (!err)
        err = app_reload_settings(a, app);
    if (!err)
        err = app_reload_schema(a, app);
    return err;
}

void app_close(struct app *app)
{
    if (app->data)
        db_reader_close(app->data);
    if (app->auxiliary)
        db_reader_close(app->auxiliary);
    db_close(TAKE(app->auxiliary));
    db_close(TAKE(app->data));
    schema_store_free(TAKE(app->schemas));
    settings_store_free(TAKE(app->settings));
}
