/*
 * /api/collections: delete and truncate (collections.md 13).
 */
#include "api/collections.h"

#include "base/date.h"

#define SQL_MAX ((size_t)64 * 1024)
#define BATCH ((size_t)500)
#define FAILED_TO_DELETE "Failed to delete collection."

struct coll_removal {
    struct rec_scope scope;
    const struct schema_col *col;
    const struct rec_condition *condition;
};

/* What goes after the commit. */
struct gone_files {
    struct file_store *store;
    struct str col;
    int64_t before_ms;
};

static void remove_gone_files(void *user)
{
    const struct gone_files *gone = user;

    file_store_remove_col(gone->store, gone->col, gone->before_ms);
}

void coll_files_go(struct arena *a, struct db_conn *tx, struct file_store *store,
                   const struct schema_col *col)
{
    struct gone_files *gone = ARENA_NEW(a, struct gone_files);

    *gone = (struct gone_files){store, arena_dup(a, col->id), date_now_ms()};
    db_after_commit(tx, remove_gone_files, gone);
}

/* --- delete --------------------------------------------------------------------------------- */

/* "a, b": the other collections with a relation to it. Empty: none. */
static struct str referrers(struct arena *a, const struct schema_col *col)
{
    struct str names = STR_NONE;

    for (size_t i = 0; i < col->n_backs; i++) {
        const struct schema_col *other = col->backs[i].col;

        if (other == col || (i > 0 && col->backs[i - 1].col == other))
            continue;
        names = arena_concat(a, names, names.n ? STR(", ") : STR_NONE, other->name);
    }
    return names;
}

/* A view whose fields cannot be derived once the collection is gone depends on it. */
static struct err *check_views(struct arena *a, struct db_conn *tx,
                               const struct coll_removal *removal)
{
    struct err *err = NULL;

    for (size_t i = 0; i < removal->scope.schema->n_cols && !err; i++) {
        const struct schema_col *col = removal->scope.schema->cols[i];
        struct schema_def *def;
        struct str select, why;

        if (col->type != SCHEMA_VIEW || col == removal->col)
            continue;
        def = schema_def_of(a, col);
        err = schema_infer_view(a, tx, removal->scope.schema, def, &select, &why);
        if (!err && why.p)
            err = err_new(a, E_BAD_REQUEST, NULL, "view %.*s: %.*s", STR_ARG(col->name),
                          STR_ARG(why));
    }
    return err;
}

/* What a client is told of it, whatever the cause. */
static struct err *say_failed(struct arena *a, struct err *err, const struct schema_col *col)
{
    struct str names = referrers(a, col);

    if (err->kind != E_BAD_REQUEST)
        return err;
    err->message = names.n == 0 ? FAILED_TO_DELETE
                                : arena_printf(a,
                                               "Failed to delete collection probably due to "
                                               "existing reference in %.*s.",
                                               STR_ARG(names))
                                      .p;
    return err;
}

struct err *coll_remove(struct db_conn *tx, const struct coll_removal *removal, struct arena *a,
                        struct schema_plan *log)
{
    const struct schema_col *col = removal->col;
    struct err *err;

    if (referrers(a, col).n > 0)
        err = err_new(a, E_BAD_REQUEST, NULL, "it is referred to");
    else if (col->system)
        err = err_new(a, E_BAD_REQUEST, NULL, "a system collection");
    else
        err = schema_drop(a, tx, removal->scope.schema, col, log);
    if (!err)
        err = check_views(a, tx, removal);
    if (err)
        return say_failed(a, err, col);
    coll_files_go(a, tx, removal->scope.files, col);
    return NULL;
}

/* Its collection is the one of the running unit's snapshot. */
static struct err *check_condition(struct arena *a, const struct coll_removal *removal)
{
    return coll_check_condition(a, removal->condition, removal->scope.schema, removal->col);
}

static struct err *delete_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    struct err *err = check_condition(a, in);

    *ret_out = ARENA_NEW(a, struct rec_written);
    return err ? err : coll_remove(tx, in, a, NULL);
}

/* --- delete, with listeners ----------------------------------------------------------------- */

struct heard_removal {
    struct coll_heard heard;
    const struct coll_removal *removal;
    struct api_call *call;
};

/* Inside of a unit. */
struct removing {
    const struct coll_removal *removal;
    struct db_conn *tx;
};

static struct err *remove_now(struct coll_heard *heard)
{
    const struct removing *it = heard->user;

    return coll_remove(it->tx, it->removal, heard->a, NULL);
}

static struct err *remove_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct heard_removal *it = in;
    struct coll_removal removal = *it->removal;
    struct removing removing = {&removal, tx};
    struct coll_heard inner = it->heard;
    struct err *err = coll_follow(a, tx, &removal.scope.schema, &removal.col);

    inner.a = a;
    inner.user = &removing;
    *ret_out = NULL;
    if (!err)
        err = check_condition(a, &removal);
    return err ? err : coll_raise(&inner, EVENT_WRITE, remove_now);
}

static struct err *execute(struct coll_heard *heard)
{
    struct heard_removal *it = heard->user;
    void *out;

    return coll_run_leased(it->call, true, remove_unit, it, &out);
}

static struct err *save(struct coll_heard *heard)
{
    return coll_raise(heard, EVENT_EXECUTE, execute);
}

static struct err *carry_out(struct coll_heard *heard)
{
    struct err *err = coll_save_told(heard);

    return err ? say_failed(heard->a, err, heard->event.old) : NULL;
}

static struct heard_removal heard_removal(struct api_call *call)
{
    const struct coll_removal *removal = call->state;

    return (struct heard_removal){.heard = {.a = call->arena,
                                            .events = call->api->events,
                                            .kind = EVENT_COLLECTION_DELETE,
                                            .event = {.schema = removal->scope.schema,
                                                      .actor = &call->caller.actor,
                                                      .old = removal->col},
                                            .save = save},
                                  .removal = removal,
                                  .call = call};
}

static struct err *remove_heard(struct api_call *call)
{
    struct heard_removal it = heard_removal(call);

    it.heard.user = &it;
    call->out = ARENA_NEW(call->arena, struct rec_written);
    return coll_raise(&it.heard, EVENT_REQUEST, carry_out);
}

static bool is_heard(const struct api_call *call)
{
    const struct coll_removal *removal = call->state;
    const struct event_tags tags = {removal->col->name, removal->col->id};

    return events_hear(call->api->events, EVENT_COLLECTION_DELETE, EVENT_ANY_STAGE, &tags);
}

static bool is_unheard(const struct api_call *call)
{
    return !is_heard(call);
}

/* --- truncate ------------------------------------------------------------------------------- */

static struct err *read_some_ids(struct arena *a, struct db_conn *tx, const struct schema_col *col,
                                 size_t n_kept, struct str_list *ret)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    AUTO_BUF struct buf sql;
    struct err *err;
    bool row;

    buf_init(&sql, SQL_MAX);
    BUF_ADD(&sql, "SELECT id FROM ");
    db_conn_dialect(tx)->ident(&sql, col->name);
    buf_addf(&sql, " LIMIT %zu OFFSET %zu", BATCH, n_kept); /* they come first again */
    *ret = (struct str_list){ARENA_ARRAY(a, struct str, BATCH), 0};
    err = db_prepare(a, tx, buf_str(&sql), &stmt);
    while (!err && ret->n < BATCH) {
        err = db_step(a, stmt, &row);
        if (err || !row)
            break;
        ret->items[ret->n++] = arena_dup(a, db_column_text(stmt, 0));
    }
    return err;
}

/* A record may be gone already, with one before it, or be kept by a listener. */
static struct err *remove_records(struct arena *a, struct db_conn *tx,
                                  const struct coll_removal *removal, struct file_removal *files,
                                  const struct str_list *ids, size_t *n_kept)
{
    struct err *err = NULL;
    size_t n_found = 0;

    for (size_t i = 0; i < ids->n && !err; i++) {
        struct rec *rec;

        err = rec_find_row(a, tx, removal->col, ids->items[i], &rec);
        if (err || !rec)
            continue;
        n_found++;
        err = rec_remove(a, tx, &removal->scope, files, rec);
        if (!err && removal->scope.events)
            err = rec_find_row(a, tx, removal->col, ids->items[i], &rec);
        *n_kept += !err && removal->scope.events && rec;
    }
    /* Ids that are no texts would come again and again. */
    if (!err && ids->n > 0 && n_found == 0)
        return err_new(a, E_NOT_FOUND, NULL, "no record has the ids that were read");
    return err;
}

static struct err *truncate_unit(struct db_conn *tx, const void *in, struct arena *a,
                                 void **ret_out)
{
    static const char failed[] = "Failed to truncate collection (most likely due to required "
                                 "cascade delete record references).";
    const struct coll_removal *removal = in;
    struct file_removal *files = rec_files_to_go(a, tx, removal->scope.files, NULL);
    struct arena *scratch = arena_child(a);
    struct str_list ids = {.n = 1};
    struct err *err = check_condition(a, removal);
    size_t n_kept = 0;

    while (!err && ids.n > 0) { /* each batch removes or keeps one at least, or it is an error */
        arena_reset(scratch);
        err = read_some_ids(scratch, tx, removal->col, n_kept, &ids);
        if (!err)
            err = remove_records(scratch, tx, removal, files, &ids, &n_kept);
    }
    if (err && (err->kind == E_BAD_REQUEST || err->kind == E_NOT_FOUND)) /* not found: unreadable */
        return err_new(a, E_BAD_REQUEST, failed, "%.*s", STR_ARG(err->cause));
    *ret_out = ARENA_NEW(a, struct rec_written);
    return err_copy(a, err);
}

/* --- endpoints ------------------------------------------------------------------------------ */

const struct coll_removal *coll_read_removal(struct api_call *call, const struct schema_col *col)
{
    struct coll_removal *removal = ARENA_NEW(call->arena, struct coll_removal);

    *removal = (struct coll_removal){call->caller.actor.scope, col, api_condition(call)};
    return removal;
}

static struct err *prepare_removal(struct api_call *call)
{
    const struct coll_removal *removal;
    const struct schema_col *col;
    struct err *err = api_collection(call, NULL, &col);

    if (err)
        return err;
    removal = coll_read_removal(call, col);
    call->state = (void *)(uintptr_t)removal;     /* units only read it */
    return check_condition(call->arena, removal); /* no listener hears of one that is refused */
}

static struct err *prepare_truncate(struct api_call *call)
{
    const struct schema_col *col = schema_find(call->schema, call->req->params[0]);

    if (col && col->type == SCHEMA_VIEW)
        return err_new(call->arena, E_BAD_REQUEST,
                       "View collections cannot be truncated since they don't store their own "
                       "records.",
                       "a view");
    return prepare_removal(call);
}

const struct api_work api_collections_delete =
    COLL_HEARD_WORK(prepare_removal, is_heard, is_unheard, remove_heard, delete_unit);
const struct api_work api_collections_truncate = COLL_WORK(prepare_truncate, truncate_unit, false);
