/*
 * One request of a batch: which action its URL means, what rules see of it, and its draft.
 */
#include "api/batch.h"
#include "api/rate.h"

#include "base/id.h"
#include "base/num.h"

#include <string.h>

/* --- the URL -------------------------------------------------------------------------------- */

struct action {
    struct str method;
    bool has_id;
    bool upserts;
    enum rec_action action;
    struct str as_method; /* what rules see */
};

static const struct action actions[] = {
    {STR_INIT("POST"), false, false, REC_CREATE, STR_INIT("POST")},
    {STR_INIT("PATCH"), true, false, REC_UPDATE, STR_INIT("PATCH")},
    {STR_INIT("PUT"), false, true, REC_CREATE, STR_INIT("POST")},
    {STR_INIT("DELETE"), true, false, REC_DELETE, STR_INIT("DELETE")},
};

struct target {
    const struct action *action;
    struct str col, id; /* as they stand in the URL: nothing is decoded */
    struct str path;
    struct str query;
};

/* As Go's url.Parse splits it; false: it does not parse. */
static bool split_url(struct arena *a, struct str url, struct str *ret_query)
{
    struct str path = url, fragment = STR_NONE, unused;
    size_t at;

    for (size_t i = 0; i < url.n; i++)
        if ((unsigned char)url.p[i] < 0x20 || url.p[i] == 0x7f)
            return false;
    at = str_find_byte(path, '#');
    if (at < path.n)
        fragment = str_from(path, at + 1);
    path.n = at;
    at = str_find_byte(path, '?');
    *ret_query = at < path.n ? str_from(path, at + 1) : STR_NONE;
    path.n = at;
    return req_decode(a, path, false, &unused) && req_decode(a, fragment, false, &unused);
}

/* /api/collections/{collection}/records, and /{id} where the action has one. False: no action has
 * this method and URL. */
static bool find_target(struct arena *a, const struct batch_request *request, struct target *ret)
{
    struct str path = str_sub(request->url, 0, str_find_byte(request->url, '?'));

    *ret = (struct target){0};
    for (size_t i = 0; i < COUNT_OF(actions); i++)
        if (str_eq(actions[i].method, request->method))
            ret->action = &actions[i];
    ret->path = path;
    if (!ret->action || !str_starts(path, STR("/api/collections/")))
        return false;
    path = str_from(path, STR("/api/collections/").n);
    ret->col = str_split(&path, '/');
    if (ret->col.n == 0 || !path.p || !str_eq(str_split(&path, '/'), STR("records")))
        return false;
    ret->id = path;
    if (!ret->action->has_id && path.p)
        return false;
    if (ret->action->has_id && (path.n == 0 || str_find_byte(path, '/') < path.n))
        return false;
    return split_url(a, request->url, &ret->query);
}

/* --- what rules see ------------------------------------------------------------------------- */

/* Each request travels as a form of its own, whatever type the batch or its headers name. */
static bool is_content_type(struct str name)
{
    return str_eq_nocase(name, STR("Content-Type"));
}

void batch_headers_init(struct api_call *call, struct batch_headers *ret)
{
    const struct req_pairs *outer = &call->req->headers;
    struct arena *a = call->arena;

    ret->items = ARENA_ARRAY(a, struct query_pair, outer->n + 1);
    ret->items[0] = (struct query_pair){STR("content_type"),
                                        arena_concat(a, STR("multipart/form-data; boundary="),
                                                     random_text(a, 60, ALPHABET_ID), STR_NONE)};
    ret->n = 1;
    for (size_t i = 0; i < outer->n; i++) {
        struct str name = outer->items[i].name;

        if (api_header_is_seen(name) && !is_content_type(name))
            ret->items[ret->n++] =
                (struct query_pair){api_header_name(a, name), outer->items[i].value};
    }
}

/* A request's own headers go before the batch's: the first of a name counts. */
static void see_headers(struct arena *a, const struct json *own, const struct batch_headers *common,
                        struct query_request *ret)
{
    struct query_pair *out;

    ret->headers = common->items;
    ret->n_headers = common->n;
    if (!own || own->n == 0)
        return;
    out = ARENA_ARRAY(a, struct query_pair, own->n + common->n);
    ret->headers = out;
    ret->n_headers = 0;
    for (uint32_t i = 0; i < own->n; i++) {
        const struct json_member *member = &own->members[i];

        if (!str_eq_nocase(member->key, STR("Authorization")) && !is_content_type(member->key))
            out[ret->n_headers++] =
                (struct query_pair){api_header_name(a, member->key),
                                    member->value.type == JSON_TEXT ? member->value.text : STR("")};
    }
    memcpy(out + ret->n_headers, common->items, common->n * sizeof(*out));
    ret->n_headers += common->n;
}

/* The batch's caller, with the request's method, query and headers. */
static struct rec_actor *actor_of(struct api_call *call, const struct target *target,
                                  const struct req_pairs *query, const struct json *own_headers,
                                  const struct batch_headers *common)
{
    struct rec_actor *actor = ARENA_NEW(call->arena, struct rec_actor);
    struct query_pair *pairs = ARENA_ARRAY(call->arena, struct query_pair, query->n);

    *actor = call->caller.actor;
    actor->request.context = STR("batch");
    actor->request.method = target->action->as_method;
    for (size_t i = 0; i < query->n; i++)
        pairs[i] = (struct query_pair){query->items[i].name, query->items[i].value};
    actor->request.query = pairs;
    actor->request.n_query = query->n;
    see_headers(call->arena, own_headers, common, &actor->request);
    return actor;
}

static struct str first_of(const struct req_pairs *pairs, struct str name)
{
    for (size_t i = 0; i < pairs->n; i++)
        if (str_eq(pairs->items[i].name, name))
            return pairs->items[i].value;
    return STR_NONE;
}

/* --- its limit ------------------------------------------------------------------------------- */

static const char *tag_of(enum rec_action action)
{
    switch (action) {
    case REC_CREATE:
        return "create";
    case REC_UPDATE:
        return "update";
    case REC_DELETE:
        return "delete";
    }
    BUG("not an action");
}

/* An upsert counts as what it is by the rows there are now. */
static struct err *check_rate(struct api_call *call, const struct target *target, size_t at,
                              const struct batch_item *item, struct str upsert_id)
{
    const struct batch *batch = call->state;
    struct rec *rec = NULL;
    struct rate_item limited = {.at = at,
                                .skip = at > 0 && batch_item_fails(&batch->items[at - 1]),
                                .col = item->col,
                                .tag = tag_of(target->action->action),
                                .method = target->action->as_method,
                                .path = target->path};
    struct err *err = NULL;

    if (upsert_id.n > 0 && call->settings->rate_limits.enabled)
        err = rec_find(call->arena, call->conn, item->col, upsert_id, &rec);
    if (err)
        return err;
    if (rec) {
        limited.tag = tag_of(REC_UPDATE);
        limited.method = STR("PATCH");
        limited.path = arena_concat(call->arena, target->path, STR("/"), upsert_id);
    }
    return rate_check_item(call, &limited);
}

/* --- the draft ------------------------------------------------------------------------------ */

/* What an upsert looks for. */
static struct str id_text(struct arena *a, const struct json *body)
{
    const struct json *id = json_get(body, STR("id"));
    char text[NUM_TEXT_MAX];

    if (id && id->type == JSON_TEXT)
        return id->text;
    if (id && id->type == JSON_BOOL)
        return id->truth ? STR("true") : STR("false");
    if (id && id->type == JSON_NUMBER)
        return arena_dup(a, (struct str){text, num_format_plain(text, json_double(id))});
    return STR_NONE;
}

static void make_draft(struct api_call *call, const struct rec_request *request,
                       struct batch_try *ret)
{
    ret->err = rec_draft_new(call->arena, request, &ret->draft);
    if (!ret->err)
        ret->err = rec_draft_read(call->arena, call->conn, ret->draft);
}

/* Whether there is a record to update is known once the batch runs: both are prepared. */
static void make_drafts(struct api_call *call, struct rec_request *request, struct batch_item *ret)
{
    struct rec_actor *actor;

    make_draft(call, request, &ret->tries[AS_SENT]);
    if (ret->upsert_id.n == 0)
        return;
    actor = ARENA_NEW(call->arena, struct rec_actor);
    *actor = *request->actor;
    actor->request.method = STR("PATCH");
    request->actor = actor;
    request->action = REC_UPDATE;
    request->id = ret->upsert_id;
    make_draft(call, request, &ret->tries[AS_UPDATE]);
}

static struct err *prepare_item(struct api_call *call, const struct batch_headers *headers,
                                const struct batch_request *submitted, size_t at,
                                struct batch_item *ret)
{
    const struct batch *batch = call->state;
    struct arena *a = call->arena;
    struct rec_request request;
    struct target target;
    struct req_pairs query;
    const struct json *body;
    struct query_picker *picker;
    struct str upsert_id = STR_NONE;
    struct err *err;

    if (!find_target(a, submitted, &target)) /* the status that the request before has left */
        return err_new(a, at == 0 ? E_BAD_REQUEST : E_INTERNAL, ERR_WENT_WRONG,
                       "batch: no action has this method and URL");
    ret->col = schema_find(call->schema, target.col);
    if (!ret->col)
        return err_new(a, E_NOT_FOUND, "Missing collection context.", "no such collection");
    if (target.action->action != REC_DELETE && ret->col->type == SCHEMA_VIEW)
        return err_new(a, E_BAD_REQUEST, "Unsupported collection type.", "a view");
    if (target.action->upserts)
        upsert_id = id_text(a, submitted->body);
    err = check_rate(call, &target, at, ret, upsert_id);
    if (!err)
        err = api_body_under(call, target.query, submitted->body, &body);
    if (err)
        return err;
    (void)req_parse_pairs(a, target.query, &query); /* broken ones count as absent */
    ret->picker_err = query_picker_parse(a, first_of(&query, STR("fields")), &picker);
    ret->id = upsert_id.n > 0 ? upsert_id : target.id;
    ret->upsert_id = upsert_id;
    request = (struct rec_request){
        .action = target.action->action,
        .actor = actor_of(call, &target, &query, submitted->headers, headers),
        .col = ret->col,
        .id = target.id,
        .body = body,
        .expand = first_of(&query, STR("expand")),
        .picker = picker,
        .uploads = submitted->uploads,
        .n_uploads = submitted->n_uploads,
        .is_leased = true,
        .matches = batch->matches,
        .condition = api_item_condition(a, submitted->headers),
        .gone = &call->req->gone,
    };
    make_drafts(call, &request, ret);
    return NULL;
}

void batch_item_init(struct api_call *call, const struct batch_headers *headers,
                     const struct batch_request *request, size_t at, struct batch_item *ret)
{
    struct err *err;

    *ret = (struct batch_item){0};
    err = prepare_item(call, headers, request, at, ret);
    if (err)
        ret->tries[AS_SENT].err = err;
}
