/*
 * api/internal: one call of an endpoint, and the rows of the table of routes.
 */
#ifndef REEVE_API_INTERNAL_H
#define REEVE_API_INTERNAL_H

#include "api/api.h"
#include "auth/auth.h"
#include "records/records.h"

/* Preparing again after a schema change, then 503: as many as clients that change it side by side
 * may need, each of whom waits its turn while the others change it. */
#define API_STALE_TRIES 8

enum api_run {
    RUN_PLAIN, /* needs no database but for the caller's identity */
    RUN_READ,
    RUN_WRITE,
    RUN_LEASE, /* prepared like a write, then a unit of its own with the write connection leased */
    RUN_HASH,
    RUN_BATCH, /* batch.c: on pool threads, then a unit of its own */
};

enum api_guard {
    GUARD_NONE,
    GUARD_SAME_COLLECTION, /* a token of the collection in the path */
    GUARD_SUPERUSER,       /* looked at before the path and the body are */
};

struct api_call;
struct batch;

struct api_route {
    const char *method;
    const char *pattern;
    enum api_guard guard;
    enum api_run run;
    bool record_body; /* the body limit grows with the collection's fields */
    /* Writes the answer; RUN_BATCH leaves call->batch, RUN_WRITE the draft in call->draft,
     * RUN_LEASE a unit in call->lease. May run twice. */
    struct err *(*handle)(struct api_call *call);
};

/* A request with its identity and the snapshots it is answered from. */
struct api_call {
    struct req *req;
    struct arena *arena;
    struct api *api;
    const struct api_route *route; /* NULL: no such route */
    struct schema *schema;         /* references, given back before the answer goes */
    struct settings *settings;
    struct db_conn *conn; /* of the running thread, inside a read transaction */
    struct rec_actor actor;
    struct auth_token token;
    struct str real_ip;
    bool superuser_ip_allowed; /* the address may act as a superuser */
    int64_t now_ms;
    unsigned tries;
    uint64_t queued_us;         /* clock_us() when it was last given to the pool */
    struct rec_upload *uploads; /* what api_body() found beside the values */
    size_t n_uploads;
    /* RUN_WRITE */
    struct rec_draft *draft;
    /* RUN_LEASE: *ret_out is a struct rec_written * */
    struct {
        db_unit_fn *run;
        const void *in;
        bool changes_schema;
    } lease;
    struct batch *batch; /* RUN_BATCH */
    struct arena *unit_arena;
    struct db_unit unit;
    struct err *err; /* outcome of the part that ran elsewhere */
    void *out;
};

/* call.c */
void api_call_snapshots(struct api_call *call); /* takes references to the current ones */
void api_call_release(struct api_call *call);   /* gives them back */
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
/* A query parameter, first value; p NULL when absent. */
struct str api_query(struct api_call *call, struct str name);

/* body.c: the body as a JSON object (records.md 3.2, 3.3); NULL: empty. */
struct err *api_body(struct api_call *call, const struct json **ret);
/* A body as if it had come as the @jsonPayload of a form, beside a raw query string; own: an
 * object, NULL: none. */
struct err *api_body_under(struct api_call *call, struct str query, const struct json *own,
                           const struct json **ret);
/* The body for an endpoint that decodes a fixed structure (base/form). */
struct err *api_form(struct api_call *call, struct form_input *ret);

/* dispatch.c: for runs of their own. */
struct api_call *api_call_of_job(struct job *job);
/* Hands the call to a lane of the pool; it is the lane's then. E_UNAVAILABLE: it has no place left,
 * neither run nor the call were touched. */
MUST_CHECK struct err *api_submit(struct api_call *call, enum pool_lane lane,
                                  void (*run)(struct job *job));
/* The same, or answers 503. On the loop. */
void api_to_pool(struct api_call *call, enum pool_lane lane, void (*run)(struct job *job));
/* The same from a thread of the pool, which has the call no more. */
void api_pass_on(struct api_call *call, enum pool_lane lane, void (*run)(struct job *job));
/* Identifies and handles inside a read transaction of the running thread, without a budget. */
struct err *api_prepare(struct api_call *call);

/* batch.c: starts a RUN_BATCH. On the loop. */
void api_batch_start(struct api_call *call);
struct err *api_batch(struct api_call *call);

/* answer.c: ends the call. On the loop. */
void api_answer(struct api_call *call, struct err *err);

/* records.c, auth.c, health.c */
struct err *api_records_list(struct api_call *call);
struct err *api_records_view(struct api_call *call);
struct err *api_records_create(struct api_call *call);
struct err *api_records_update(struct api_call *call);
struct err *api_records_delete(struct api_call *call);
struct err *api_auth_with_password(struct api_call *call);
struct err *api_auth_refresh(struct api_call *call);
struct err *api_auth_methods(struct api_call *call);
struct err *api_auth_impersonate(struct api_call *call);
struct err *api_health(struct api_call *call);
/* collections*.c */
struct err *api_collections_list(struct api_call *call);
struct err *api_collections_create(struct api_call *call);
struct err *api_collections_view(struct api_call *call);
struct err *api_collections_update(struct api_call *call);
struct err *api_collections_delete(struct api_call *call);
struct err *api_collections_truncate(struct api_call *call);
struct err *api_collections_import(struct api_call *call);
struct err *api_collections_scaffolds(struct api_call *call);
struct err *api_collections_providers(struct api_call *call);
struct err *api_collections_try_view(struct api_call *call);

/* etag.c: nothing of it happens unless the setting records.etags is on. */
/* What the request's If-Match and If-None-Match say, or NULL. */
const struct rec_condition *api_condition(struct api_call *call);
/* Adds the ETag of the record's answer in resp.body; the conditions may make it another one: 304
 * without a body, or E_PRECONDITION. */
MUST_CHECK struct err *api_etag_view(struct api_call *call, const struct schema_col *col);
/* Adds the ETag of a record of that version, whose answer is in resp.body. Empty: none. */
void api_etag_add(struct api_call *call, struct str version);

/* routes.c */
const struct api_route *api_route_of(const struct req *req);

#endif
