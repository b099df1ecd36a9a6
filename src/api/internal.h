/*
 * api/internal: one call of an endpoint, and the rows of the table of routes.
 */
#ifndef REEVE_API_INTERNAL_H
#define REEVE_API_INTERNAL_H

#include "api/api.h"
#include "api/export.h"
#include "api/relay.h"
#include "api/timing.h"
#include "auth/auth.h"
#include "records/records.h"

/* Preparing again after a schema change, then 503: as many as clients that change it side by side
 * may need, each of whom waits its turn while the others change it. */
#define API_STALE_TRIES 64

/* --- what a request of a kind does ---------------------------------------------------------- */

struct api_call;

/* Where a step runs. */
enum api_place {
    AT_LOOP, /* the loop; call->conn is NULL */
    AT_READ, /* a read transaction, on the loop under its budget of CPU time; over it, or with a
                body that is large, on the pool; where the database's calls wait, on its threads */
    AT_POOL_READ,    /* a read transaction of a pool thread, which may take its time */
    AT_POOL,         /* a pool thread */
    AT_CONSOLE,      /* the pool's lane for statements of superusers */
    AT_CONSOLE_HELD, /* among leases, for what holds the write connection by itself, and gives up
                        what it does where its client leaves */
    AT_STORE,    /* as AT_POOL for what reads or stores files: one that waits for others, where they
                    are not on a disk here */
    AT_REMOTE,   /* a pool thread that waits for another server */
    AT_PROVIDER, /* the same, for a sign-on provider */
    AT_MAIL,     /* the same, for a mail server */
    AT_IMAGE,    /* the pool's lane for pictures */
    AT_HASH,     /* the pool's lane for passwords */
    AT_HEARD,    /* the pool's lane for what listeners are waited for; it decides */
    AT_UNIT,     /* a unit of work among others */
    AT_LEASE,    /* a unit that has the write connection to itself */
};

/*
 * Steps follow one another, each from the loop; an error ends the call. Any of them may run again
 * from the first one on (E_STALE: the schema has changed), or from behind the last unit that is
 * committed; then what they hold of the former schema is gone.
 */
struct api_step {
    enum api_place place;
    struct err *(*run)(struct api_call *call); /* all but units */
    db_unit_fn *unit; /* AT_UNIT, AT_LEASE: `in` is call->state; call->out is what it leaves */
    bool (*needed)(const struct api_call *call); /* on the loop, before it; NULL: always */
    int what;            /* the route's own: what functions that several steps share look at */
    bool repeats;        /* as long as it is needed, each time from the end of the queue */
    bool may_fail;       /* its error is in call->err, and the next step's business */
    bool changes_schema; /* AT_LEASE: what it commits is published before others write */
    /* AT_LEASE, once it is begun; 0: no limit. NULL: the query timeout. */
    unsigned (*timeout_s)(const struct api_call *call);
};

#define API_STEPS 24

struct api_work {
    struct api_step steps[API_STEPS]; /* up to the first without a function */
    /* Removes what the steps so far have left outside of the database, once they have failed or are
     * to begin anew; may find call->state NULL. On the loop. NULL: there is never anything. */
    void (*undo)(struct api_call *call);
    bool is_quiet; /* the log book is told of errors alone */
};

enum api_guard {
    GUARD_NONE,
    GUARD_AUTH,            /* a token of anybody */
    GUARD_SAME_COLLECTION, /* a token of the collection in the path */
    GUARD_SUPERUSER,       /* looked at before the path and the body are */
    GUARD_SCRAPER,         /* the same, or the token of the setting metrics.token */
};

/* How large it may be; a backup has no bound, where it comes from a superuser. */
enum api_body { BODY_PLAIN, BODY_RECORD, BODY_BATCH, BODY_BACKUP };

#define API_TAGS 2

struct api_route {
    const char *method;
    const char *pattern;
    enum api_guard guard;
    enum api_body body;
    /* What rules of rate limits call it; its first parameter is a collection then. Empty: it is
     * limited by its path alone. */
    const char *tags[API_TAGS];
    const struct api_work *work;
};

struct api_snapshots {
    struct schema *schema;
    struct settings *settings;
};

/* A request with its identity and the snapshots it is answered from. */
struct api_call {
    struct req *req;
    struct arena *arena;
    struct api *api;
    const struct api_route *route; /* NULL: no such route */
    const struct api_work *work;
    struct schema *schema; /* of loops or own, until the answer goes */
    struct settings *settings;
    struct api_snapshots loops; /* borrowed on the call's loop */
    struct api_snapshots own;   /* references, where a step has taken newer ones; or NULL */

    /* who asks, from the first step on */
    struct auth_caller caller;

    struct api_timing *timing; /* NULL: nobody is told */
    uint64_t identified_us;    /* clock_us(), before it was found out who asks */
    struct db_trace trace;     /* of timing_traced() */
    struct slow_watch *slow;   /* advice.c */

    uint64_t ended_us;  /* clock_us(), once its answer is there */
    struct str id;      /* journal_id() */
    const char *hidden; /* a failure that the answer does not tell, for the log book */

    /* rate.c: it is counted once, however often it begins anew */
    bool rated, refused;
    size_t items_rated; /* of a batch's requests */
    bool item_refused;  /* the last one of them is */
    bool empty_rated;   /* its list had no items */
    unsigned empty_ms;  /* what was said of that */
    bool code_rated, code_refused;

    unsigned wait_ms; /* before its answer; 0: it does not wait */

    /* the body, from when it is first asked for (body.c) */
    struct api_parsed {
        bool has_value, has_object, has_form;
        const struct json *value; /* of a JSON body; NULL: it is none */
        const struct json *object;
        struct form_input form;
        struct err *value_err, *object_err, *form_err;
    } body;
    struct rec_upload *uploads; /* what api_body() has found beside the values */
    size_t n_uploads;

    /* the steps' */
    void *state;                     /* what they hand on; read-only for units */
    struct db_conn *conn;            /* inside a step that reads: the thread's; else NULL */
    void *out;                       /* what the last unit has left */
    struct relayed relayed;          /* in place of the answer's body */
    struct export *exported;         /* the same; NULL: none */
    const struct hub_come *connects; /* the answer is a stream of realtime, in place of a body */
    bool waits;                      /* realtime.c: for a unit */
    bool is_slow;                    /* the reading step has passed a loop's budget */
    bool is_picked;   /* the answer is written by the fields parameter: api_picker() */
    struct err *err;  /* of a step that may fail */
    bool out_of_time; /* the last lease came to an end after its time was over */

    /* work.c */
    bool writes; /* there is a unit among the steps; from the start on */
    const struct api_step *step;
    const struct api_step *first; /* before which it is found out who asks */
    const struct api_step *anew;  /* behind the last unit that is committed */
    unsigned tries;
    struct db_end *ends; /* of a unit that is over: what listeners are still to be told */
    bool committed;      /* a unit of the call is */
    bool leased;         /* the last unit was, if only in the end */
    int64_t db_version;  /* the database's schema, in the last read transaction */
    uint64_t queued_us;  /* clock_us() when it was last given to the pool */
    struct db_unit unit;
};

/* call.c */
void api_call_borrow(struct api_call *call);  /* the current snapshots; on the loop */
void api_call_renew(struct api_call *call);   /* the same anywhere: inside a step */
void api_call_release(struct api_call *call); /* gives all of them back; on the loop */
/* A first step that does nothing: who asks is found out before it, and whether he may. */
struct err *api_begin(struct api_call *call);
/* With a read transaction open where the caller may have a token: identity, addresses, guards. */
struct err *api_identify(struct api_call *call);
/* Of the call's URL, or a batch item's: 400 with too many parameters. */
struct err *api_check_query(struct arena *a, struct str query);
struct str api_real_ip(struct arena *a, const struct req *req, const struct settings *settings);
/* The collection in the path; missing: E_NOT_FOUND with that message. */
struct err *api_collection(struct api_call *call, const char *missing,
                           const struct schema_col **ret);
/* A header's name as rules know it: "X-Token" is x_token. */
bool api_header_is_seen(struct str name);
struct str api_header_name(struct arena *a, struct str name);

/* body.c: the body as a JSON object (records.md 3.2, 3.3); NULL: empty. */
struct err *api_body(struct api_call *call, const struct json **ret);
/* A body as if it had come as the @jsonPayload of a form, beside a raw query string; own: an
 * object, NULL: none. */
struct err *api_body_under(struct api_call *call, struct str query, const struct json *own,
                           const struct json **ret);
/* The body for an endpoint that decodes a fixed structure (base/form). */
struct err *api_form(struct api_call *call, struct form_input *ret);

/* reading.c: run(user, conn) inside a read transaction of the running thread, begun under that
 * schema: E_STALE where it is not the database's, or no more at the end. */
struct api_read {
    struct arena *arena;
    struct api *api;
    const struct schema *schema;
    struct db_limits limits;
    struct err *(*run)(void *user, struct db_conn *conn);
    void *user;
    int64_t *ret_version; /* of the database's schema by then */
};
MUST_CHECK struct err *api_read(const struct api_read *read);

/* advice.c: run(call), inside a read transaction that is not a loop's. Statements of lists that
 * take longer in it than a loop has for them are remembered for /api/reeve/advice. */
MUST_CHECK struct err *api_watch_slow(struct api_call *call,
                                      struct err *(*run)(struct api_call *call));
/* ... each of them, meanwhile. */
struct slow_watch;
void api_note_slow(struct slow_watch *watch, const struct db_traced *traced);

/* work.c: takes the call through its steps. On its loop; the call may be over on return. */
void api_work_start(struct api_call *call);
/* lane.c: 503, and now and then a line in the log: a server that is busy is so for many. */
struct err *api_busy(struct api_call *call, const char *cause);
/* lane.c: what run() is given. */
struct api_call *api_call_of(struct job *job);
/* lane.c: has run() called on a thread of that lane. False: it has no place left, as call->err
 * says. On the loop, or on a pool thread that has the call. */
MUST_CHECK bool api_to_pool(struct api_call *call, enum pool_lane lane,
                            void (*run)(struct job *job));

/* answer.c: ends the call, now or, where much is to be picked of its answer, after a while on the
 * pool. On the loop. */
void api_answer(struct api_call *call, struct err *err);

/* answer.c: for who writes a record or a list of them: what the fields parameter asks for, NULL:
 * everything. From then on the answer counts as picked; a broken parameter is told once the answer
 * is there. */
const struct query_picker *api_picker(struct api_call *call);

/* answer.c: the last step of most units, which leave a struct rec_written. */
struct err *api_send_written(struct api_call *call);

/* What the routes do: health.c, records.c, auth.c, batch.c, collections*.c */
extern const struct api_work api_health;
extern const struct api_work api_records_list;
extern const struct api_work api_records_view;
extern const struct api_work api_export;
extern const struct api_work api_records_create;
extern const struct api_work api_records_update;
extern const struct api_work api_records_delete;
extern const struct api_work api_batch;
extern const struct api_work api_files_token;
extern const struct api_work api_files_download;
extern const struct api_work api_collections_list;
extern const struct api_work api_collections_create;
extern const struct api_work api_collections_view;
extern const struct api_work api_collections_update;
extern const struct api_work api_collections_delete;
extern const struct api_work api_collections_truncate;
extern const struct api_work api_collections_import;
extern const struct api_work api_collections_scaffolds;
extern const struct api_work api_collections_providers;
extern const struct api_work api_collections_try_view;
extern const struct api_work api_settings_view;
extern const struct api_work api_settings_change;
extern const struct api_work api_settings_test_s3;
extern const struct api_work api_settings_test_email;
extern const struct api_work api_settings_apple_secret;
extern const struct api_work api_own_settings_view;
extern const struct api_work api_own_settings_change;
extern const struct api_work api_reeve;
extern const struct api_work api_metrics;
extern const struct api_work api_stats;
extern const struct api_work api_advice;
extern const struct api_work api_realtime_connect;
extern const struct api_work api_realtime_subscribe;
extern const struct api_work api_realtime_report;
extern const struct api_work api_crons;
extern const struct api_work api_crons_run;
extern const struct api_work api_crons_report;
extern const struct api_work api_oauth2_redirect;
extern const struct api_work api_rooms_send;
extern const struct api_work api_rules_test;
extern const struct api_work api_schema_plan;
extern const struct api_work api_logs_list;
extern const struct api_work api_logs_view;
extern const struct api_work api_logs_stats;
extern const struct api_work api_logs_clear;
extern const struct api_work api_backups_list;
extern const struct api_work api_backups_create;
extern const struct api_work api_backups_upload;
extern const struct api_work api_backups_download;
extern const struct api_work api_backups_delete;
extern const struct api_work api_backups_restore;
extern const struct api_work api_backups_report;
extern const struct api_work api_backups_verify;
extern const struct api_work api_dashboard;
extern const struct api_work api_sql;

/* settings.c, for db_after_commit(): the stored settings have been changed; user is a struct api *.
 */
void api_settings_changed(void *user);

/* etag.c */
/* What the request's If-Match and If-None-Match say. NULL: it has neither, and the setting
 * records.etags is off, so it is answered without a tag. */
const struct rec_condition *api_condition(struct api_call *call);
/* The same of an object of headers that one of a batch's requests has, NULL: none. NULL: they
 * demand nothing; items have no tags. */
const struct rec_condition *api_item_condition(struct arena *a, const struct json *headers);
/* The client's words where a condition on one of these is not satisfied. */
#define API_OTHER_RECORD "The record is not in the state that the request asks for."
#define API_OTHER_COLLECTION "The collection is not in the state that the request asks for."
#define API_OTHER_SETTINGS "The settings are not in the state that the request asks for."
/* rec_condition_check() with a message of these. Any thread. */
MUST_CHECK struct err *api_condition_check(struct arena *a, const struct rec_condition *condition,
                                           struct str version, const char *message);
/* Versions as rec_version() makes them of records; the schema has the secret. Any thread. */
struct str api_collection_version(struct arena *a, const struct schema *schema,
                                  const struct schema_col *col);
/* Of one kind of settings, whole as they are stored. */
struct str api_settings_version(struct arena *a, const struct schema *schema,
                                enum settings_kind kind, const struct settings *settings);
/* A read's, whose answer of what has that version is in resp.body: adds its ETag. The condition,
 * not NULL, may make it another answer: 304 without a body, or E_PRECONDITION with the message. */
MUST_CHECK struct err *api_etag_view(struct api_call *call, const struct rec_condition *condition,
                                     struct str version, const char *message);
/* Adds the ETag of what has that version, whose answer is in resp.body. Empty: none. */
void api_etag_add(struct api_call *call, struct str version);

/* routes.c */
const struct api_route *api_route_of(const struct req *req);
/* A row's number, and the row of one. NULL: as many as there are rows. */
size_t api_route_number(const struct api_route *route);
const struct api_route *api_route_at(size_t number);
/* Whose share of the pool it counts for (struct job): by its address, never 0. */
uint64_t api_client(const struct api *api, const struct req *req);

#endif
