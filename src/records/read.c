/*
 * View (records.md 4, 5, 9), and the record that a write answers with.
 */
#include "records/read.h"

#include "base/limits.h"
#include "records/expand.h"
#include "records/listing.h"
#include "records/rules.h"

/* --- view ------------------------------------------------------------------------------------- */

struct err *rec_view(struct arena *a, struct db_conn *conn, const struct rec_actor *actor,
                     const struct schema_col *col, struct str id, struct str expand,
                     const struct query_picker *picker, struct buf *out)
{
    const struct rec_shape shape = {expand, picker};
    struct rec_listing listing = {
        .actor = actor, .shape = &shape, .spec = rec_spec(conn, actor, col), .limit = 1};
    struct rec_writer w;
    struct err *err;

    err = rec_check_rule(a, actor, &col->view_rule);
    if (err)
        return err;
    w = (struct rec_writer){.scratch = arena_child(a), .conn = conn, .out = out};
    if (!actor->superuser)
        listing.spec.rule = col->view_rule.text;
    listing.spec.id = id.p ? id : STR("");
    err = rec_listing_run(a, &w, &listing);
    if (listing.n == 0 || (err && !err->timed_out)) /* else it was an expand that took too long */
        err = rec_rule_failed(a, err, E_NOT_FOUND, false);
    if (!err && listing.n == 0)
        err = err_new(a, E_NOT_FOUND, NULL, "no such record in %.*s", STR_ARG(col->name));
    return err ? err : rec_check_full(a, out);
}

static struct err *write_one(struct arena *a, struct db_conn *conn, const struct rec_actor *actor,
                             const struct rec *rec, const struct rec_shape *shape, unsigned flags,
                             struct buf *out)
{
    struct rec_rows rows = {.n = 1, .cap = 1};
    struct rec_level level;
    struct rec_writer w;
    struct err *err;

    rows.items = ARENA_NEW(a, struct rec);
    rows.items[0] = *rec;
    err = rec_level_init(a, conn, actor, rec->col, &rows, shape, &level);
    if (err)
        return err;
    level.emails_shown = flags & REC_EMAIL_SHOWN;
    w = (struct rec_writer){.scratch = arena_child(a), .conn = conn, .out = out};
    err = rec_write_row(&w, &level, rec->cells);
    if (err)
        return err;
    arena_free(w.scratch); /* a unit may write thousands of records, one by one */
    return rec_check_full(a, out);
}

struct err *rec_write(struct arena *a, struct db_conn *conn, const struct rec_actor *actor,
                      const struct rec *rec, struct str expand, unsigned flags, struct buf *out)
{
    const struct rec_shape shape = {.expand = expand};

    return write_one(a, conn, actor, rec, &shape, flags, out);
}

bool rec_show_asks(const struct rec_actor *actor, const struct schema_col *col, struct str expand)
{
    return rec_level_needs_rows(actor, col, expand);
}

struct err *rec_show(struct arena *a, struct db_conn *conn, const struct rec_actor *actor,
                     const struct rec *rec, struct str expand, const struct query_picker *picker,
                     struct str *ret)
{
    const struct rec_shape shape = {expand, picker};

    return rec_answer(a, conn, actor, rec, &shape, ret);
}

struct err *rec_answer(struct arena *a, struct db_conn *conn, const struct rec_actor *actor,
                       const struct rec *rec, const struct rec_shape *shape, struct str *ret)
{
    AUTO_BUF struct buf out;
    struct err *err;

    buf_init(&out, LIMIT_RESPONSE_BYTES);
    err = write_one(a, conn, actor, rec, shape, 0, &out);
    if (!err)
        *ret = arena_dup(a, buf_str(&out));
    return err;
}
