/*
 * api: the HTTP endpoints. A route is a row of a table (routes.c) and its work: a list of steps,
 * each with where it runs (internal.h). A step reads a call, calls a service and writes JSON;
 * work.c takes the call from one to the next:
 *   - a read runs on the loop, under a CPU budget; what passes it is run again on the pool;
 *   - a write is prepared like a read, hashes and stores on the pool, is carried out as a unit of
 * work and answered on the loop. No thread waits for its commit.
 */
#ifndef REEVE_API_API_H
#define REEVE_API_API_H

#include "base/arena.h"
#include "base/err.h"
#include "base/id.h"
#include "base/rate.h"
#include "base/thread.h"
#include "db/db.h"
#include "events/events.h"
#include "files/files.h"
#include "http/server.h"
#include "mail/outbox.h"
#include "schema/schema.h"
#include "settings/settings.h"

#define API_RATES_JOB "__pbRateLimitersCleanup__" /* crons.c says when it is listed */
#define API_ANY_VERSION (-1)                      /* of no database: whatever is there is new */

/* What the endpoints work with. Owned by whoever wires the program; constant while it serves. */
struct apple_names;
struct hub;
struct net;
struct oauth_keys;
struct backups;
struct jobs;
struct logbook;
struct metrics;
struct metrics_levels;

struct api {
    struct db *db;
    struct db *logs; /* what the log book writes */
    struct logbook *logbook;
    struct metrics *metrics;
    struct backups *backups;
    char id_prefix[ID_LEN + 1]; /* of the ids of requests: another one each start */
    atomic_uint_fast64_t n_ids;
    struct schema_store *schemas;
    struct settings_store *settings;
    struct pool *pool;
    struct file_store *files;
    struct rates *rates;
    const struct events *events; /* NULL: nobody listens */
    struct rec_feed *feed;       /* the hub's */
    struct hub *hub;
    struct outbox *outbox;
    struct net *net; /* what other systems are asked over */
    struct oauth_keys *oauth_keys;
    struct apple_names *apple_names;
    struct jobs *jobs;
    /* The generation of the settings when a rate limit last counted something. Any thread. */
    atomic_uint_fast64_t rated_generation;
    struct http_server *server; /* from before it runs on */
    struct str dir;             /* the data directory */
    struct str node;            /* what this process is called among others */
    bool dev;                   /* --dev: no bound on one-time passwords */
    struct str public_dir;      /* of the site's own files; need not be there */
    bool index_fallback;        /* its index.html is for every path without a file */
    unsigned query_timeout_s;
    struct str settings_key; /* settings_load() */
    /* The database's schema has this version, which is not that of the current snapshot: makes the
     * two one again; API_ANY_VERSION reads it in any case. Any thread, outside a read transaction.
     */
    struct err *(*follow_schema)(void *user, struct arena *a, int64_t db_version);
    /* The stored settings have been changed here: publishes them. On the thread that committed,
     * with the write connection in its hands. */
    void (*settings_changed)(void *user);
    void *user; /* of these two */
};

/* The table of routes, for http_conf.routes; *ret_n rows. */
const struct http_route *api_routes(size_t *ret_n);

/* For http_conf: `user` is a struct api *. */
struct http_body api_body_plan(void *user, struct req *req);
void api_handle(void *user, struct req *req);
void api_abandoned(void *user);
bool api_peers_are_clients(void *user); /* false where the settings name a proxy's headers */
/* For metrics_conf.look(); user is a struct api *. */
void api_look(void *user, struct metrics_levels *ret);
/* Closes what a serving thread opened: its read connection, its query cache, its snapshots. */
void api_thread_end(void *user);

#endif
