/*
 * Rows of the system collections that belong to auth records (data-dir.md 9.2, records.md 13.4).
 * Nothing refers to them, so that a statement is all that their end takes.
 */
#include "records/companions.h"

#include "records/sql.h"

/* " FROM <from> WHERE <they name one of these records of col>" */
static void refs_where(struct rec_sql *q, const struct schema_col *from,
                       const struct schema_col *col, struct str_list ids)
{
    REC_SQL(q, " FROM ");
    rec_sql_ident(q, from->name);
    REC_SQL(q, " WHERE ");
    rec_sql_ident(q, REC_COLLECTION_REF);
    REC_SQL(q, " = ");
    rec_sql_param(q, DB_V_TEXT(col->id));
    REC_SQL(q, " AND ");
    rec_sql_ident(q, REC_RECORD_REF);
    rec_sql_among(q, ids.items, ids.n);
}

struct err *rec_forget_in(struct arena *a, struct db_conn *tx, const struct schema_col *from,
                          const struct schema_col *col, struct str_list ids)
{
    AUTO_SQL struct rec_sql q;

    rec_sql_init(&q, a, tx);
    if (!from)
        return NULL;
    REC_SQL(&q, "DELETE");
    refs_where(&q, from, col, ids);
    return rec_sql_exec(&q, tx, NULL);
}

struct err *rec_forget_all(struct arena *a, struct db_conn *tx, const struct schema *schema,
                           const struct schema_col *col, struct str_list ids)
{
    const struct schema_col *const from[] = {schema->mfas, schema->otps, schema->external_auths,
                                             schema->auth_origins};
    struct err *err = NULL;

    for (size_t i = 0; i < COUNT_OF(from) && !err; i++)
        err = rec_forget_in(a, tx, from[i], col, ids);
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
    REC_SQL(&q, "SELECT 1");
    refs_where(&q, from, col, (struct str_list){&id, 1});
    REC_SQL(&q, " LIMIT 1");
    return rec_sql_exists(&q, tx, ret);
}
