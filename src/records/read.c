/*
 * List and view (records.md 4, 5, 9), and the record that a write answers with.
 */
#include "records/read.h"

#include "base/limits.h"
#include "base/num.h"
#include "records/expand.h"
#include "records/groups.h"
#include "records/rules.h"
#include "records/values.h"

#define PER_PAGE_DEFAULT 30

/* --- list: parameters ------------------------------------------------------------------------- */

/* The texts that are a bool in a query string. */
static bool parse_truth(struct str text, bool *ret)
{
    static const struct {
        struct str text;
        bool truth;
    } words[] = {
        {STR_INIT(""), false},      {STR_INIT("1"), true},      {STR_INIT("t"), true},
        {STR_INIT("T"), true},      {STR_INIT("TRUE"), true},   {STR_INIT("true"), true},
        {STR_INIT("True"), true},   {STR_INIT("0"), false},     {STR_INIT("f"), false},
        {STR_INIT("F"), false},     {STR_INIT("FALSE"), false}, {STR_INIT("false"), false},
        {STR_INIT("False"), false},
    };

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (str_eq(words[i].text, text)) {
            *ret = words[i].truth;
            return true;
        }
    }
    return false;
}

struct err *rec_page_read(struct arena *a, const struct rec_list_params *params,
                          struct rec_page *ret)
{
    *ret = (struct rec_page){.page = 1, .per_page = PER_PAGE_DEFAULT};
    if ((params->page.n > 0 && !num_parse_i64(params->page, &ret->page)) ||
        (params->per_page.n > 0 && !num_parse_i64(params->per_page, &ret->per_page)) ||
        !parse_truth(params->skip_total, &ret->skip_total))
        return err_new(a, E_BAD_REQUEST, NULL, "page, perPage or skipTotal");
    if (ret->page < 1)
        ret->page = 1;
    if (ret->per_page < 1)
        ret->per_page = PER_PAGE_DEFAULT;
    if (ret->per_page > LIMIT_PER_PAGE)
        ret->per_page = LIMIT_PER_PAGE;
    /* wraps, as upstream; a negative offset is none */
    ret->offset = (int64_t)((uint64_t)ret->per_page * (uint64_t)(ret->page - 1));
    if (ret->offset < 0)
        ret->offset = 0;
    return NULL;
}

/* --- list: rows ------------------------------------------------------------------------------- */

/* Rows go from the statement's columns into the answer, one at a time. */
static struct err *stream_rows(struct arena *a, struct rec_writer *w, const struct query_spec *spec,
                               const struct rec_level *level, size_t *ret_n)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct db_value *cells = ARENA_ARRAY(a, struct db_value, spec->col->n_fields);
    const struct rec rec = {.col = spec->col, .cells = cells};
    struct err *err;
    bool row = true;

    *ret_n = 0;
    err = rec_open(a, w->conn, spec, &stmt);
    while (!err) {
        err = db_step(a, stmt, &row);
        if (err || !row)
            break;
        rec_borrow_row(stmt, spec->col, cells);
        if ((*ret_n)++)
            BUF_ADD(w->out, ",");
        err = rec_check_readable(w->scratch, &rec);
        if (!err)
            err = rec_write_row(w, level, cells);
    }
    return err;
}

/* All that the query finds, with commas between them. */
static struct err *list_rows(struct arena *a, struct rec_writer *w, const struct rec_actor *actor,
                             const struct query_spec *spec, const struct rec_shape *shape,
                             size_t *ret_n)
{
    struct rec_rows rows = {0};
    struct rec_level level;
    struct err *err;

    if (!rec_level_needs_rows(actor, spec->col, shape->expand)) {
        err = rec_level_init(a, w->conn, actor, spec->col, &rows, shape, &level);
        return err ? err : stream_rows(a, w, spec, &level, ret_n);
    }
    err = rec_read_all(a, w->conn, spec, &rows);
    if (!err)
        err = rec_level_init(a, w->conn, actor, spec->col, &rows, shape, &level);
    *ret_n = rows.n;
    for (size_t i = 0; i < rows.n && !err; i++) {
        if (i)
            BUF_ADD(w->out, ",");
        err = rec_write_row(w, &level, rows.items[i].cells);
    }
    return err;
}

/* --- list: totals ----------------------------------------------------------------------------- */

static struct err *count_rows(struct arena *a, struct db_conn *conn,
                              const struct query_spec *rows_spec, int64_t *ret)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct query_spec spec = *rows_spec;
    struct err *err;
    bool row = false;

    spec.want = QUERY_COUNT; /* the sort stays: list rules of what it joins count too */
    spec.limit = -1;
    spec.offset = 0;
    err = rec_open(a, conn, &spec, &stmt);
    if (!err)
        err = db_step(a, stmt, &row);
    if (!err && row)
        *ret = db_column_int(stmt, 0);
    return err;
}

void rec_page_write(struct buf *out, const struct rec_page *page, int64_t total)
{
    int64_t pages = total < 0 ? -1 : total / page->per_page + (total % page->per_page != 0);

    BUF_ADD(out, "],\"page\":");
    buf_add_i64(out, page->page);
    BUF_ADD(out, ",\"perPage\":");
    buf_add_i64(out, page->per_page);
    BUF_ADD(out, ",\"totalItems\":");
    buf_add_i64(out, total);
    BUF_ADD(out, ",\"totalPages\":");
    buf_add_i64(out, pages);
    BUF_ADD(out, "}");
}

/* --- list ------------------------------------------------------------------------------------- */

struct err *rec_list(struct arena *a, struct db_conn *conn, const struct rec_actor *actor,
                     const struct schema_col *col, const struct rec_list_params *params,
                     struct buf *out)
{
    const struct rec_shape shape = {params->expand, params->picker};
    struct query_spec spec = rec_spec(conn, actor, col);
    struct rec_writer w;
    struct rec_page page;
    struct err *err;
    int64_t total = 0;
    size_t n;

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
        spec.rule = col->list_rule.text;
    spec.filter = params->filter;
    spec.sort = params->sort;
    spec.limit = page.per_page;
    spec.offset = page.offset;
    BUF_ADD(out, "{\"items\":[");
    err = list_rows(a, &w, actor, &spec, &shape, &n);
    if (err)
        return err;
    /* a page that is not full ends the list, so its rows give the total; not of views: their ids
     * may repeat, and the total counts distinct ones */
    if (page.skip_total)
        total = -1;
    else if (col->type != SCHEMA_VIEW && (int64_t)n < spec.limit && (n > 0 || spec.offset == 0))
        total = spec.offset + (int64_t)n;
    else
        err = count_rows(a, conn, &spec, &total);
    if (err)
        return err;
    rec_page_write(out, &page, total);
    return rec_check_full(a, out);
}

/* --- view ------------------------------------------------------------------------------------- */

struct err *rec_view(struct arena *a, struct db_conn *conn, const struct rec_actor *actor,
                     const struct schema_col *col, struct str id, struct str expand,
                     const struct query_picker *picker, struct buf *out)
{
    const struct rec_shape shape = {expand, picker};
    struct query_spec spec = rec_spec(conn, actor, col);
    struct rec_writer w;
    struct err *err;
    size_t n = 0;

    err = rec_check_rule(a, actor, &col->view_rule);
    if (err)
        return err;
    w = (struct rec_writer){.scratch = arena_child(a), .conn = conn, .out = out};
    if (!actor->superuser)
        spec.rule = col->view_rule.text;
    spec.id = id.p ? id : STR("");
    spec.limit = 1;
    err = list_rows(a, &w, actor, &spec, &shape, &n);
    if (n == 0 || (err && !err->timed_out)) /* else it was an expand that took too long */
        err = rec_rule_failed(a, err, E_NOT_FOUND, false);
    if (!err && n == 0)
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
