/*
 * What a statement about records asks of the database.
 */
#include "records/advice.h"

#include "base/limits.h"
#include "db/dialect.h"
#include "records/sql.h"

/* "`name`" as FROM has it, with its alias: statements of query/ call their base row t0, those of
 * back-relations "back". */
static bool is_from(struct rec_sql *q, struct str sql, struct str name, bool is_back)
{
    buf_reset(&q->text);
    REC_SQL(q, " FROM ");
    rec_sql_ident(q, name);
    if (is_back) {
        REC_SQL(q, " ");
        rec_sql_ident(q, STR("back"));
    } else {
        REC_SQL(q, " t0");
    }
    return str_has(sql, buf_str(&q->text));
}

const struct schema_col *rec_statement_col(struct arena *a, const struct db_conn *conn,
                                           const struct schema *schema, struct str sql)
{
    AUTO_SQL struct rec_sql q;

    rec_sql_init(&q, a, conn);
    for (size_t i = 0; i < schema->n_cols; i++)
        if (is_from(&q, sql, schema->cols[i]->name, false) ||
            is_from(&q, sql, schema->cols[i]->name, true))
            return schema->cols[i];
    return NULL;
}
