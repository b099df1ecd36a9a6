/*
 * realtime: streams of events about records (compat services.md 2; design.md 10.1 to 3, 8).
 *
 * Clients connect and subscribe on their loops. A commit hands its changes to the hub, one thread,
 * which asks who may see them, writes each message once, and leaves it with the loops of those who
 * wait for it. A writer waits for nobody.
 */
#ifndef REEVE_REALTIME_REALTIME_H
#define REEVE_REALTIME_REALTIME_H

#include "db/db.h"
#include "http/req.h"
#include "records/feed.h"
#include "schema/schema.h"
#include "settings/settings.h"

struct hub;

struct hub_conf {
    struct db *db;
    struct schema_store *schemas;
    struct settings_store *settings;
    void (*wake)(void *user); /* wakes the loops that req_resume() left asleep; any thread */
    void *user;
};

/* With its thread; NULL: the system has none left. */
struct hub *hub_new(const struct hub_conf *conf);
/* What writes tell of; the hub's. */
struct rec_feed *hub_feed(struct hub *hub);
/* Ends the thread: nothing is delivered any more. Streams end with their loops. NULL is fine. */
void hub_stop(struct hub *hub);
/* Once nothing is written any more, before the database is closed: its connections. NULL is fine.
 */
void hub_release(struct hub *hub);
/* Once all loops have ended, and nothing tells of changes. NULL is fine. */
void hub_free(struct hub *hub);

/* For db_conf.before_commit() and after_commit() of its database. */
void hub_before_commit(struct hub *hub);
void hub_after_commit(struct hub *hub);

/* Collections may have changed: superusers who have the topic @reeve/schema hear which. One after
 * the other, in the order of generations; any thread. */
void hub_schema_published(struct hub *hub, struct schema *schema);

/* A client that comes; texts are borrowed. */
struct hub_come {
    struct str ip;      /* the real address */
    bool replay;        /* it wants to be told what it misses, when it comes back */
    struct str last_id; /* of the last event that it has seen in an earlier stream; empty: none */
};
/* In place of req_send(), on the request's loop: its answer is a stream from now on. */
void hub_connect(struct hub *hub, struct req *req, const struct hub_come *come);

/* A client's wish to hear of `names`, in place of what it had. */
struct hub_wish {
    struct str client;
    struct str ip;          /* of who asks */
    const struct rec *auth; /* of who asks; NULL: a guest */
    const struct str *names;
    size_t n_names;
};
/* In a snapshot under `schema`. Once it has returned, what is written from then on is told; where
 * *ret_late, what is being written may not be: whoever has to answer waits for a unit first.
 * Errors: E_NOT_FOUND, E_BAD_REQUEST, E_FORBIDDEN with the messages of services.md 2.2. Any thread.
 */
MUST_CHECK struct err *hub_subscribe(struct arena *a, struct hub *hub, struct db_conn *conn,
                                     const struct schema *schema, const struct hub_wish *wish,
                                     bool *ret_late);

/* What a provider of OAuth2 has a browser bring (auth.md 8). */
struct hub_code {
    struct str client; /* its id, which went to the provider as `state` */
    struct str ip;     /* of who brings it */
    struct str code, error;
};
/* Hands it to that client, if it has the subscription @oauth2, which is used up by it. False:
 * nothing is sent. From another address than the client's, or with what is no text or too long for
 * a stream, the subscription is gone all the same. Any thread. */
MUST_CHECK bool hub_hand_over(struct hub *hub, const struct hub_code *code);

/* --- for who runs the server ------------------------------------------------------------------ */

/* Why the hub ends a stream. */
enum hub_end {
    HUB_SLOW,   /* its client did not read what there was */
    HUB_QUIET,  /* no event for LIMIT_STREAM_QUIET_S */
    HUB_WHOLE,  /* LIMIT_STREAM_S are over */
    HUB_BEHIND, /* the hub itself did not keep up, or could not ask who may hear of a change */
};
#define HUB_ENDS 4

#define HUB_REPORT_ID_CHARS 6
#define HUB_REPORT_TOPICS 100

struct hub_report_topic {
    struct str name; /* without options */
    size_t subscriptions;
};

struct hub_report_client {
    struct str id; /* its beginning, which nobody can subscribe with */
    struct str ip;
    struct str col, record; /* ids of who it hears as; empty: a guest, or nothing is subscribed */
    struct str *names;      /* subscriptions without options, which may hold what is secret */
    size_t n_names;
    size_t n_more; /* for which there is no room in a report */
    int64_t connected_ms;
    uint64_t waiting; /* bytes of events that its connection has not taken yet */
};

struct hub_report {
    size_t clients, subscriptions;
    struct hub_report_topic topics[HUB_REPORT_TOPICS]; /* most subscriptions first */
    size_t n_topics;
    size_t queued_changes, queued_bytes; /* that are not delivered yet */
    uint64_t events, bytes;              /* that clients were given since the start */
    uint64_t minute_events, minute_bytes;
    uint64_t ended[HUB_ENDS];
    struct hub_report_client *items; /* of all clients, who came last first */
    size_t n_items;
};
/* In `a`: a page of the clients, and the rest. Its parts are each of a moment of their own. The hub
 * waits for the page at most, or for one of its many lists of topics. Any thread. */
void hub_report(struct arena *a, struct hub *hub, size_t offset, size_t limit,
                struct hub_report *ret);

/* The numbers alone, at the price of a look at each client: some of them at a time, so the hub
 * waits for no more than it does for a report. Any thread. */
struct hub_numbers {
    uint64_t clients, subscriptions, topics;
    uint64_t queued_changes, queued_bytes;
    uint64_t waiting_bytes; /* that clients have not taken yet */
    uint64_t events, bytes; /* that clients were given since the start */
    uint64_t ended[HUB_ENDS];
};
void hub_numbers(struct hub *hub, struct hub_numbers *ret);
/* How many are connected, and no more. Any thread. */
size_t hub_clients(struct hub *hub);

#endif
