/*
 * /api/collections: create, update, view (collections.md 5, 6).
 */
#include "api/collections.h"

#include "base/limits.h"
#include "base/num.h"

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
    int64_t now_ms;
};

struct err *coll_change(struct db_conn *tx, const struct coll_change *change, struct arena *a,
                        struct schema_plan *log, struct schema_def **ret)
{
    struct coll_save save = {.api = change->api,
                             .a = a,
                             .tx = tx,
                             .schema = change->schema,
                             .old = change->old,
                             .now_ms = change->now_ms,
                             .log = log};
    struct str why = STR_NONE;
    struct err *err;

    save.def =
        save.old ? schema_def_of(a, save.old) : schema_def_new(a, change->type, change->name);
    if (!schema_def_merge(a, save.def, change->body, &why))
        return err_new(a, E_BAD_REQUEST, UNDECODABLE, "%.*s", STR_ARG(why));
    if (save.old && !schema_find(save.schema, save.def->id))
        return err_new(a, E_NOT_FOUND, NULL, "no collection has the submitted id");
    schema_def_finish(a, save.def, save.schema, save.old, save.now_ms);
    err = coll_make(&save);
    if (!err)
        err = coll_check(&save);
    if (!err)
        err = coll_store(&save);
    *ret = save.def;
    return err ? coll_failed(a, err,
                             save.old ? "Failed to update collection."
                                      : "Failed to create collection.")
               : NULL;
}

static struct err *change_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    struct schema_def *def;
    struct err *err = coll_change(tx, in, a, NULL, &def);
    struct buf body;

    if (err)
        return err;
    buf_init(&body, LIMIT_RESPONSE_BYTES);
    schema_write_def(&body, def);
    *ret_out = coll_answer(a, &body);
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

    *change = (struct coll_change){.api = call->api,
                                   .schema = call->schema,
                                   .old = old,
                                   .body = body,
                                   .now_ms = call->caller.actor.scope.now_ms};
    if (!old &&
        (!text_member(body, "type", &change->type) || !text_member(body, "name", &change->name)))
        return err_new(call->arena, E_BAD_REQUEST, UNDECODABLE_TYPE, "type or name is no text");
    if (change->type.n == 0)
        change->type = STR("base");
    *ret = change;
    return NULL;
}

static struct err *prepare(struct api_call *call, const struct schema_col *old, const char *failed)
{
    const struct coll_change *change = NULL;
    const struct json *body;
    struct err *err = read_definition(call, old, failed, &body);

    if (!err)
        err = coll_read_change(call, old, body, &change);
    call->state = (void *)(uintptr_t)change; /* units only read it */
    return err;
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
    const struct schema_col *col;
    struct err *err = api_collection(call, NULL, &col);

    if (err)
        return err;
    schema_write_def(&call->req->resp.body, schema_def_of(call->arena, col));
    req_answer_json(call->req, 200);
    return NULL;
}

const struct api_work api_collections_create = COLL_WORK(create_collection, change_unit, true);
const struct api_work api_collections_update = COLL_WORK(update_collection, change_unit, true);
const struct api_work api_collections_view = {
    .steps = {{.place = AT_READ, .run = view_collection}}};
