/*
 * telemetry: what the program tells of its work: the log book, the table `_logs` of auxiliary.db
 * (data-dir.md 4).
 *
 * Whoever has something to say appends it to a bounded queue and goes on; a thread of the log
 * book's own writes what has gathered, in one transaction. What finds the queue full is dropped and
 * counted: the next entry that is written is how many they were.
 */
#ifndef REEVE_TELEMETRY_TELEMETRY_H
#define REEVE_TELEMETRY_TELEMETRY_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "db/db.h"
#include "settings/settings.h"

#include <stdbool.h>
#include <stdint.h>

/* PocketBase's. */
enum logbook_level {
    LOGBOOK_DEBUG = -4,
    LOGBOOK_INFO = 0,
    LOGBOOK_WARN = 4,
    LOGBOOK_ERROR = 8,
};

struct logbook;

struct logbook_conf {
    struct db *db; /* auxiliary.db */
    struct settings_store *settings;
    struct str node; /* the name of this one, in every entry */
};

/* What it points to outlives the log book. From here on the events of base/log are its entries,
 * too. NULL: the system has no thread left. */
struct logbook *logbook_new(const struct logbook_conf *conf);
/* Writes what has gathered and ends its thread: from here on none of it uses the database. What is
 * said afterwards is dropped. NULL is fine. */
void logbook_finish(struct logbook *book);
/* Once nobody says anything any more. NULL is fine. */
void logbook_free(struct logbook *book);

/* So much is kept of the address, and less of the referer. */
#define LOGBOOK_TARGET_BYTES 3000

/* A request that has been answered (services.md 5.2). Texts are borrowed for the call. */
struct logbook_request {
    struct str method;
    struct str target; /* path and query, as sent */
    struct str referer, user_agent;
    struct str id;            /* X-Request-Id */
    struct str auth, auth_id; /* the collection of who asked, and the record; empty: a guest */
    struct str user_ip, peer; /* the client's address as proxies tell it, and the socket's */
    int status;               /* 0: none was sent */
    uint64_t took_us;
    bool failed;
    struct str error;   /* of one that failed: what its client was told */
    struct str details; /* ... the cause, as JSON; empty: there is nothing to say of it */
};
/* Whether one like it has an entry, by the settings; asked before a request is described. Counts
 * the successful ones, which have one each only up to logs.rate a second; the others of a second
 * share one. Any thread. */
bool logbook_wants(struct logbook *book, const struct settings *settings, bool failed);
/* Any thread; never waits. `a` is for what is needed on the way. */
void logbook_request(struct arena *a, struct logbook *book, const struct settings *settings,
                     const struct logbook_request *request);

/* Any thread: the settings are other ones now; entries that they want no more are deleted. */
void logbook_settings_changed(struct logbook *book);
/* Deletes what is older than logs.maxDays, or below logs.minLevel. Not on a loop. */
MUST_CHECK struct err *logbook_prune(struct arena *a, struct logbook *book);
/* Deletes all that is written, and gives its space back. Not on a loop. */
MUST_CHECK struct err *logbook_clear(struct arena *a, struct logbook *book);

struct logbook_stats {
    uint64_t written, dropped; /* since the start */
    uint64_t waiting_bytes;
};
struct logbook_stats logbook_stats(struct logbook *book);

#endif
