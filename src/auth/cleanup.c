/*
 * Rows whose time is over: one-time passwords and sessions of second factors (auth.md 5.6, 6). They
 * go like any other record, so whoever follows them is told.
 *
 * As PocketBase does it: the time of a row is compared as text, and what belongs to no auth
 * collection stays. It is asked of all auth collections, be the method switched off by now.
 */
#include "auth/auth.h"

#include "base/date.h"
#include "db/dialect.h"

#define OTPS_SQL                                                                              \
    "SELECT [id] FROM [_otps] WHERE [collectionRef] = {1} AND [created] < {2} ORDER BY [id] " \
    "LIMIT {3}"
#define MFAS_SQL                                                                              \
    "SELECT [id] FROM [_mfas] WHERE [collectionRef] = {1} AND [created] < {2} ORDER BY [id] " \
    "LIMIT {3}"

struct cleanup {
    struct arena *a;
    struct db_conn *tx;
    const struct rec_scope *scope;
    enum auth_expiring what;
    struct auth_expired *found;
};

typedef VEC(struct str) id_list;

static const struct schema_col *rows_of(const struct cleanup *c)
{
    return c->what == AUTH_OTPS ? c->scope->schema->otps : c->scope->schema->mfas;
}

/* What was made before that is good no more. */
static int64_t oldest_ms(const struct cleanup *c, const struct schema_col *col)
{
    const int64_t duration_s =
        c->what == AUTH_OTPS ? col->auth->otp_duration_s : col->auth->mfa_duration_s;
    int64_t ms;

    if (__builtin_mul_overflow(duration_s, 1000, &ms) ||
        __builtin_sub_overflow(c->scope->now_ms, ms, &ms))
        return duration_s > 0 ? DATE_MIN_MS : DATE_MAX_MS;
    return ms;
}

static struct err *list_expired(const struct cleanup *c, const struct schema_col *col, id_list *ret)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    char oldest[DATE_TEXT_LEN + 1];
    const struct db_value values[] = {DB_V_TEXT(col->id),
                                      DB_V_TEXT(((struct str){oldest, DATE_TEXT_LEN})),
                                      DB_V_INT((int64_t)(AUTH_EXPIRED_MOST - c->found->n))};
    struct err *err;
    bool row = true;

    date_format(oldest, oldest_ms(c, col));
    err = db_prepare_bound(c->a, c->tx,
                           db_sql(c->a, c->tx, c->what == AUTH_OTPS ? OTPS_SQL : MFAS_SQL), values,
                           COUNT_OF(values), &stmt);
    while (!err && !(err = db_step(c->a, stmt, &row)) && row)
        *VEC_PUSH(c->a, ret) = arena_dup(c->a, db_column_text(stmt, 0));
    return err;
}

static struct err *remove_row(const struct cleanup *c, const struct rec *row)
{
    struct err *err = db_savepoint(c->a, c->tx);

    if (err)
        return err;
    err =
        rec_remove(c->a, c->tx, c->scope, rec_files_to_go(c->a, c->tx, c->scope->files, NULL), row);
    if (!err)
        return db_savepoint_release(c->a, c->tx);
    db_savepoint_rollback(c->tx);
    return err;
}

/* One that cannot go, as what needs it says, keeps no other. */
static struct err *remove_id(const struct cleanup *c, struct str id)
{
    struct rec *row = NULL;
    struct err *err = rec_find_row(c->a, c->tx, rows_of(c), id, &row);

    if (err || !row)
        return err;
    err = remove_row(c, row);
    if (!err)
        c->found->n++;
    if (!err || err->kind != E_BAD_REQUEST)
        return err;
    c->found->refused = err->cause;
    return NULL;
}

static struct err *clean_collection(const struct cleanup *c, const struct schema_col *col)
{
    id_list ids = {0};
    struct err *err = list_expired(c, col, &ids);

    for (size_t i = 0; i < ids.n && !err; i++)
        err = remove_id(c, ids.items[i]);
    return err;
}

struct err *auth_remove_expired(struct arena *a, struct db_conn *tx, const struct rec_scope *scope,
                                enum auth_expiring what, struct auth_expired *ret)
{
    const struct cleanup c = {.a = a, .tx = tx, .scope = scope, .what = what, .found = ret};
    struct err *err = NULL;

    *ret = (struct auth_expired){0};
    if (!rows_of(&c))
        return NULL;
    for (size_t i = 0; i < scope->schema->n_cols && !err && ret->n < AUTH_EXPIRED_MOST; i++)
        if (scope->schema->cols[i]->type == SCHEMA_AUTH)
            err = clean_collection(&c, scope->schema->cols[i]);
    return err;
}
