/*
 * How much a statement reads, or would with an index: estimates for people.
 *
 * The engine's own statistics are no help: they are of columns that have an index. So rows are
 * looked at. A small table is read whole; of a larger one the places that its row ids may have are
 * visited all over it, and what is at them says how full it is and how often two rows are alike.
 */
#include "db/db.h"

#include "base/limits.h"
#include "db/dialect.h"
#include "db/internal.h"

#define SQL_BYTES (64 * KIB)
#define MOST_PLACES (INT64_C(1) << 62)
#define SCATTER "2654435761" /* a prime: no place comes twice before all have come */

/* --- rows ------------------------------------------------------------------------------------- */

/* What was looked at. */
struct sample {
    int64_t n;     /* rows */
    int64_t pairs; /* of rows that are alike, each both ways round */
};

/* Of the rows that `from` gives, as t. */
static struct err *take_sample(struct arena *a, struct db_conn *conn, struct str from,
                               const struct str *columns, size_t n, const struct db_value *values,
                               unsigned n_values, struct sample *ret)
{
    const struct db_dialect *dialect = db_conn_dialect(conn);
    AUTO_BUF struct buf sql;
    struct db_row *row;
    struct err *err;

    buf_init(&sql, SQL_BYTES);
    BUF_ADD(&sql, "SELECT COALESCE(SUM(alike.n), 0), COALESCE(SUM(alike.n * (alike.n - 1)), 0) "
                  "FROM (SELECT COUNT(*) AS n FROM ");
    buf_add(&sql, from);
    for (size_t i = 0; i < n; i++) { /* what is longer is alike when it begins alike */
        buf_add(&sql, i == 0 ? STR(" GROUP BY SUBSTR(CAST(t.") : STR(", SUBSTR(CAST(t."));
        dialect->ident(&sql, columns[i]);
        BUF_ADD(&sql, " AS TEXT), 1, 64)");
    }
    BUF_ADD(&sql, ") alike");
    err = db_query_row(a, conn, buf_str(&sql), values, n_values, &row);
    if (!err)
        *ret = (struct sample){row->cells[0].i, row->cells[1].i};
    return err;
}

/* The table's first rows. */
static struct str first_rows(struct arena *a, const struct db_dialect *dialect, struct str table)
{
    AUTO_BUF struct buf from;

    buf_init(&from, SQL_BYTES);
    BUF_ADD(&from, "(SELECT * FROM ");
    dialect->ident(&from, table);
    BUF_ADD(&from, " LIMIT ?1) t");
    return arena_dup(a, buf_str(&from));
}

/* Those at the places: parameter 1 is the first place, 2 how many there are, 3 how many to visit.
 */
static struct str scattered_rows(struct arena *a, const struct db_dialect *dialect,
                                 struct str table)
{
    AUTO_BUF struct buf from;

    buf_init(&from, SQL_BYTES);
    BUF_ADD(&from, "(WITH RECURSIVE place(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM place "
                   "WHERE i + 1 < ?3) SELECT i FROM place) place CROSS JOIN ");
    dialect->ident(&from, table);
    BUF_ADD(&from, " t ON ");
    dialect->row_id(&from, STR("t"));
    BUF_ADD(&from, " = ?1 + place.i * " SCATTER " % ?2");
    return arena_dup(a, buf_str(&from));
}

/* Row ids: the first, and how many there may be from it to the last. */
struct places {
    int64_t first, n;
};

/* Two questions, as the engine answers each from an end. */
static struct err *find_places(struct arena *a, struct db_conn *conn, struct str table,
                               struct places *ret)
{
    const struct db_dialect *dialect = db_conn_dialect(conn);
    AUTO_BUF struct buf sql;
    struct db_row *row;
    struct err *err;
    uint64_t n;

    buf_init(&sql, SQL_BYTES);
    for (int i = 0; i < 2; i++) {
        buf_add(&sql, i == 0 ? STR("SELECT (SELECT MIN(") : STR("), (SELECT MAX("));
        dialect->row_id(&sql, STR("t"));
        BUF_ADD(&sql, ") FROM ");
        dialect->ident(&sql, table);
        BUF_ADD(&sql, " t");
    }
    BUF_ADD(&sql, ")");
    err = db_query_row(a, conn, buf_str(&sql), NULL, 0, &row);
    if (err)
        return err;
    n = (uint64_t)row->cells[1].i - (uint64_t)row->cells[0].i;
    *ret = (struct places){row->cells[0].i, n < MOST_PLACES ? (int64_t)n + 1 : MOST_PLACES};
    return NULL;
}

static struct err *sample_all_over(struct arena *a, struct db_conn *conn, struct str table,
                                   const struct str *columns, size_t n, struct sample *ret,
                                   double *ret_rows)
{
    struct places places;
    struct db_value values[3];
    struct err *err = find_places(a, conn, table, &places);

    if (err)
        return err;
    values[0] = DB_V_INT(places.first);
    values[1] = DB_V_INT(places.n);
    values[2] = DB_V_INT(LIMIT_ESTIMATE_ROWS);
    err = take_sample(a, conn, scattered_rows(a, db_conn_dialect(conn), table), columns, n, values,
                      3, ret);
    if (!err)
        *ret_rows = (double)ret->n / LIMIT_ESTIMATE_ROWS * (double)places.n;
    return err;
}

struct err *db_estimate(struct arena *a, struct db_conn *conn, struct str table,
                        const struct str *columns, size_t n, struct db_estimate *ret)
{
    const struct db_value most = DB_V_INT(LIMIT_ESTIMATE_ROWS);
    struct sample sample;
    double rows, alike;
    struct err *err = take_sample(a, conn, first_rows(a, db_conn_dialect(conn), table), columns, n,
                                  &most, 1, &sample);

    rows = err ? 0 : (double)sample.n;
    if (!err && sample.n == LIMIT_ESTIMATE_ROWS)
        err = sample_all_over(a, conn, table, columns, n, &sample, &rows);
    if (err)
        return err;
    if (rows < 1) {
        *ret = (struct db_estimate){0};
        return NULL;
    }
    alike = sample.n > 1 ? (double)sample.pairs / ((double)sample.n * (double)(sample.n - 1)) : 0;
    ret->rows = (int64_t)(rows + 0.5);
    ret->same = (int64_t)(1.5 + alike * (rows - 1)); /* itself, and others */
    return NULL;
}

/* --- plans ------------------------------------------------------------------------------------ */

/* In SQLite's words; a list that comes with the question or in a field is scanned, too. */
bool db_plan_is_costly(const struct db_plan *plan)
{
    for (size_t i = 0; i < plan->n; i++) {
        const struct str line = plan->items[i].text;

        if ((str_starts(line, STR("SCAN ")) && !str_has(line, STR("VIRTUAL TABLE")) &&
             !str_has(line, STR("CONSTANT ROW"))) ||
            str_has(line, STR("AUTOMATIC")) || str_starts(line, STR("USE TEMP B-TREE FOR ORDER")))
            return true;
    }
    return false;
}
