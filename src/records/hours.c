/*
 * How many rows there are of each hour (services.md 5.1).
 */
#include "records/sql.h"

#include "base/limits.h"
#include "records/rows.h"

#define HOUR STR("'%Y-%m-%d %H:00:00'")

/* An hour as the engine tells it, with the rest of a stored date. */
static void write_hour(struct buf *out, struct str hour, int64_t total)
{
    BUF_ADD(out, "{\"date\":\"");
    buf_add(out, hour);
    BUF_ADD(out, ".000Z\",\"total\":");
    buf_add_i64(out, total);
    BUF_ADD(out, "}");
}

static struct err *prepare(struct arena *a, struct db_conn *conn, const struct query_spec *spec,
                           struct str field, struct db_stmt **ret)
{
    AUTO_SQL struct rec_sql column;
    AUTO_SQL struct rec_sql q;
    struct query_sql rows;
    struct str of_hour[2];
    struct err *err;

    rec_sql_init(&column, a, conn);
    rec_sql_init(&q, a, conn);
    err = query_compile(a, spec, &rows);
    if (err)
        return err;
    rec_sql_ident(&column, field);
    of_hour[0] = HOUR;
    of_hour[1] = buf_str(&column.text);
    REC_SQL(&q, "SELECT ");
    q.dialect->strftime(&q.text, of_hour, COUNT_OF(of_hour));
    REC_SQL(&q, ", COUNT(*) FROM (");
    buf_add(&q.text, rows.text);
    REC_SQL(&q, ") AS found GROUP BY 1 ORDER BY 1");
    return db_prepare_bound(a, conn, buf_str(&q.text), rows.values, rows.n, ret);
}

struct err *rec_hours(struct arena *a, struct db_conn *conn, const struct rec_actor *actor,
                      const struct schema_col *col, struct str field, struct str filter,
                      struct buf *out)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct query_spec spec = rec_spec(conn, actor, col);
    struct err *err;
    bool row;

    spec.filter = filter;
    err = prepare(a, conn, &spec, field, &stmt);
    BUF_ADD(out, "[");
    for (bool is_first = true; !err; is_first = false) {
        err = db_step(a, stmt, &row);
        if (err || !row)
            break;
        if (!is_first)
            BUF_ADD(out, ",");
        write_hour(out, db_column_text(stmt, 0), db_column_int(stmt, 1));
    }
    BUF_ADD(out, "]");
    return err;
}
