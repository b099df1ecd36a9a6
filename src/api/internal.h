/*
 * api/internal: one call of an endpoint, and the rows of the table of routes.
 */
#ifndef REEVE_API_INTERNAL_H
#define REEVE_API_INTERNAL_H

#include "api/api.h"
#include "auth/auth.h"
#include "records/records.h"

#define API_STALE_TRIES 3 /* preparing again after a schema change, then 503 */

enum api_run {
    RUN_PLAIN, /* needs no database but for the caller's identity */
    RUN_READ,
    RUN_WRITE,
    RUN_HASH,
};

enum api_guard {
    GUARD_NONE,
    GUARD_SAME_COLLECTION, /* a token of the collection in the path */
};

struct api_call;

struct api_route {
    const char *method;
    const char *pattern;
    enum api_guard guard;
    enum api_run run;
    bool record_body; /* the body limit grows with the collection's fields */
    /* Writes the answer; RUN_WRITE leaves the draft in call->draft. May run twice. */
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
    /* RUN_WRITE */
    struct rec_draft *draft;
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
struct str api_real_ip(struct arena *a, const struct req *req, const struct settings *settings);
/* The collection in the path; missing: E_NOT_FOUND with that message. */
struct err *api_collection(struct api_call *call, const char *missing,
                           const struct schema_col **ret);
/* A query parameter, first value; p NULL when absent. */
struct str api_query(struct api_call *call, struct str name);

/* body.c: the body as a JSON object (records.md 3.2, 3.3); NULL: empty. */
struct err *api_body(struct api_call *call, const struct json **ret);
/* The body for an endpoint that decodes a fixed structure (base/form). */
struct err *api_form(struct api_call *call, struct form_input *ret);

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

/* routes.c */
const struct api_route *api_route_of(const struct req *req);

#endif
