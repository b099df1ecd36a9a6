/*
 * reeve serve: wires the program and runs it (services.md 15).
 *
 * Start: descriptors → data directory → what was restored → settings and schema → what is missing →
 * realtime → watcher → pool → listener → scheduled work. Stop, in this order: no new connection →
 * requests in flight drain → pool → loops have ended → scheduled work → watcher → log book → writer
 * and checkpoint (db_close) → for a restart, the program again, on the same listener.
 */
#include "api/api.h"
#include "auth/apple_names.h"
#include "backup/backup.h"
#include "backup/in_use.h"
#include "cli/app.h"
#include "cli/budget.h"
#include "cli/commands.h"
#include "cli/grace.h"
#include "cli/installer.h"
#include "cli/jobs.h"
#include "cli/mailer.h"
#include "cli/missing.h"
#include "cli/notify.h"
#include "cli/privileges.h"
#include "cli/service.h"
#include "realtime/realtime.h"
#include "telemetry/metrics.h"
#include "telemetry/telemetry.h"

#include "base/id.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/num.h"
#include "base/reap.h"
#include "base/thread.h"

#include <stdio.h>
#include <unistd.h>

/* Connections to a database whose calls wait; each has a thread that reads. */
#define POOLED_CONNECTIONS 16
/* Beside the one that has the write connection: they only wait for it, and not for ever. */
#define LEASE_THREADS 4
#define REMOTE_THREADS 32 /* most of the time they wait */
#define PROVIDER_THREADS 32
#define MAIL_THREADS 16
#define CONSOLE_THREADS 8
#define HEARD_THREADS 32 /* a listener that rests keeps one */

struct serving {
    struct app app;
    struct api api;
    struct http_server *server; /* NULL until it listens */
    struct hub *hub;
    struct grace grace;
    int handed; /* a listener that was handed over and is nobody's yet; -1: none */
};

static unsigned cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n > 0 && n <= 256 ? (unsigned)n : 1;
}

static void wake_loops(void *user)
{
    const struct serving *serving = user;

    if (serving->server)
        http_server_wake(serving->server);
}

static void before_commit(void *user)
{
    const struct serving *serving = user;

    if (serving->hub)
        hub_before_commit(serving->hub);
}

static void after_commit(void *user)
{
    const struct serving *serving = user;

    if (serving->hub)
        hub_after_commit(serving->hub);
}

static void schema_published(void *user, struct schema *schema)
{
    const struct serving *serving = user;

    if (serving->hub)
        hub_schema_published(serving->hub, schema);
}

static void stopping(void *user)
{
    struct serving *serving = (struct serving *)((char *)user - offsetof(struct serving, api));

    service_ending(http_server_restarts(serving->server));
    outbox_stop(serving->app.outbox);
    (void)jobs_stop(serving->api.jobs, 0);
    backups_stop(serving->api.backups);
    grace_begin(&serving->grace, serving->app.files, serving->api.net);
}

/* Another directory's content is ready. */
static void restart(void *user)
{
    const struct serving *serving = user;

    http_server_restart(serving->server);
}

/* Whether what is there may be moved: others would go on writing into it. */
static bool is_alone(void *user)
{
    const struct serving *serving = user;

    return in_use_alone(serving->app.restored.lock);
}

static void alive(void *user)
{
    (void)user;
    service_alive();
}

static void loop_start(void *user)
{
    (void)user;
    thread_set_loop(true);
}

static void loop_end(void *user)
{
    thread_set_loop(false); /* it closes what is its own */
    api_thread_end(user);
}

/* "host:port"; the host may be empty or a bracketed IPv6 address. */
static bool split_address(struct str address, struct str *ret_host, uint16_t *ret_port)
{
    size_t colon = str_find_last_byte(address, ':');
    uint64_t port;

    if (colon == address.n || !num_parse_u64(str_from(address, colon + 1), &port) || port > 65535)
        return false;
    *ret_host = str_trim(str_sub(address, 0, colon), STR("[]"));
    *ret_port = (uint16_t)port;
    return true;
}

/* One client has half of a lane's threads, and all processors still: there are twice as many. A
 * hash is short: there it is enough that clients take turns. */
static void plan_lanes(const struct options *options, struct pool_lane_conf ret[POOL_LANES])
{
    const unsigned n = cores();
    const unsigned n_slow = n < 4 ? 2 : n / 2;

    ret[POOL_WORK] = (struct pool_lane_conf)POOL_LANE(2 * n, n, LIMIT_POOL_QUEUE);
    ret[POOL_SLOW] = (struct pool_lane_conf)POOL_LANE(n_slow, n_slow / 2, LIMIT_SLOW_QUEUE);
    ret[POOL_HASH] = (struct pool_lane_conf)POOL_LANE(n, n, LIMIT_HASH_QUEUE);
    ret[POOL_HASH].in_background = true;
    ret[POOL_IMAGE] = (struct pool_lane_conf)POOL_LANE(n, (n + 1) / 2, LIMIT_POOL_QUEUE);
    ret[POOL_REMOTE] =
        (struct pool_lane_conf)POOL_LANE(REMOTE_THREADS, REMOTE_THREADS / 2, LIMIT_POOL_QUEUE);
    ret[POOL_PROVIDER] =
        (struct pool_lane_conf)POOL_LANE(PROVIDER_THREADS, PROVIDER_THREADS / 2, LIMIT_POOL_QUEUE);
    ret[POOL_MAIL] =
        (struct pool_lane_conf)POOL_LANE(MAIL_THREADS, MAIL_THREADS / 4, LIMIT_POOL_QUEUE);
    ret[POOL_CONSOLE] =
        (struct pool_lane_conf)POOL_LANE(CONSOLE_THREADS, CONSOLE_THREADS / 2, LIMIT_SLOW_QUEUE);
    ret[POOL_LEASE] =
        (struct pool_lane_conf)POOL_LANE(LEASE_THREADS, LEASE_THREADS, LIMIT_LEASE_QUEUE);
    ret[POOL_DATABASE] = (struct pool_lane_conf){0};
    if (db_engine_blocks(options->engine))
        ret[POOL_DATABASE] = (struct pool_lane_conf)POOL_LANE(
            POOLED_CONNECTIONS, POOLED_CONNECTIONS / 2, LIMIT_POOL_QUEUE);
    ret[POOL_HEARD] = (struct pool_lane_conf){0};
    if (options->events)
        ret[POOL_HEARD] =
            (struct pool_lane_conf)POOL_LANE(HEARD_THREADS, HEARD_THREADS, LIMIT_POOL_QUEUE);
}

static struct pool *make_pool(const struct options *options)
{
    struct pool_lane_conf lanes[POOL_LANES];

    plan_lanes(options, lanes);
    return pool_new(lanes);
}

/* Which read or open files: who asks a provider has a connection to it, and no more. */
static unsigned pool_threads(const struct options *options)
{
    struct pool_lane_conf lanes[POOL_LANES];
    unsigned n = 0;

    plan_lanes(options, lanes);
    for (size_t i = 0; i < POOL_LANES; i++)
        n += i == POOL_PROVIDER ? 0 : lanes[i].n_threads;
    return n;
}

/* Descriptors that may be wanted at once besides those of connections and loops, generously. A
 * thread that reads has its own connection to the database. */
static unsigned reserved_fds(unsigned n_loops, const struct options *options)
{
    const unsigned pool = pool_threads(options);
    const unsigned readers =
        n_loops + pool + JOBS_THREADS + 2; /* and who watches for notifications, and the hub */
    const unsigned per_reader = 4;         /* the database, its log, and those of the log book */
    const unsigned per_job = 3;            /* an upload and its target, or folders */
    const unsigned fixed = LIMIT_NET_RUNNING + PROVIDER_THREADS +
                           16; /* write connections, checkpointer, shared memory, notifications */

    return readers * per_reader + pool * per_job + fixed;
}

static struct err *plan(struct arena *a, const struct options *options, struct serving *serving,
                        struct http_conf *ret)
{
    struct err *err;

    *ret = (struct http_conf){
        .n_loops = options->threads > 0 ? (unsigned)options->threads : cores(),
        .max_connections = LIMIT_CONNECTIONS,
        .max_head_bytes = LIMIT_HEAD_BYTES,
        .head_ms = LIMIT_HEAD_MS,
        .body_ms = LIMIT_BODY_MS,
        .idle_ms = LIMIT_IDLE_MS,
        .write_ms = LIMIT_WRITE_MS,
        .shutdown_ms = (uint64_t)options->shutdown_ms,
        .watch_us = options->dev ? LIMIT_LOOP_CPU_US : 0,
        .origins = options->origins,
        .user = &serving->api,
        .body = api_body_plan,
        .handle = api_handle,
        .abandoned = api_abandoned,
        .peers_are_clients = api_peers_are_clients,
        .stopping = stopping,
        .alive = alive,
        .alive_ms = service_alive_ms(),
        .loop_start = loop_start,
        .loop_end = loop_end,
    };
    ret->reserved_fds = reserved_fds(ret->n_loops, options);
    ret->routes = api_routes(&ret->n_routes);
    if (!split_address(options->http, &ret->host, &ret->port))
        return err_new(a, E_BAD_REQUEST, NULL, "listen tcp: address %.*s: host:port wanted",
                       STR_ARG(options->http));
    err = service_listener(a, &ret->listen_fd);
    if (!err && ret->listen_fd > 0)
        serving->handed = ret->listen_fd;
    return err ? err : http_fit_descriptors(a, ret);
}

/* Where it can be reached from here: an address that is empty, or all of them, is this machine's.
 */
static struct str base_url(struct arena *a, const struct options *options,
                           const struct serving *serving)
{
    const struct str address = options->http;
    struct str host = http_server_host(a, serving->server);

    if (host.n == 0)
        host = str_sub(address, 0, str_find_last_byte(address, ':'));
    if (host.n == 0)
        host = STR("127.0.0.1");
    return arena_printf(a, "http://%.*s:%u", STR_ARG(host), http_server_port(serving->server));
}

static void banner(struct str base)
{
    char stamp[20];

    command_stamp(stamp);
    printf("%s Server started at %.*s\n"
           "├─ REST API:  %.*s/api/\n"
           "└─ Dashboard: %.*s/_/\n",
           stamp, STR_ARG(base), STR_ARG(base), STR_ARG(base));
    fflush(stdout);
}

static struct err *follow_schema(void *user, struct arena *a, int64_t db_version)
{
    struct err *err = app_follow_schema(a, user, db_version);

    if (err) /* not every change shows in the version: a rule that was tightened does not */
        notify_reload_schema(user);
    if (db_version == API_ANY_VERSION) /* a change of ours */
        notify_announce(user, "collections");
    return err;
}

static void settings_changed(void *user)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct err *err = app_reload_settings(a, user);

    if (err) {
        log_error("settings.reload.failed", LOG_STR("cause", err->cause));
        notify_reload_settings(user);
    }
    notify_announce(user, "settings");
}

static void open_files(const struct options *options, struct app *app)
{
    AUTO(settings_unref) struct settings *settings = settings_current(app->settings);

    app->files = file_store_new(options->dir, true);
    file_store_use(app->files, &settings->s3);
}

static struct backups *open_backups(const struct options *options, struct serving *serving)
{
    const struct app *app = &serving->app;
    const struct backups_conf conf = {.dir = options->dir,
                                      .data = app->data,
                                      .logs = app->auxiliary,
                                      .files = app->files,
                                      .node = app->node,
                                      .key = app->encryption_key,
                                      .restart = restart,
                                      .alone = is_alone,
                                      .user = serving};

    return backups_new(&conf);
}

static struct metrics *make_metrics(struct serving *serving)
{
    struct metrics_conf conf = {.look = api_look, .user = &serving->api};

    (void)api_routes(&conf.n_routes);
    return metrics_new(&conf);
}

static struct err *start_hub(struct arena *a, struct serving *serving)
{
    const struct hub_conf conf = {.db = serving->app.data,
                                  .schemas = serving->app.schemas,
                                  .settings = serving->app.settings,
                                  .wake = wake_loops,
                                  .user = serving};

    serving->hub = hub_new(&conf);
    if (!serving->hub)
        return err_new(a, E_INTERNAL, NULL, "the system has no thread left");
    return NULL;
}

static struct err *start_logs(struct arena *a, struct app *app)
{
    const struct logbook_conf conf = {
        .db = app->auxiliary, .settings = app->settings, .node = app->node};

    app->logbook = logbook_new(&conf);
    if (!app->logbook)
        return err_new(a, E_INTERNAL, NULL, "the system has no thread left");
    return NULL;
}

static struct err *start(struct arena *a, const struct options *options, struct http_conf *conf,
                         struct serving *serving)
{
    const struct app_hooks hooks = {.group_done = wake_loops,
                                    .before_commit = before_commit,
                                    .after_commit = after_commit,
                                    .schema_published = schema_published,
                                    .user = serving,
                                    .who = SWAP_SERVER};
    const struct str prefix = random_text(a, ID_LEN, ALPHABET_ID);
    struct err *err = app_open(a, options, &hooks, &serving->app);

    if (!err)
        err = missing_check(a, &serving->app);
    if (!err)
        err = start_logs(a, &serving->app);
    if (!err)
        open_files(options, &serving->app);
    if (!err)
        err = start_hub(a, serving);
    if (!err) /* from here on schemas are published by another thread, too */
        err = notify_start(a, &serving->app);
    if (err)
        return err;
    serving->api = (struct api){.db = serving->app.data,
                                .logs = serving->app.auxiliary,
                                .logbook = serving->app.logbook,
                                .metrics = make_metrics(serving),
                                .backups = open_backups(options, serving),
                                .schemas = serving->app.schemas,
                                .settings = serving->app.settings,
                                .pool = make_pool(options),
                                .files = serving->app.files,
                                .rates = rates_new(),
                                .events = options->events,
                                .feed = hub_feed(serving->hub),
                                .hub = serving->hub,
                                .net = net_new(),
                                .oauth_keys = oauth_keys_new(),
                                .apple_names = apple_names_new(),
                                .jobs = system_jobs_new(&serving->app, &serving->api),
                                .dir = options->dir,
                                .node = serving->app.node,
                                .dev = options->dev,
                                .public_dir = options->public_dir,
                                .index_fallback = options->index_fallback,
                                .query_timeout_s = (unsigned)options->query_timeout_s,
                                .settings_key = serving->app.encryption_key,
                                .follow_schema = follow_schema,
                                .settings_changed = settings_changed,
                                .user = &serving->app};
    (void)snprintf(serving->api.id_prefix, sizeof(serving->api.id_prefix), "%.*s", STR_ARG(prefix));
    if (!serving->api.pool)
        return err_new(a, E_INTERNAL, NULL, "the system has no thread left");
    pool_at_thread_end(serving->api.pool, api_thread_end, &serving->api);
    conf->pool = serving->api.pool;
    serving->handed = -1; /* the server's from here on */
    err = http_server_open(a, conf, &serving->server);
    if (err)
        return err;
    serving->api.server = serving->server;
    if (!metrics_start(serving->api.metrics))
        return err_new(a, E_INTERNAL, NULL, "the system has no thread left");
    /* from here on units are submitted, whose ends wake the server's loops */
    serving->api.outbox = serving->app.outbox = mailer_start(&serving->app);
    if (!serving->app.outbox)
        return err_new(a, E_INTERNAL, NULL, "the system has no thread left");
    app_use_jobs(a, &serving->app, serving->api.jobs);
    return jobs_start(a, serving->api.jobs);
}

/* This thread becomes a loop. Where it may read there, it keeps its connection, which is warm;
 * where it may not, the connections are others'. */
static void leave_to_pool(struct app *app)
{
    if (!db_blocks(app->data))
        return;
    db_reader_close(app->data);
    db_reader_close(app->auxiliary);
}

int command_serve(struct arena *a, const struct options *options)
{
    struct serving serving = {.handed = -1};
    struct http_conf conf;
    struct err *err;
    int code = 0, listener = -1;

    if (options->n_words > 1)
        return command_fail("serve with domains asks for TLS, which is not supported yet");
    privileges_drop(options);
    err = budget_set(a, (uint64_t)options->memory);
    if (!err)
        err = plan(a, options, &serving, &conf);
    if (!err)
        err = start(a, options, &conf, &serving);
    if (!err) /* before anybody is answered */
        err = restored_settle(a, &serving.app.restored);
    if (err) {
        code = command_fail_err(err);
    } else {
        banner(base_url(a, options, &serving));
        service_ready(base_url(a, options, &serving));
        restored_clean(&serving.app.restored);
        privileges_warn();
        installer_offer(a, &serving.app, base_url(a, options, &serving));
        leave_to_pool(&serving.app);
        if (!reap_start())
            log_warn("reaper.failed"); /* loops are away longer, no more */
        http_server_run(serving.server);
    }
    metrics_stop(serving.api.metrics);
    pool_free(serving.api.pool);
    if (serving.api.jobs)
        app_use_jobs(a, &serving.app, NULL);
    system_jobs_end(serving.api.jobs);
    backups_free(serving.api.backups);
    hub_stop(serving.hub);
    outbox_finish(serving.app.outbox);
    notify_stop(&serving.app);
    if (serving.server) {
        listener = http_server_take_listener(serving.server);
        http_server_close(serving.server);
    }
    reap_stop();
    hub_release(serving.hub);
    logbook_finish(serving.app.logbook);
    app_close(&serving.app);
    hub_free(serving.hub);
    rates_free(serving.api.rates);
    metrics_free(serving.api.metrics);
    if (serving.app.files)
        file_store_finish(serving.app.files); /* the last commits have said what is to go */
    outbox_free(serving.app.outbox);          /* and what is to be sent */
    grace_end(&serving.grace);
    apple_names_free(serving.api.apple_names);
    oauth_keys_free(serving.api.oauth_keys);
    net_free(serving.api.net);
    file_store_free(serving.app.files);
    restored_end(&serving.app.restored);
    logbook_free(serving.app.logbook); /* nobody has anything to say any more */
    if (err && restored_take_back(a, &serving.app.restored))
        return service_restart(options->argv, serving.handed);
    return listener < 0 ? code : service_restart(options->argv, listener);
}
