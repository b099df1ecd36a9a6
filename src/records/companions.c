/*
 * Rows of the system collections that belong to auth records (data-dir.md 9.2, records.md 13.4).
 * Nothing refers to them, so that a statement is all that their end takes.
 */
#include "records/companions.h"

#include "records/feed.h"
#include "records/rows.h"
#include "records/sql.h"

/* They name one of these records of col. */
static void refs_where(struct rec_sql *q, const struct schema_col *col, struct str_list ids)
{
    rec_sql_ident(q, REC_COLLECTION_REF);
    REC_SQL(q, " = ");
    rec_sql_param(q, DB_V_TEXT(col->id));
    REC_SQL(q, " AND ");
    rec_sql_ident(q, REC_RECORD_REF);
    rec_sql_among(q, ids.items, ids.n);
}

/* For who follows, while the rows are there. */
static struct err *note_deletes(struct arena *a, struct db_conn *tx, const struct rec_scope *scope,
                                const struct schema_col *from, const struct schema_col *col,
                                struct str_list ids)
{
    AUTO_SQL struct rec_sql q;

    rec_sql_init(&q, a, tx);
    if (!rec_feed_wants(scope, from))
        return NULL;
    rec_sql_select(&q, from);
    refs_where(&q, col, ids);
    return rec_note_deletes(&q, tx, scope, from);
}

struct err *rec_forget_in(struct arena *a, struct db_conn *tx, const struct rec_scope *scope,
                          const struct schema_col *from, const struct schema_col *col,
                          struct str_list ids)
{
    AUTO_SQL struct rec_sql q;
    struct err *err;

    rec_sql_init(&q, a, tx);
    if (!from)
        return NULL;
    err = note_deletes(a, tx, scope, from, col, ids);
    if (err)
        return err;
    REC_SQL(&q, "DELETE FROM ");
    rec_sql_ident(&q, from->name);
    REC_SQL(&q, " WHERE ");
    refs_where(&q, col, ids);
    return rec_sql_exec(&q, tx, NULL);
}

struct err *rec_forget_all(struct arena *a, struct db_conn *tx, const struct rec_scope *scope,
                           const struct schema_col *col, struct str_list ids)
{
    const struct schema *schema = scope->schema;
    const struct schema_col *const from[] = {schema->mfas, schema->otps, schema->external_auths,
                                             schema->auth_origins};
    struct err *err = NULL;

    for (size_t i = 0; i < COUNT_OF(from) && !err; i++)
        err = rec_forget_in(a, tx, scope, from[i], col, ids);
    return err;
}

struct err *rec_is_in(struct arena *a, struct db_conn *tx, const struct schema_col *from,
                      const struct schema_col *col, struct str id, bool *ret)
{
    AUTO_SQL struct rec_sql q;

    *ret = false;
    rec_sql_init(&q, a, tx);
    if (!from)
        return NULL;
    REC_SQL(&q, "SELECT 1 FROM ");
    rec_sql_ident(&q, from->name);
    REC_SQL(&q, " WHERE ");
    refs_where(&q, col, (struct str_list){&id, 1});
    REC_SQL(&q, " LIMIT 1");
    return rec_sql_exists(&q, tx, ret);
}
