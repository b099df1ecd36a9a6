/*
 * /api/collections: create, update, view (collections.md 5, 6).
 */
#include "api/collections.h"

#include "base/limits.h"
#include "base/num.h"

#include <assert.h>

#define FAILED_TO_CREATE "Failed to create collection."
#define FAILED_TO_UPDATE "Failed to update collection."
#define UNDECODABLE "Failed to load the submitted data due to invalid formatting."
#define UNDECODABLE_TYPE "Failed to load the collection type data due to invalid formatting."

/* --- bodies --------------------------------------------------------------------------------- */

static const char *const form_texts[] = {"id", "name", "type", "viewQuery"};
static const char *const form_rules[] = {"listRule",   "viewRule", "createRule", "updateRule",
                                         "deleteRule", "authRule", "manageRule"};

static const struct form_pair *find_pair(const struct form_input *form, const char *name)
{
    for (size_t i = 0; i < form->n_pairs; i++)
        if (str_eq(form->pairs[i].name, str_of(name)))
            return &form->pairs[i];
    return NULL;
}

/* Of a form only texts and flags count; a rule that is null becomes empty. */
static const struct json *body_of_pairs(struct arena *a, const struct form_input *form,
                                        const struct schema_col *old)
{
    VEC(struct json_member) members = {0};
    struct json *body = ARENA_NEW(a, struct json);
    const struct schema_rule *const rules[] = {old ? &old->list_rule : NULL,
                                               old ? &old->view_rule : NULL,
                                               old ? &old->create_rule : NULL,
                                               old ? &old->update_rule : NULL,
                                               old ? &old->delete_rule : NULL,
                                               old && old->auth ? &old->auth->auth_rule : NULL,
                                               old && old->auth ? &old->auth->manage_rule : NULL};
    const struct form_pair *pair;

    for (size_t i = 0; i < COUNT_OF(form_texts); i++) {
        pair = find_pair(form, form_texts[i]);
        if (pair)
            *VEC_PUSH(a, &members) =
                (struct json_member){str_of(form_texts[i]), json_of_text(pair->value)};
    }
    for (size_t i = 0; i < COUNT_OF(form_rules); i++) {
        pair = find_pair(form, form_rules[i]);
        if (pair || !rules[i] || !rules[i]->set)
            *VEC_PUSH(a, &members) = (struct json_member){
                str_of(form_rules[i]), json_of_text(pair ? pair->value : STR(""))};
    }
    pair = find_pair(form, "system");
    if (pair)
        *VEC_PUSH(a, &members) =
            (struct json_member){STR("system"), json_of_bool(str_eq(pair->value, STR("true")))};
    *body = json_of_object(members.items, members.n);
    return body;
}

/* *ret: an object, or null. failed: what the client is told of a body that cannot be read. */
static struct err *read_definition(struct api_call *call, const struct schema_col *old,
                                   const char *failed, const struct json **ret)
{
    static const struct json null = {.type = JSON_NULL};
    struct form_input form;
    struct err *err;

    if (str_starts(call->req->content_type, STR("application/json")) || !call->req->has_body) {
        err = api_body(call, ret);
    } else {
        err = api_form(call, &form);
        *ret = err ? NULL : body_of_pairs(call->arena, &form, old);
    }
    if (err && err->kind == E_BAD_REQUEST)
        err->message = failed;
    if (!err && !*ret)
        *ret = call->req->has_body ? &null : ARENA_NEW(call->arena, struct json);
    return err;
}

/* --- units ---------------------------------------------------------------------------------- */

struct coll_change {
    struct api *api;
    const struct schema *schema;
    const struct schema_col *old;
    const struct json *body;
    struct str type, name; /* of a new one */
    const struct rec_condition *condition;
    int64_t now_ms;
    struct schema_def *heard; /* the definition that listeners are asked about; NULL: nobody is */
};

static struct err *define(const struct coll_change *change, struct arena *a,
                          struct schema_def **ret)
{
    struct str why = STR_NONE;
    struct schema_def *def =
        change->old ? schema_def_of(a, change->old) : schema_def_new(a, change->type, change->name);

    if (!schema_def_merge(a, def, change->body, &why))
        return err_new(a, E_BAD_REQUEST, UNDECODABLE, "%.*s", STR_ARG(why));
    if (change->old && !schema_find(change->schema, def->id))
        return err_new(a, E_NOT_FOUND, NULL, "no collection has the submitted id");
    schema_def_finish(a, def, change->schema, change->old, change->now_ms);
    *ret = def;
    return NULL;
}

static const char *failed_words(const struct coll_change *change)
{
    return change->old ? FAILED_TO_UPDATE : FAILED_TO_CREATE;
}

/* def: NULL is to be set. */
static struct coll_save save_of(const struct coll_change *change, struct db_conn *tx,
                                struct arena *a)
{
    return (struct coll_save){.api = change->api,
                              .a = a,
                              .tx = tx,
                              .schema = change->schema,
                              .old = change->old,
                              .now_ms = change->now_ms};
}

struct err *coll_change(struct db_conn *tx, const struct coll_change *change, struct arena *a,
                        struct schema_plan *log, struct schema_def **ret)
{
    struct coll_save save = save_of(change, tx, a);
    struct err *err = define(change, a, &save.def);

    if (err)
        return err;
    save.log = log;
    err = coll_make(&save);
    if (!err)
        err = coll_check(&save);
    if (!err)
        err = coll_store(&save);
    *ret = save.def;
    return err ? coll_failed(a, err, failed_words(change)) : NULL;
}

/* What a unit has stored. */
struct stored {
    struct schema_def *def;
    struct str version; /* empty: nobody asks */
};

/* Read again: the code of a definition is one of its row. */
static struct err *find_stored(const struct coll_change *change, struct db_conn *tx,
                               struct arena *a, struct schema_def *def, struct stored *ret)
{
    struct schema *schema;
    struct err *err;

    *ret = (struct stored){.def = def};
    if (!change->condition)
        return NULL;
    err = schema_load(a, tx, &schema);
    if (err)
        return err;
    ret->version = api_collection_version(a, schema, map_find(&schema->by_id, def->id));
    schema_unref(schema);
    return NULL;
}

static struct rec_written *answer(struct arena *a, const struct stored *stored)
{
    struct rec_written *written;
    struct buf body;

    buf_init(&body, LIMIT_RESPONSE_BYTES);
    schema_write_def(&body, stored->def);
    written = coll_answer(a, &body);
    written->version = stored->version;
    return written;
}

static struct err *change_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct coll_change *change = in;
    struct schema_def *def;
    struct stored stored;
    struct err *err = coll_check_condition(a, change->condition, change->schema, change->old);

    if (!err)
        err = coll_change(tx, change, a, NULL, &def);
    if (!err)
        err = find_stored(change, tx, a, def, &stored);
    if (!err)
        *ret_out = answer(a, &stored);
    return err;
}

/* --- with listeners ------------------------------------------------------------------------- */

struct heard_change {
    struct coll_heard heard;
    const struct coll_change *change;
    struct api_call *call;
    bool is_checked;    /* VALIDATE has come to the checks */
    struct str version; /* of what EXECUTE has stored; empty: nobody asks */
};

/* A unit works on a copy: the definition is the listeners'. */
static struct schema_def *copy_def(struct arena *a, const struct schema_def *def)
{
    struct schema_def *copy = ARENA_NEW(a, struct schema_def);

    *copy = *def;
    copy->fields.items = NULL;
    copy->fields.n = copy->fields.cap = 0;
    copy->indexes.items = NULL;
    copy->indexes.n = copy->indexes.cap = 0;
    for (size_t i = 0; i < def->fields.n; i++)
        *VEC_PUSH(a, &copy->fields) = def->fields.items[i];
    for (size_t i = 0; i < def->indexes.n; i++)
        *VEC_PUSH(a, &copy->indexes) = def->indexes.items[i];
    return copy;
}

/* What listeners have made of it must not undo what another has changed meanwhile. */
static struct err *make_fresh(const struct heard_change *it, struct coll_save *save)
{
    const struct schema_col *old = it->change->old;
    struct err *err = coll_follow(save->a, save->tx, &save->schema, &save->old);

    if (!err)
        err = coll_check_condition(save->a, it->change->condition, save->schema, save->old);
    if (!err && old && !str_eq(old->updated, save->old->updated))
        err = err_new(save->a, E_UNAVAILABLE, NULL,
                      "the collection was changed while listeners were asked");
    save->def = copy_def(save->a, it->heard.event.def);
    return err ? err : coll_make(save);
}

static struct err *check_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct heard_change *it = in;
    struct coll_save save = save_of(it->change, tx, a);
    struct err *err = make_fresh(it, &save);

    *ret_out = NULL;
    return err ? err : coll_check(&save);
}

static struct err *store_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct heard_change *it = in;
    struct coll_save save = save_of(it->change, tx, a);
    struct stored *stored = ARENA_NEW(a, struct stored);
    struct err *err = make_fresh(it, &save);

    if (!err && it->is_checked)
        err = coll_check(&save);
    if (!err && save.old && !str_eq(save.old->id, save.def->id))
        err = err_new(a, E_BAD_REQUEST, NULL, "primary key change is not allowed");
    if (!err && !save.whole && !save.view_why.p)
        err = err_new(a, E_BAD_REQUEST, NULL, "invalid fields");
    if (!err)
        err = coll_write(&save, &it->heard);
    if (!err && save.is_stored)
        err = find_stored(it->change, tx, a, save.def, stored);
    *ret_out = save.is_stored ? stored : NULL;
    return err;
}

static struct err *validate(struct coll_heard *heard)
{
    struct heard_change *it = heard->user;
    void *out;

    it->is_checked = true;
    return coll_run_leased(it->call, false, check_unit, it, &out);
}

static struct err *execute(struct coll_heard *heard)
{
    struct heard_change *it = heard->user;
    void *out = NULL;
    struct err *err = coll_run_leased(it->call, true, store_unit, it, &out);

    if (!err && out) {
        const struct stored *stored = out;

        *heard->event.def = *stored->def;
        heard->event.now = heard->event.def;
        it->version = stored->version;
    }
    return err;
}

/* What follows from the definition follows from what listeners have made of it. */
static struct err *validate_and_execute(struct coll_heard *heard)
{
    const struct heard_change *it = heard->user;
    struct err *err;

    schema_def_finish(heard->a, heard->event.def, it->change->schema, it->change->old,
                      it->change->now_ms);
    err = coll_raise(heard, EVENT_VALIDATE, validate);
    return err ? err : coll_raise(heard, EVENT_EXECUTE, execute);
}

static struct err *carry_out(struct coll_heard *heard)
{
    struct heard_change *it = heard->user;
    struct err *err = coll_save_told(heard);

    if (err)
        return coll_failed(heard->a, err, failed_words(it->change));
    it->call->out = answer(heard->a, &(struct stored){heard->event.def, it->version});
    return NULL;
}

static struct heard_change heard_change(struct api_call *call, const struct coll_change *change)
{
    return (struct heard_change){
        .heard = {.a = call->arena,
                  .events = call->api->events,
                  .kind = change->old ? EVENT_COLLECTION_UPDATE : EVENT_COLLECTION_CREATE,
                  .event = {.schema = change->schema,
                            .actor = &call->caller.actor,
                            .old = change->old,
                            .def = change->heard},
                  .save = validate_and_execute},
        .change = change,
        .call = call};
}

static struct err *change_heard(struct api_call *call)
{
    struct heard_change it = heard_change(call, call->state);

    it.heard.user = &it;
    call->out = ARENA_NEW(call->arena, struct rec_written); /* of one that a listener keeps */
    return coll_raise(&it.heard, EVENT_REQUEST, carry_out);
}

static bool is_heard(const struct api_call *call)
{
    return ((const struct coll_change *)call->state)->heard != NULL;
}

static bool is_unheard(const struct api_call *call)
{
    return !is_heard(call);
}

/* Whom it concerns is known once it is defined. */
static struct err *find_listeners(struct api_call *call, struct coll_change *change)
{
    struct heard_change it;
    struct err *err;

    assert(change); /* it could be read */
    if (!call->api->events)
        return NULL;
    err = define(change, call->arena, &change->heard);
    if (err)
        return err;
    it = heard_change(call, change);
    if (!coll_hears(&it.heard, EVENT_ANY_STAGE))
        change->heard = NULL;
    return NULL;
}

/* --- endpoints ------------------------------------------------------------------------------ */

/* False: it is neither text nor null. */
static bool text_member(const struct json *body, const char *key, struct str *ret)
{
    const struct json *member = json_get_nocase(body, str_of(key));

    *ret = member && member->type == JSON_TEXT ? member->text : STR("");
    return !member || member->type == JSON_TEXT || member->type == JSON_NULL;
}

struct err *coll_read_change(struct api_call *call, const struct schema_col *old,
                             const struct json *body, const struct coll_change **ret)
{
    struct coll_change *change = ARENA_NEW(call->arena, struct coll_change);
    struct err *refused = NULL;

    *change = (struct coll_change){.api = call->api,
                                   .schema = call->schema,
                                   .old = old,
                                   .body = body,
                                   .condition = api_condition(call),
                                   .now_ms = call->caller.actor.scope.now_ms};
    if (!old &&
        (!text_member(body, "type", &change->type) || !text_member(body, "name", &change->name)))
        return err_new(call->arena, E_BAD_REQUEST, UNDECODABLE_TYPE, "type or name is no text");
    if (change->type.n == 0)
        change->type = STR("base");
    coll_check_lengths(call->arena, body, "", &refused);
    *ret = change;
    return err_say(refused, old ? FAILED_TO_UPDATE : FAILED_TO_CREATE);
}

static struct err *prepare(struct api_call *call, const struct schema_col *old, const char *failed)
{
    const struct coll_change *change = NULL;
    const struct json *body;
    struct err *err = coll_check_condition(call->arena, api_condition(call), call->schema, old);

    if (!err)
        err = read_definition(call, old, failed, &body);
    if (!err)
        err = coll_read_change(call, old, body, &change);
    call->state = (void *)(uintptr_t)change; /* from now on, units only read it */
    return err ? err : find_listeners(call, call->state);
}

static struct err *create_collection(struct api_call *call)
{
    return prepare(call, NULL, UNDECODABLE_TYPE);
}

static struct err *update_collection(struct api_call *call)
{
    const struct schema_col *old;
    struct err *err = api_collection(call, NULL, &old);

    return err ? err : prepare(call, old, UNDECODABLE);
}

static struct err *view_collection(struct api_call *call)
{
    const struct rec_condition *condition = api_condition(call);
    const struct schema_col *col;
    struct err *err = api_collection(call, NULL, &col);

    if (err)
        return err;
    schema_write_def(&call->req->resp.body, schema_def_of(call->arena, col));
    req_answer_json(call->req, 200);
    if (!condition)
        return NULL;
    return api_etag_view(call, condition, api_collection_version(call->arena, call->schema, col),
                         API_OTHER_COLLECTION);
}

const struct api_work api_collections_create =
    COLL_HEARD_WORK(create_collection, is_heard, is_unheard, change_heard, change_unit);
const struct api_work api_collections_update =
    COLL_HEARD_WORK(update_collection, is_heard, is_unheard, change_heard, change_unit);
const struct api_work api_collections_view = {
    .steps = {{.place = AT_READ, .run = view_collection}}};
