/*
 * How a definition gets into the database, by whichever endpoint (collections.md 5, 6, 12).
 */
#include "api/collections.h"

#include "base/limits.h"

/* --- rules ---------------------------------------------------------------------------------- */

bool coll_rule_compiles(struct arena *a, const struct db_dialect *dialect,
                        const struct schema *schema, const struct schema_col *col, struct str rule,
                        int64_t now_ms, struct str *ret_why)
{
    struct query_request request = {0};
    const struct query_spec spec = {
        .schema = schema,
        .col = col,
        .request = &request,
        .dialect = dialect,
        .want = QUERY_EXISTS,
        .client_is_superuser = true,
        .rule = rule,
        .limit = -1,
        .now_ms = now_ms,
    };
    struct query_sql sql;
    struct err *err = query_compile(a, &spec, &sql);

    if (err)
        *ret_why = err->cause;
    return !err;
}

static bool rule_compiles(void *user, struct arena *a, const struct schema *with,
                          const struct schema_col *col, struct str rule, struct str *ret_why)
{
    const struct coll_save *save = user;

    return coll_rule_compiles(a, db_conn_dialect(save->tx), with, col, rule, save->now_ms, ret_why);
}

/* --- steps ---------------------------------------------------------------------------------- */

struct err *coll_make(struct coll_save *save)
{
    struct err *err = NULL;

    if (str_eq(save->def->type, STR("view")))
        err = schema_infer_view(save->a, save->tx, save->schema, save->def, &save->view_select,
                                &save->view_why);
    if (!err)
        save->col = schema_def_col(save->a, save->def, &save->whole);
    return err;
}

struct err *coll_check(struct coll_save *save)
{
    struct schema_check check = {
        .schema = save->schema,
        .old = save->old,
        .def = save->def,
        .col = save->col,
        .compiles = rule_compiles,
        .user = save,
    };
    struct err *err = NULL;

    if (save->view_select.p && !save->view_why.p)
        err = schema_sample_view(save->a, save->tx, save->view_select, &save->view_why);
    check.view_why = save->view_why;
    return err ? err : schema_check_def(save->a, save->tx, &check);
}

/* A view that reads itself can be followed only as long as its former self is there. */
static struct err *leave_former_view(struct coll_save *save)
{
    struct schema_def copy = *save->def;
    struct str select, why;
    struct err *err;

    if (!save->old || save->col->type != SCHEMA_VIEW)
        return NULL;
    err = schema_drop_view(save->a, save->tx, save->old->name);
    if (!err)
        err = schema_infer_view(save->a, save->tx, save->schema, &copy, &select, &why);
    if (!err && why.p)
        err = err_new(save->a, E_BAD_REQUEST, NULL, "failed to normalize view query id: %.*s",
                      STR_ARG(why));
    return err;
}

/* Rules of rate limits name collections. */
static struct err *rename_labels(struct coll_save *save)
{
    bool changed;
    struct err *err;

    if (str_eq(save->old->name, save->col->name))
        return NULL;
    err = settings_rename_labels(save->a, save->tx, save->api->settings_key, save->old->name,
                                 save->col->name, save->now_ms, &changed);
    if (!err && changed)
        db_after_commit(save->tx, api_settings_changed, save->api);
    return err;
}

struct err *coll_store(struct coll_save *save)
{
    struct err *err;

    if (save->view_why.p)
        return err_new(save->a, E_BAD_REQUEST, NULL, "%.*s", STR_ARG(save->view_why));
    if (save->old && str_eq(save->old->id, save->schema->superusers->id)) {
        schema_def_force_superusers(save->def);
        save->col = schema_def_col(save->a, save->def, &save->whole);
    }
    err = leave_former_view(save);
    if (err)
        return err;
    err = schema_save(save->a, save->tx, save->old, save->col, save->view_select, save->log);
    save->is_stored = !err;
    if (err || !save->old)
        return err;
    err = rename_labels(save);
    if (err)
        return err;
    return schema_follow_views(save->a, save->tx, save->schema, save->col, save->now_ms, save->log);
}

void coll_check_lengths(struct arena *a, const struct json *definition, const char *path,
                        struct err **refused)
{
    static const char *const lists[] = {"fields", "indexes"};

    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        const struct json *list = json_get(definition, str_of(lists[i]));

        if (list && list->type == JSON_LIST && list->n > LIMIT_COLLECTION_ITEMS)
            err_add_item(a, refused, arena_printf(a, "%s%s", path, lists[i]), CODE_LENGTH_TOO_LONG,
                         arena_printf(a, "{\"max\":%d,\"min\":0}", LIMIT_COLLECTION_ITEMS));
    }
}

unsigned coll_takes_its_time(const struct api_call *call)
{
    (void)call;
    return 0;
}

/* --- answers -------------------------------------------------------------------------------- */

struct err *coll_failed(struct arena *a, struct err *err, const char *failed)
{
    struct str words = coll_words_of(err);
    const char *stop = str_ends(words, STR(".")) ? "" : ".";

    if (err->kind != E_BAD_REQUEST)
        return err;
    err->message = err->items
                       ? failed
                       : arena_printf(a, "%s Raw error: \n%.*s%s", failed, STR_ARG(words), stop).p;
    return err;
}

struct err *coll_check_condition(struct arena *a, const struct rec_condition *condition,
                                 const struct schema *schema, const struct schema_col *col)
{
    struct str version = STR_NONE;

    if (!rec_condition_compares(condition))
        return NULL;
    if (col)
        version = api_collection_version(a, schema, col);
    return api_condition_check(a, condition, version, API_OTHER_COLLECTION);
}

struct rec_written *coll_answer(struct arena *a, struct buf *body)
{
    struct rec_written *written = ARENA_NEW(a, struct rec_written);

    written->body = arena_dup(a, buf_str(body));
    buf_done(body);
    return written;
}
