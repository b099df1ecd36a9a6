/*
 * /api/collections/meta: scaffolds, sign-on providers, trying out a view (collections.md 15).
 */
#include "api/collections.h"
#include "base/form.h"
#include "base/id.h"
#include "base/limits.h"
#include "oauth/oauth.h"

#define VIEW_QUERY_BYTES 5000
#define SAMPLE 10

/* --- scaffolds, providers ------------------------------------------------------------------- */

static struct err *list_scaffolds(struct api_call *call)
{
    static const char *const types[] = {"auth", "base", "view"};
    struct buf *out = &call->req->resp.body;

    for (size_t i = 0; i < COUNT_OF(types); i++) {
        struct schema_def *def = schema_def_new(call->arena, str_of(types[i]), STR(""));

        def->id = STR("");
        buf_addf(out, "%s\"%s\":", i ? "," : "{", types[i]);
        schema_write_def(out, def);
    }
    BUF_ADD(out, "}");
    req_answer_json(call->req, 200);
    return NULL;
}

static struct err *list_providers(struct api_call *call)
{
    struct buf *out = &call->req->resp.body;

    BUF_ADD(out, "[");
    for (size_t i = 0; i < oauth_provider_count(); i++) {
        const struct oauth_provider *provider = oauth_provider_at(i);

        buf_addf(out, "%s{\"name\":", i ? "," : "");
        json_write_text(out, oauth_provider_name(provider));
        BUF_ADD(out, ",\"displayName\":");
        json_write_text(out, oauth_provider_display_name(provider));
        BUF_ADD(out, ",\"logo\":");
        json_write_text(out, oauth_provider_logo(provider));
        BUF_ADD(out, "}");
    }
    BUF_ADD(out, "]");
    req_answer_json(call->req, 200);
    return NULL;
}

/* --- trying out a view ---------------------------------------------------------------------- */

struct trial {
    const struct api_call *call;
    struct str query;
};

/* As everyone may see them. */
static struct err *write_sample(struct arena *a, struct coll_save *save, struct buf *out)
{
    struct schema_col open = *save->col;
    struct rec_actor guest = {0};
    AUTO(schema_unref) struct schema *with = NULL;
    const struct rec_list_params params = {.per_page = arena_printf(a, "%d", SAMPLE),
                                           .skip_total = STR("1")};
    struct str items;
    struct buf list;
    struct err *err;

    open.list_rule = (struct schema_rule){true, STR("")};
    with = schema_with(save->schema, &open);
    if (!with)
        return err_new(a, E_BAD_REQUEST, NULL, "invalid view fields");
    guest.scope.schema = with;
    buf_init(&list, LIMIT_RESPONSE_BYTES);
    err = rec_list(a, save->tx, &guest, schema_find(with, save->col->id), &params, &list);
    if (!err) {
        items = str_from(buf_str(&list), sizeof("{\"items\":") - 1);
        buf_add(out, str_sub(items, 0, str_find(items, STR(",\"page\":1,\"perPage\""))));
    }
    buf_done(&list);
    return err;
}

/* What makes a view's query invalid, of all that a check found. */
static struct str query_fault(const struct err *err)
{
    static const char prefix[] = "Invalid query - ";

    for (const struct err_item *item = err->items; item; item = item->next)
        if (str_eq(item->path, STR("viewQuery")) && str_starts(item->words, str_of(prefix)))
            return str_from(item->words, sizeof(prefix) - 1);
    return err->items ? err->items->words : err->cause;
}

/* The view exists inside of a savepoint that is rolled back. */
static struct err *try_view(struct arena *a, struct coll_save *save, struct buf *out)
{
    struct err *err = coll_make(save);

    if (!err)
        err = coll_check(save);
    if (err && err->kind == E_BAD_REQUEST)
        return err_new(a, E_BAD_REQUEST, NULL, "%.*s", STR_ARG(query_fault(err)));
    if (!err)
        err = coll_store(save);
    if (err)
        return err;
    BUF_ADD(out, "{\"fields\":");
    schema_write_fields(out, save->def);
    BUF_ADD(out, ",\"sample\":");
    err = write_sample(a, save, out);
    BUF_ADD(out, "}");
    return err;
}

static struct err *trial_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct trial *trial = in;
    struct coll_save save = {.a = a,
                             .tx = tx,
                             .schema = trial->call->schema,
                             .now_ms = trial->call->caller.actor.scope.now_ms};
    struct db_box box;
    struct buf body;
    struct err *err;

    save.def = schema_def_new(
        a, STR("view"),
        arena_concat(a, STR("temp_view_"), random_text(a, 5, ALPHABET_ID), STR_NONE));
    save.def->view_query = trial->query;
    schema_def_finish(a, save.def, save.schema, NULL, save.now_ms);
    err = db_savepoint(a, tx);
    if (err)
        return err;
    buf_init(&body, LIMIT_RESPONSE_BYTES);
    db_box_begin(tx, &box);
    err = try_view(a, &save, &body);
    if (db_box_end(tx, &box) && err)
        err = err_new(a, E_BAD_REQUEST, NULL, "the query timeout is over");
    db_savepoint_rollback(tx);
    *ret_out = coll_answer(a, &body);
    if (!err || err->kind != E_BAD_REQUEST)
        return err;
    return coll_failed(a, err, "Invalid view query.");
}

static struct err *prepare_trial(struct api_call *call)
{
    static const struct form_field fields[] = {{"query", FORM_TEXT, 0}};
    struct trial *trial = ARENA_NEW(call->arena, struct trial);
    struct form_input input;
    struct err *err = api_form(call, &input);
    struct err *invalid = NULL;

    if (err && err->kind != E_BAD_REQUEST)
        return err;
    if (err || !form_decode(call->arena, fields, COUNT_OF(fields), &input, &trial->query))
        return err_new(call->arena, E_BAD_REQUEST,
                       "An error occurred while loading the submitted data.", "query");
    if (trial->query.n == 0)
        err_add_item(call->arena, &invalid, STR("query"), CODE_REQUIRED, STR_NONE);
    else if (trial->query.n > VIEW_QUERY_BYTES)
        err_add_item(call->arena, &invalid, STR("query"), CODE_LENGTH_TOO_LONG,
                     arena_printf(call->arena, "{\"max\":%d,\"min\":0}", VIEW_QUERY_BYTES));
    if (invalid) {
        invalid->message = "An error occurred while validating the submitted data.";
        return invalid;
    }
    trial->call = call;
    call->state = trial;
    return NULL;
}

const struct api_work api_collections_scaffolds = {
    .steps = {{.place = AT_READ, .run = list_scaffolds}}};
const struct api_work api_collections_providers = {
    .steps = {{.place = AT_READ, .run = list_providers}}};
const struct api_work api_collections_try_view = COLL_WORK(prepare_trial, trial_unit, false);
