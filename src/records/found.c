/*
 * Rows of a query, and the pages whose rows the process remembers.
 */
#include "records/found.h"

#include <pthread.h>

static struct {
    pthread_mutex_t lock;
    struct rec_memory
        memory; /* under lock: bytes are the ids of a page's rows, as add_id() has them */
} pages = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* --- ids -------------------------------------------------------------------------------------- */

static void add_id(struct buf *ids, struct str id)
{
    buf_add_bytes(ids, &id.n, sizeof(id.n));
    buf_add(ids, id);
}

static struct str next_id(struct str *ids)
{
    struct str id;

    memcpy(&id.n, ids->p, sizeof(id.n));
    id = str_sub(*ids, sizeof(id.n), id.n);
    *ids = str_from(*ids, sizeof(id.n) + id.n);
    return id;
}

/* --- remembered pages ------------------------------------------------------------------------- */

/* A page of a table, in whose choice or order more is looked at than its rows. */
static bool may_be_slow(const struct query_spec *spec)
{
    return spec->want == QUERY_ROWS && spec->limit > 0 && spec->col->type != SCHEMA_VIEW &&
           !spec->seek && !spec->id.p && !spec->ids &&
           (spec->rule.n > 0 || spec->filter.n > 0 || spec->sort.n > 0);
}

static bool recall(struct arena *a, const struct rec_wanted *wanted, struct str *ret)
{
    struct rec_memo *memo;
    bool is_there;

    (void)pthread_mutex_lock(&pages.lock);
    memo = rec_memory_find(&pages.memory, wanted);
    is_there = memo && rec_memory_use(&pages.memory, wanted, memo);
    if (is_there)
        *ret = arena_dup(a, buf_str(&memo->bytes));
    (void)pthread_mutex_unlock(&pages.lock);
    return is_there;
}

static void begin_recalled(struct arena *a, struct rec_found *found)
{
    found->is_recalled = true;
    rec_sql_init(&found->by_id, a, found->conn);
    rec_sql_select(&found->by_id, found->col);
    rec_sql_ident(&found->by_id, found->col->id_field->name);
    REC_SQL(&found->by_id, " = ");
    rec_sql_param(&found->by_id, DB_V_NULL);
}

static struct err *next_recalled(struct arena *a, struct rec_found *found, bool *ret_row)
{
    struct err *err;

    *ret_row = false;
    db_release(TAKE(found->stmt));
    if (found->ids.n == 0)
        return NULL;
    found->by_id.values.items[0] = DB_V_TEXT(next_id(&found->ids));
    err = rec_sql_prepare(&found->by_id, found->conn, &found->stmt);
    if (!err)
        err = db_step(a, found->stmt, ret_row);
    if (!err && !*ret_row)
        err = err_new(a, E_INTERNAL, NULL, "a row of %.*s is not found by its id",
                      STR_ARG(found->col->name));
    return err;
}

/* --- pages that are being found --------------------------------------------------------------- */

static void note(struct rec_found *found)
{
    struct db_value id;

    found->n++;
    if (!found->is_wanted)
        return;
    id = db_column(found->stmt, (unsigned)found->col->id_field->at);
    if (id.type == DB_TEXT)
        add_id(&found->found, id.s);
    else
        found->is_wanted = false;
}

/* At the end of the page: where that took long. */
static void keep(struct rec_found *found)
{
    const uint64_t rows = (uint64_t)found->n;
    struct rec_memo memo = {.n = found->n};

    if (db_steps(found->stmt) < LIMIT_FOUND_STEPS + rows * LIMIT_FOUND_STEPS_A_ROW ||
        found->found.full || !db_seen_statement(found->stmt, &memo.seen))
        return;
    memo.bytes = found->found;
    (void)pthread_mutex_lock(&pages.lock);
    rec_memory_keep(&pages.memory, &found->wanted, &memo);
    (void)pthread_mutex_unlock(&pages.lock);
    found->found = memo.bytes;
}

static struct err *next_found(struct arena *a, struct rec_found *found, bool *ret_row)
{
    struct err *err = NULL;

    *ret_row = false;
    if (found->n != found->limit)
        err = db_step(a, found->stmt, ret_row);
    if (err)
        return err;
    if (!*ret_row && found->is_wanted)
        keep(found);
    else if (*ret_row)
        note(found);
    return NULL;
}

/* --- all -------------------------------------------------------------------------------------- */

struct err *rec_found_open(struct arena *a, struct db_conn *conn, const struct query_spec *spec,
                           struct rec_found *ret)
{
    struct query_spec stopping = *spec;
    struct query_sql sql;
    struct err *err;

    *ret = (struct rec_found){.col = spec->col, .conn = conn, .limit = spec->limit};
    stopping.stops = true;
    err = query_compile(a, &stopping, &sql);
    if (err)
        return err;
    buf_init(&ret->found, LIMIT_FOUND_BYTES);
    ret->is_wanted = may_be_slow(spec) && rec_wanted_init(&ret->wanted, conn, spec, &sql);
    if (ret->is_wanted && recall(a, &ret->wanted, &ret->ids)) {
        begin_recalled(a, ret);
        return NULL;
    }
    err = db_prepare_bound(a, conn, sql.text, sql.values, sql.n, &ret->stmt);
    if (!err && ret->is_wanted)
        (void)db_steps(ret->stmt);
    return err;
}

struct err *rec_found_next(struct arena *a, struct rec_found *found, const struct db_stmt **ret)
{
    bool row;
    struct err *err =
        found->is_recalled ? next_recalled(a, found, &row) : next_found(a, found, &row);

    *ret = err || !row ? NULL : found->stmt;
    return err;
}

void rec_found_close(struct rec_found *found)
{
    db_release(found->stmt);
    rec_wanted_done(&found->wanted);
    buf_done(&found->found);
    rec_sql_done(&found->by_id);
}
