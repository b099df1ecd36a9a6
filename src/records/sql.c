/*
 * SQL of our own: by id, insert, update, delete. Everything that differs between engines comes from
 * the dialect.
 */
#include "records/sql.h"

#include "base/limits.h"
#include "db/dialect.h"

void rec_sql_init(struct rec_sql *q, struct arena *a, const struct db_conn *conn)
{
    *q = (struct rec_sql){.a = a, .dialect = db_conn_dialect(conn)};
    buf_init(&q->text, 1 * MIB);
    (void)buf_reserve(&q->text, 1000); /* most texts fit in it */
}

void rec_sql_done(struct rec_sql *q)
{
    buf_done(&q->text);
}

void rec_sql_ident(struct rec_sql *q, struct str name)
{
    q->dialect->ident(&q->text, name);
}

void rec_sql_column(struct rec_sql *q, struct str table, struct str name)
{
    rec_sql_ident(q, table);
    REC_SQL(q, ".");
    rec_sql_ident(q, name);
}

void rec_sql_param(struct rec_sql *q, struct db_value value)
{
    *VEC_PUSH(q->a, &q->values) = value;
    q->dialect->param(&q->text, (unsigned)q->values.n);
}

void rec_sql_equal_nocase(struct rec_sql *q, struct str name, struct db_value value)
{
    AUTO_BUF struct buf column;
    AUTO_BUF struct buf param;

    buf_init(&column, 1 * KIB);
    buf_init(&param, 1 * KIB);
    *VEC_PUSH(q->a, &q->values) = value;
    q->dialect->ident(&column, name);
    q->dialect->param(&param, (unsigned)q->values.n);
    q->dialect->equal_nocase(&q->text, buf_str(&column), buf_str(&param));
}

static struct str texts_as_json(struct arena *a, const struct str *ids, size_t n)
{
    AUTO_BUF struct buf out;

    buf_init(&out, LIMIT_RESPONSE_BYTES);
    BUF_ADD(&out, "[");
    for (size_t i = 0; i < n; i++) {
        if (i)
            BUF_ADD(&out, ",");
        json_write_text(&out, ids[i]);
    }
    BUF_ADD(&out, "]");
    return arena_dup(a, buf_str(&out));
}

void rec_sql_among(struct rec_sql *q, const struct str *ids, size_t n)
{
    if (n == 1) {
        REC_SQL(q, " = ");
        rec_sql_param(q, DB_V_TEXT(ids[0]));
        return;
    }
    *VEC_PUSH(q->a, &q->values) = DB_V_TEXT(texts_as_json(q->a, ids, n));
    REC_SQL(q, " IN (SELECT ");
    rec_sql_column(q, STR("among"), STR("value"));
    REC_SQL(q, " FROM ");
    q->dialect->json_each_param(&q->text, (unsigned)q->values.n, STR("among"));
    REC_SQL(q, ")");
}

void rec_sql_select(struct rec_sql *q, const struct schema_col *col)
{
    REC_SQL(q, "SELECT ");
    for (size_t i = 0; i < col->n_fields; i++) {
        if (i)
            REC_SQL(q, ", ");
        if (col->fields[i].absent)
            REC_SQL(q, "NULL");
        else
            rec_sql_ident(q, col->fields[i].name);
    }
    REC_SQL(q, " FROM ");
    rec_sql_ident(q, col->name);
    REC_SQL(q, " WHERE ");
}

struct err *rec_sql_prepare(struct rec_sql *q, struct db_conn *conn, struct db_stmt **ret)
{
    struct err *err = db_prepare(q->a, conn, buf_str(&q->text), ret);

    for (unsigned i = 0; !err && i < q->values.n; i++)
        db_bind(*ret, i + 1, q->values.items[i]);
    return err;
}

struct err *rec_sql_exec(struct rec_sql *q, struct db_conn *conn, int64_t *ret_changes)
{
    return db_exec(q->a, conn, buf_str(&q->text), q->values.items, (unsigned)q->values.n,
                   ret_changes);
}

struct err *rec_sql_exists(struct rec_sql *q, struct db_conn *conn, bool *ret)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct err *err;

    err = rec_sql_prepare(q, conn, &stmt);
    if (err)
        return err;
    return db_step(q->a, stmt, ret);
}
