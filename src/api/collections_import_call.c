/*
 * PUT /api/collections/import, and who listens to its request (collections.md 14).
 */
#include "api/collections.h"
#include "base/form.h"

#define UNDECODABLE "An error occurred while loading the submitted data."

struct import_form {
    const struct json *collections;
    bool delete_missing;
};

struct state {
    struct import_form form;
    const struct coll_import *import;
};

static struct err *prepare_import(struct api_call *call)
{
    static const struct form_field fields[] = {
        {"collections", FORM_JSON, offsetof(struct import_form, collections)},
        {"deleteMissing", FORM_BOOL, offsetof(struct import_form, delete_missing)},
    };
    struct state *state = ARENA_NEW(call->arena, struct state);
    struct form_input input;
    struct err *err = api_form(call, &input);

    if (err)
        return err_say(err, UNDECODABLE);
    if (!form_decode(call->arena, fields, COUNT_OF(fields), &input, &state->form))
        return err_new(call->arena, E_BAD_REQUEST, UNDECODABLE, "no import");
    call->state = state;
    return coll_read_import(call, state->form.collections, state->form.delete_missing,
                            &state->import);
}

static struct err *lease_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    return coll_import_unit(tx, ((const struct state *)in)->import, a, ret_out);
}

/* --- with listeners to its request ------------------------------------------------------------ */

struct heard_import {
    struct api_call *call;
    struct schema_import_event data;
};

/* What listeners have put in its place is a list like any other. */
static struct err *import_heard(struct event *event)
{
    struct heard_import *it = event->user;
    const struct coll_import *import;
    struct err *err =
        coll_read_import(it->call, it->data.collections, it->data.delete_missing, &import);

    return err ? err : coll_run_leased(it->call, true, coll_import_unit, import, &it->call->out);
}

static struct err *raise_request(struct api_call *call)
{
    const struct state *state = call->state;
    struct heard_import it = {.call = call,
                              .data = {.schema = call->schema,
                                       .actor = &call->caller.actor,
                                       .collections = state->form.collections,
                                       .delete_missing = state->form.delete_missing}};
    struct event event = {.kind = EVENT_COLLECTIONS_IMPORT,
                          .stage = EVENT_REQUEST,
                          .tags = {STR_NONE, STR_NONE},
                          .a = call->arena,
                          .data = &it.data,
                          .action = import_heard,
                          .user = &it};
    struct err *err;

    call->out = ARENA_NEW(call->arena, struct rec_written); /* of one that a listener keeps */
    err = events_raise(call->api->events, &event);
    if (err && (err->kind == E_STALE || err->kind == E_OVER_BUDGET))
        err->kind = E_UNAVAILABLE; /* as coll_raise() has it */
    return err;
}

static bool is_heard(const struct api_call *call)
{
    static const struct event_tags none;

    return events_hear(call->api->events, EVENT_COLLECTIONS_IMPORT, EVENT_STAGE(EVENT_REQUEST),
                       &none);
}

static bool is_unheard(const struct api_call *call)
{
    return !is_heard(call);
}

const struct api_work api_collections_import =
    COLL_HEARD_WORK(prepare_import, is_heard, is_unheard, raise_request, lease_unit);
