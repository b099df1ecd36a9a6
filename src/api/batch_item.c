/*
 * One request of a batch: which action its URL means, what rules see of it, and its draft.
 */
#include "api/batch.h"

#include "base/id.h"
#include "base/num.h"

#include <string.h>

/* --- the URL ---------------------------------------------------------------------------------- */

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
    struct str query;
};

/* Up to the next '/' or '?'; false: nothing there. */
static bool take_segment(struct str *rest, struct str *ret)
{
    size_t n = 0;

    while (n < rest->n && rest->p[n] != '/' && rest->p[n] != '?')
        n++;
    *ret = (struct str){rest->p, n};
    *rest = str_from(*rest, n);
    return n > 0;
}

static bool take_text(struct str *rest, struct str text)
{
    if (!str_starts(*rest, text))
        return false;
    *rest = str_from(*rest, text.n);
    return true;
}

static bool match_path(struct str url, bool has_id, struct target *ret)
{
    if (!take_text(&url, STR("/api/collections/")) || !take_segment(&url, &ret->col) ||
        !take_text(&url, STR("/records")))
        return false;
    if (has_id && (!take_text(&url, STR("/")) || !take_segment(&url, &ret->id)))
        return false;
    return url.n == 0 || url.p[0] == '?';
}

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

static bool find_target(struct arena *a, const struct batch_request *request, struct target *ret)
{
    *ret = (struct target){0};
    for (size_t i = 0; i < COUNT_OF(actions); i++) {
        if (!str_eq(actions[i].method, request->method))
            continue;
        ret->action = &actions[i];
        return match_path(request->url, actions[i].has_id, ret) &&
               split_url(a, request->url, &ret->query);
    }
    return false;
}

/* --- what rules see --------------------------------------------------------------------------- */

static bool is_authorization(struct str name)
{
    return str_eq_nocase(name, STR("Authorization"));
}

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
static void fill_headers(struct arena *a, const struct json *own,
                         const struct batch_headers *common, struct query_request *ret)
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

        if (!is_authorization(member->key) && !is_content_type(member->key))
            out[ret->n_headers++] =
                (struct query_pair){api_header_name(a, member->key),
                                    member->value.type == JSON_TEXT ? member->value.text : STR("")};
    }
    memcpy(out + ret->n_headers, common->items, common->n * sizeof(*out));
    ret->n_headers += common->n;
}

static void fill_query(struct arena *a, const struct req_pairs *pairs, struct query_request *ret)
{
    struct query_pair *out = ARENA_ARRAY(a, struct query_pair, pairs->n);

    for (size_t i = 0; i < pairs->n; i++)
        out[i] = (struct query_pair){pairs->items[i].name, pairs->items[i].value};
    ret->query = out;
    ret->n_query = pairs->n;
}

static struct str first_of(const struct req_pairs *pairs, struct str name)
{
    for (size_t i = 0; i < pairs->n; i++)
        if (str_eq(pairs->items[i].name, name))
            return pairs->items[i].value;
    return STR_NONE;
}

/* --- the draft -------------------------------------------------------------------------------- */

static struct err *check_collection(struct arena *a, const struct schema_col *col,
                                    enum rec_action action)
{
    if (!col)
        return err_new(a, E_NOT_FOUND, "Missing collection context.", "no such collection");
    if (action != REC_DELETE && col->type == SCHEMA_VIEW)
        return err_new(a, E_BAD_REQUEST, "Unsupported collection type.", "a view");
    return NULL;
}

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

static void make_drafts(struct api_call *call, struct rec_request *request, struct batch_item *ret)
{
    struct rec_actor *actor;

    make_draft(call, request, &ret->as_sent);
    if (ret->upsert_id.n == 0)
        return;
    actor = ARENA_NEW(call->arena, struct rec_actor);
    *actor = *request->actor;
    actor->request.method = STR("PATCH");
    request->actor = actor;
    request->action = REC_UPDATE;
    request->id = ret->upsert_id;
    make_draft(call, request, &ret->as_update);
}

static struct err *prepare(struct api_call *call, const struct batch_headers *headers,
                           const struct batch_request *submitted, const struct target *target,
                           struct batch_item *ret)
{
    const struct batch *batch = call->state;
    struct rec_actor *actor = ARENA_NEW(call->arena, struct rec_actor);
    struct rec_request request = {.action = target->action->action,
                                  .actor = actor,
                                  .id = target->id,
                                  .uploads = submitted->uploads,
                                  .n_uploads = submitted->n_uploads,
                                  .is_leased = true,
                                  .matches = batch->matches,
                                  .gone = &call->req->gone};
    struct req_pairs query;
    struct err *err;

    request.col = ret->col = schema_find(call->schema, target->col);
    err = check_collection(call->arena, ret->col, request.action);
    if (!err)
        err = api_body_under(call, target->query, submitted->body, &request.body);
    if (err)
        return err;
    (void)req_parse_pairs(call->arena, target->query, &query); /* broken ones count as absent */
    *actor = call->actor;
    actor->request.context = STR("batch");
    actor->request.method = target->action->as_method;
    fill_query(call->arena, &query, &actor->request);
    fill_headers(call->arena, submitted->headers, headers, &actor->request);
    request.expand = first_of(&query, STR("expand"));
    ret->picker_err =
        query_picker_parse(call->arena, first_of(&query, STR("fields")), &ret->picker);
    if (target->action->upserts)
        ret->upsert_id = id_text(call->arena, submitted->body);
    make_drafts(call, &request, ret);
    return NULL;
}

/* An unknown action keeps the status that the request before it left, as upstream. */
static struct err *no_action(struct arena *a, size_t at)
{
    return err_new(a, at == 0 ? E_BAD_REQUEST : E_INTERNAL, ERR_WENT_WRONG,
                   "batch: no action has this method and URL");
}

void batch_item_init(struct api_call *call, const struct batch_headers *headers,
                     const struct batch_request *request, size_t at, struct batch_item *ret)
{
    struct target target;
    struct err *err;

    *ret = (struct batch_item){0};
    if (!find_target(call->arena, request, &target)) {
        ret->as_sent.err = no_action(call->arena, at);
        return;
    }
    err = prepare(call, headers, request, &target, ret);
    if (err)
        ret->as_sent.err = err;
}
