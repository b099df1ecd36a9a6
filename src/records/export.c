/*
 * Exports: a list from its beginning to its end, a part at a time, each by the place where the last
 * one ended.
 */
#include "records/csv.h"
#include "records/cursor.h"
#include "records/expand.h"
#include "records/rules.h"

#include "base/limits.h"

struct rec_export {
    struct arena *a;
    enum rec_format format;
    struct str col_id;
    uint64_t code; /* of its collection */
    struct rec_shape shape;
    struct str filter, sort;
    struct arena *own; /* a child of its arena, in which the place lies */
    struct rec_place place;
    bool begun;
};

/* --- beginning ------------------------------------------------------------------------------- */

static struct err *check(struct arena *a, const struct rec_actor *actor,
                         const struct schema_col *col, const struct rec_list_params *params,
                         enum rec_format format)
{
    struct err *err = rec_check_rule(a, actor, &col->list_rule);

    if (!err && !actor->superuser)
        err = query_check_identifiers(a, params->filter, params->sort);
    if (!err && params->cursor.n > 0)
        err = err_new(a, E_BAD_REQUEST, "An export has no cursor.", "cursor");
    if (!err && (params->group_by.n > 0 || params->aggregate.n > 0))
        err = err_new(a, E_BAD_REQUEST, "Groups are told in JSON only.", "groups");
    if (!err && format == REC_CSV && params->expand.n > 0)
        err = err_new(a, E_BAD_REQUEST, "CSV has no place for expanded records.", "expand");
    return err;
}

struct err *rec_export_new(struct arena *a, struct db_conn *conn, const struct rec_actor *actor,
                           const struct schema_col *col, const struct rec_list_params *params,
                           enum rec_format format, struct rec_export **ret)
{
    struct rec_export *export = ARENA_NEW(a, struct rec_export);
    struct query_spec spec;
    struct err *err = check(a, actor, col, params, format);

    if (err)
        return err;
    *export = (struct rec_export){
        .a = a,
        .format = format,
        .col_id = arena_dup(a, col->id),
        .code = col->code,
        .shape = {params->expand, params->picker},
        .filter = params->filter,
        .sort = params->sort,
        .own = arena_child(a),
    };
    *ret = export;
    spec = rec_spec(conn, actor, col);
    spec.sort = export->sort;
    return rec_place_read(export->own, conn, &spec, params, &export->place);
}

/* --- parts ----------------------------------------------------------------------------------- */

static struct err *put_line(struct rec_writer *w, const struct rec_level *level,
                            const struct db_value *cells, void *user)
{
    struct err *err = rec_write_row(w, level, cells);

    (void)user;
    BUF_ADD(w->out, "\n");
    return err;
}

static struct err *put_csv(struct rec_writer *w, const struct rec_level *level,
                           const struct db_value *cells, void *user)
{
    return rec_csv_write_row(w, level, user, cells);
}

/* NULL: it is gone, or another one. */
static const struct schema_col *find_col(const struct rec_export *export,
                                         const struct schema *schema)
{
    const struct schema_col *col = schema_find(schema, export->col_id);

    return col && str_eq(col->id, export->col_id) && col->code == export->code ? col : NULL;
}

/* A part that has to be read before it is written is in memory as rows, too. */
static int64_t rows_at_once(const struct rec_actor *actor, const struct schema_col *col,
                            const struct rec_export *export)
{
    bool reads_first =
        col->type == SCHEMA_VIEW || rec_level_needs_rows(actor, col, export->shape.expand);

    return reads_first ? LIMIT_EXPORT_ROWS_READ : LIMIT_EXPORT_ROWS;
}

static struct rec_listing listing_of(struct db_conn *conn, const struct rec_actor *actor,
                                     const struct schema_col *col, const struct rec_export *export)
{
    struct rec_listing listing = {.actor = actor,
                                  .shape = &export->shape,
                                  .spec = rec_spec(conn, actor, col),
                                  .limit = rows_at_once(actor, col, export)};

    if (!actor->superuser)
        listing.spec.rule = col->list_rule.text;
    listing.spec.filter = export->filter;
    listing.spec.sort = export->sort;
    listing.spec.seek = &export->place.seek;
    listing.spec.offset = export->place.skip;
    return listing;
}

/* The next part begins behind the last row of this one. */
static void go_behind(struct rec_export *export, const struct rec_listing *listing)
{
    const struct rec_place next = rec_place_beside(&export->place, listing, false);
    struct arena *old = export->own;

    export->own = arena_child(export->a);
    export->place = rec_place_copy(export->own, &next);
    arena_free(old);
}

struct err *rec_export_next(struct arena *a, struct db_conn *conn, const struct rec_actor *actor,
                            struct rec_export *export, size_t bytes, struct buf *out,
                            bool *ret_more)
{
    const struct schema_col *col = find_col(export, actor->scope.schema);
    struct rec_writer w = {.scratch = arena_child(a), .conn = conn, .out = out};
    const size_t mark = out->n;
    struct rec_listing listing;
    struct rec_csv csv;
    struct err *err;

    if (!col)
        return err_new(a, E_BAD_REQUEST, NULL, "the collection was changed during its export");
    listing = listing_of(conn, actor, col, export);
    listing.bytes = bytes;
    listing.put = put_line;
    if (export->format == REC_CSV) {
        rec_csv_init(a, rec_plan_new(a, col, actor->superuser, export->shape.picker), &csv);
        if (csv.n == 0)
            return err_new(a, E_BAD_REQUEST, "There is no field to be told in CSV.", "fields");
        listing.put = put_csv;
        listing.user = &csv;
        if (!export->begun)
            rec_csv_write_names(&csv, out);
    }
    err = rec_listing_run(a, &w, &listing);
    if (err) {
        buf_cut(out, mark);
        return err;
    }
    export->begun = true;
    *ret_more = listing.more;
    if (listing.more)
        go_behind(export, &listing);
    return NULL;
}
