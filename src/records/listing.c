/*
 * Rows of a query into an answer: straight from the statement where nothing has to be known of them
 * before, else read first.
 */
#include "records/listing.h"

#include "records/expand.h"
#include "records/found.h"
#include "records/values.h"

static struct rec_mark mark_of(struct arena *a, const struct schema_col *col,
                               const struct db_value *cells, unsigned n_cells)
{
    const struct rec rec = {.col = col, .cells = cells};
    struct rec_mark mark = {.n_keys = n_cells - (unsigned)col->n_fields};
    struct db_value *keys = ARENA_ARRAY(a, struct db_value, mark.n_keys);

    for (unsigned i = 0; i < mark.n_keys; i++) {
        keys[i] = cells[col->n_fields + i];
        if (keys[i].type == DB_TEXT || keys[i].type == DB_BLOB)
            keys[i].s = arena_dup(a, keys[i].s);
    }
    mark.keys = keys;
    mark.id = arena_dup(a, rec_id(&rec));
    return mark;
}

static struct err *put_row(struct rec_writer *w, const struct rec_level *level,
                           const struct rec_listing *listing, size_t at,
                           const struct db_value *cells)
{
    if (listing->put)
        return listing->put(w, level, cells, listing->user);
    if (at > 0)
        BUF_ADD(w->out, ",");
    return rec_write_row(w, level, cells);
}

/* --- as they come ---------------------------------------------------------------------------- */

static bool is_full(const struct rec_listing *listing, const struct rec_writer *w)
{
    return (int64_t)listing->n == listing->limit ||
           (listing->bytes > 0 && w->out->n >= listing->bytes);
}

static struct err *write_next(struct arena *a, struct rec_writer *w, const struct rec_level *level,
                              struct rec_listing *listing, const struct db_value *cells,
                              unsigned n_cells)
{
    const struct rec rec = {.col = listing->spec.col, .cells = cells};
    struct err *err = rec_check_readable(w->scratch, &rec);

    if (!err)
        err = put_row(w, level, listing, listing->n, cells);
    listing->n++;
    if (err || !listing->spec.seek)
        return err;
    if (listing->n == 1)
        listing->first = mark_of(a, rec.col, cells, n_cells);
    if (is_full(listing, w))
        listing->last = mark_of(a, rec.col, cells, n_cells);
    return NULL;
}

static struct err *stream_rows(struct arena *a, struct rec_writer *w, const struct rec_level *level,
                               struct rec_listing *listing)
{
    AUTO_FOUND struct rec_found found;
    const struct db_stmt *stmt;
    struct db_value *cells = NULL;
    struct err *err = rec_found_open(a, w->conn, &listing->spec, &found);
    unsigned n_cells = 0;

    while (!err) {
        err = rec_found_next(a, &found, &stmt);
        if (err || !stmt)
            break;
        listing->more = listing->last.keys != NULL;
        if (listing->more)
            break;
        if (!cells) {
            n_cells = db_columns(stmt);
            cells = ARENA_ARRAY(a, struct db_value, n_cells);
        }
        rec_borrow_row(stmt, n_cells, cells);
        err = write_next(a, w, level, listing, cells, n_cells);
    }
    return err;
}

/* --- read first ------------------------------------------------------------------------------ */

bool rec_key_eq(struct db_value x, struct db_value y)
{
    if (x.type == DB_INT && y.type == DB_REAL)
        return (double)x.i == y.d;
    if (x.type == DB_REAL && y.type == DB_INT)
        return x.d == (double)y.i;
    return db_value_eq(x, y);
}

static void reverse(struct rec_rows *rows)
{
    for (size_t i = 0; i < rows->n / 2; i++) {
        struct rec other = rows->items[i];

        rows->items[i] = rows->items[rows->n - 1 - i];
        rows->items[rows->n - 1 - i] = other;
    }
}

static bool has_keys(const struct rec *rec, const struct rec_mark *mark)
{
    for (unsigned i = 0; i < mark->n_keys; i++)
        if (!rec_key_eq(rec->cells[rec->col->n_fields + i], mark->keys[i]))
            return false;
    return true;
}

/* Cuts off the one that was read to see whether there are more. */
static void mark_rows(struct arena *a, struct rec_listing *listing, struct rec_rows *rows,
                      const struct rec_reading *reading)
{
    const struct schema_col *col = listing->spec.col;
    const unsigned n_cells = reading->n_cells;

    listing->more = reading->cut || (int64_t)rows->n > listing->limit;
    if ((int64_t)rows->n > listing->limit)
        rows->n--;
    if (listing->spec.seek->backward)
        reverse(rows);
    if (rows->n == 0)
        return;
    listing->first = mark_of(a, col, rows->items[0].cells, n_cells);
    listing->last = mark_of(a, col, rows->items[rows->n - 1].cells, n_cells);
    while (listing->n_ties < rows->n &&
           has_keys(&rows->items[rows->n - 1 - listing->n_ties], &listing->last))
        listing->n_ties++;
    while (listing->n_first_ties < rows->n &&
           has_keys(&rows->items[listing->n_first_ties], &listing->first))
        listing->n_first_ties++;
}

static struct err *write_rows(struct arena *a, struct rec_writer *w, struct rec_listing *listing)
{
    struct rec_rows rows = {0};
    struct rec_level level;
    struct rec_reading reading = {.bytes = listing->bytes};
    struct err *err = rec_read_all(a, w->conn, &listing->spec, &rows, &reading);

    if (!err && listing->spec.seek)
        mark_rows(a, listing, &rows, &reading);
    if (!err)
        err = rec_level_init(a, w->conn, listing->actor, listing->spec.col, &rows, listing->shape,
                             &level);
    listing->n = rows.n; /* also where it comes to no row */
    for (size_t i = 0; i < rows.n && !err; i++)
        err = put_row(w, &level, listing, i, rows.items[i].cells);
    return err;
}

/* --- all ------------------------------------------------------------------------------------- */

/* A view's rows are compared with each other, as their ids may repeat. */
static bool must_be_read_first(const struct rec_listing *listing)
{
    const struct query_spec *spec = &listing->spec;

    return rec_level_needs_rows(listing->actor, spec->col, listing->shape->expand) ||
           (spec->seek && spec->col->type == SCHEMA_VIEW);
}

struct err *rec_listing_run(struct arena *a, struct rec_writer *w, struct rec_listing *listing)
{
    struct query_spec *spec = &listing->spec;
    struct rec_rows none = {0};
    struct rec_level level;
    struct err *err;

    spec->limit = listing->limit + (spec->seek ? 1 : 0);
    if (must_be_read_first(listing))
        return write_rows(a, w, listing);
    err = rec_level_init(a, w->conn, listing->actor, spec->col, &none, listing->shape, &level);
    return err ? err : stream_rows(a, w, &level, listing);
}
