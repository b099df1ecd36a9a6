/*
 * GET …/records: a page of what is found (records.md 4, 9), by its number or by a cursor.
 */
#include "base/limits.h"
#include "records/cursor.h"
#include "records/groups.h"
#include "records/pages.h"
#include "records/rules.h"
#include "records/total.h"

/* --- totals ----------------------------------------------------------------------------- */

/* A page that is not full ends the list, so its rows give the total; not of views: their ids may
 * repeat, and the total counts distinct ones. */
static bool is_whole(const struct rec_listing *listing, const struct rec_page *page)
{
    const struct query_seek *seek = listing->spec.seek;

    if (listing->spec.col->type == SCHEMA_VIEW)
        return false;
    if (seek)
        return seek->n == 0 && !listing->more;
    return (int64_t)listing->n < listing->limit && (listing->n > 0 || page->offset == 0);
}

static struct err *find_total(struct arena *a, struct db_conn *conn,
                              const struct rec_listing *listing, const struct rec_page *page,
                              int64_t *ret)
{
    if (page->skip_total)
        *ret = -1;
    else if (is_whole(listing, page))
        *ret = page->offset + (int64_t)listing->n;
    else
        return rec_total(a, conn, &listing->spec, ret);
    return NULL;
}

/* --- cursors --------------------------------------------------------------------------------- */

struct turn {
    struct arena *a;
    const struct rec_listing *listing;
    const struct rec_place *place; /* where the page began */
};

/* Where the page has no rows. */
static struct err *turn_around(const struct turn *turn, struct str *ret)
{
    const struct rec_place place = rec_place_around(turn->place);

    return rec_place_write(turn->a, &turn->listing->spec, &place, ret);
}

static struct err *beside(const struct turn *turn, bool backward, struct str *ret)
{
    const struct rec_place place = rec_place_beside(turn->place, turn->listing, backward);

    return rec_place_write(turn->a, &turn->listing->spec, &place, ret);
}

/* There are rows on the side that the page was read from if it did not begin at the list's end. */
static struct err *find_cursors(const struct turn *turn, struct rec_page *page)
{
    const struct rec_listing *listing = turn->listing;
    const bool backward = turn->place->seek.backward, is_inside = turn->place->seek.n > 0;
    struct err *err = NULL;

    if (listing->n == 0)
        return is_inside ? turn_around(turn, backward ? &page->next : &page->prev) : NULL;
    if (backward ? is_inside : listing->more)
        err = beside(turn, false, &page->next);
    if (!err && (backward ? listing->more : is_inside))
        err = beside(turn, true, &page->prev);
    return err;
}

/* --- the page -------------------------------------------------------------------------------- */

static bool is_by_cursor(const struct rec_list_params *params)
{
    return params->cursor.p || params->from.n > 0;
}

/* The first row of the page before a place, or the list's begin, and how many rows there are;
 * *more: others before them. */
static struct err *find_first(struct arena *a, struct db_conn *conn,
                              const struct rec_listing *listing, struct query_seek *ret,
                              int64_t *ret_n, bool *ret_more)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct query_spec spec = listing->spec;
    struct query_seek seek = *spec.seek;
    struct err *err;
    bool row = true;

    *ret = (struct query_seek){0};
    *ret_n = 0;
    seek.keys_only = true;
    spec.seek = &seek;
    spec.limit = listing->limit + 1;
    spec.stops = true;
    err = rec_open(a, conn, &spec, &stmt);
    while (!err && row) {
        err = db_step(a, stmt, &row);
        if (err || !row || ++*ret_n > listing->limit)
            break;
        if (*ret_n == listing->limit)
            *ret = rec_seek_of(a, stmt);
    }
    *ret_more = *ret_n > listing->limit;
    if (*ret_more)
        --*ret_n;
    else
        *ret = (struct query_seek){0};
    return err;
}

/* Forward from its first row, so that its rows can be told as they come. */
static struct err *run_backward(struct arena *a, struct rec_writer *w, struct rec_listing *listing)
{
    const struct query_seek *place = listing->spec.seek;
    struct query_seek first;
    struct err *err;
    int64_t n;
    bool more;

    err = find_first(a, w->conn, listing, &first, &n, &more);
    if (err || n == 0)
        return err;
    listing->limit = n;
    listing->spec.seek = &first;
    err = rec_listing_run(a, w, listing);
    listing->spec.seek = place;
    listing->more = more;
    return err;
}

static struct err *list_by_cursor(struct arena *a, struct rec_writer *w,
                                  const struct rec_list_params *params, struct rec_page *page,
                                  struct rec_listing *listing)
{
    struct rec_place *place = ARENA_NEW(a, struct rec_place); /* the listing keeps it */
    const struct turn turn = {a, listing, place};
    struct err *err;

    if (page->page > 1)
        return err_new(a, E_BAD_REQUEST, "cursor and page exclude each other.", "page %lld",
                       (long long)page->page);
    err = rec_place_read(a, w->conn, &listing->spec, params, place);
    if (err)
        return err;
    page->by_cursor = true;
    listing->spec.seek = &place->seek;
    listing->spec.offset = place->skip;
    if (place->seek.backward && listing->spec.col->type != SCHEMA_VIEW)
        err = run_backward(a, w, listing);
    else
        err = rec_listing_run(a, w, listing);
    if (!err)
        err = find_cursors(&turn, page);
    return err;
}

/* From its first row, whose place is known. */
static struct err *run_from(struct arena *a, struct rec_writer *w, struct rec_listing *listing,
                            const struct query_seek *seek)
{
    const int64_t limit = listing->limit, offset = listing->spec.offset;
    struct err *err;

    listing->spec.offset = 0;
    if (seek->n > 0)
        listing->spec.seek = seek;
    else
        listing->limit = 0; /* the list ends before it */
    err = rec_listing_run(a, w, listing);
    listing->spec.seek = NULL;
    listing->spec.offset = offset;
    listing->limit = limit;
    return err;
}

/* The row behind the page may be read with it, and be one that cannot be: so what fails from a
 * place is tried as its number has it. */
static struct err *list_by_number(struct arena *a, struct rec_writer *w,
                                  struct rec_listing *listing)
{
    const struct rec_listing asked = *listing;
    const struct rec_writer begin = *w;
    const size_t n = w->out->n;
    struct rec_begin first;
    struct err *err;

    listing->spec.limit = listing->limit;
    err = rec_page_begin(a, w->conn, &listing->spec, &first);
    if (err)
        return err;
    if (first.is_known)
        err = run_from(a, w, listing, &first.seek);
    if (first.is_known && (!err || err->kind != E_BAD_REQUEST || w->out->full))
        return err;
    buf_cut(w->out, n);
    *w = begin;
    *listing = asked;
    return rec_listing_run(a, w, listing);
}

struct err *rec_list(struct arena *a, struct db_conn *conn, const struct rec_actor *actor,
                     const struct schema_col *col, const struct rec_list_params *params,
                     struct buf *out)
{
    const struct rec_shape shape = {params->expand, params->picker};
    struct rec_listing listing = {
        .actor = actor, .shape = &shape, .spec = rec_spec(conn, actor, col)};
    struct rec_writer w;
    struct rec_page page;
    struct err *err;
    int64_t total;

    if (params->group_by.n > 0 || params->aggregate.n > 0)
        return rec_list_groups(a, conn, actor, col, params, out);
    err = rec_check_rule(a, actor, &col->list_rule);
    if (!err && !actor->superuser)
        err = query_check_identifiers(a, params->filter, params->sort);
    if (!err)
        err = rec_page_read(a, params, &page);
    if (err)
        return err;
    w = (struct rec_writer){.scratch = arena_child(a), .conn = conn, .out = out};
    if (!actor->superuser)
        listing.spec.rule = col->list_rule.text;
    listing.spec.filter = params->filter;
    listing.spec.sort = params->sort;
    listing.limit = page.per_page;
    listing.spec.offset = page.offset;
    BUF_ADD(out, "{\"items\":[");
    err = is_by_cursor(params) ? list_by_cursor(a, &w, params, &page, &listing)
                               : list_by_number(a, &w, &listing);
    if (!err)
        err = find_total(a, conn, &listing, &page, &total);
    if (err)
        return err;
    rec_page_write(out, &page, total);
    return rec_check_full(a, out);
}
