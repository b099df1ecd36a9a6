/*
 * GET /api/collections: the table of collections through the compiler that lists records, with the
 * few columns that clients may name (collections.md 1).
 */
#include "api/collections.h"

/* --- the table as a collection -------------------------------------------------------------- */

static const struct column {
    const char *name, *type;
} columns[] = {
    {"id", "text"},   {"created", "text"}, {"updated", "text"},
    {"name", "text"}, {"system", "bool"},  {"type", "text"},
};

static struct schema_col *table_col(struct arena *a)
{
    struct schema_col *col = ARENA_NEW(a, struct schema_col);

    col->name = STR("_collections");
    col->fields = ARENA_ARRAY(a, struct schema_field, COUNT_OF(columns));
    col->n_fields = COUNT_OF(columns);
    for (unsigned i = 0; i < COUNT_OF(columns); i++) {
        struct schema_field *field = &col->fields[i];

        field->id = field->name = str_of(columns[i].name);
        field->type = field_type_find(str_of(columns[i].type));
        field->at = i;
        map_put(a, &col->field_map, field->name, field);
    }
    col->id_field = &col->fields[0];
    return col;
}

/* --- what may be named ---------------------------------------------------------------------- */

static bool sort_is_known(struct str sort)
{
    while (sort.p) {
        struct str name = str_trim_space(str_split(&sort, ','));
        bool known;

        if (name.n > 0 && (name.p[0] == '-' || name.p[0] == '+'))
            name = str_trim_space(str_from(name, 1));
        known = name.n == 0 || str_eq(name, STR("@random")) || str_eq(name, STR("@rowid"));
        for (size_t i = 0; i < COUNT_OF(columns) && !known; i++)
            known = str_eq(name, str_of(columns[i].name));
        if (!known)
            return false;
    }
    return true;
}

/* Outside of quotes: what only records have. */
static bool filter_is_plain(struct str filter)
{
    char quote = 0;

    for (size_t i = 0; i < filter.n; i++) {
        char c = filter.p[i];

        if (quote)
            quote = c == quote && filter.p[i - 1] != '\\' ? 0 : quote;
        else if (c == '\'' || c == '"')
            quote = c;
        else if (c == ':' || str_starts(str_from(filter, i), STR("@request")) ||
                 str_starts(str_from(filter, i), STR("@collection")))
            return false;
    }
    return true;
}

/* --- the list ------------------------------------------------------------------------------- */

static struct err *open_query(struct api_call *call, const struct query_spec *spec,
                              struct db_stmt **ret)
{
    struct query_sql sql;
    struct err *err = query_compile(call->arena, spec, &sql);

    return err ? err : db_prepare_bound(call->arena, call->conn, sql.text, sql.values, sql.n, ret);
}

static struct err *write_items(struct api_call *call, const struct query_spec *spec)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct buf *out = &call->req->resp.body;
    size_t n = 0;
    struct err *err;
    bool row;

    err = open_query(call, spec, &stmt);
    BUF_ADD(out, "{\"items\":[");
    while (!err && !(err = db_step(call->arena, stmt, &row)) && row) {
        const struct schema_col *col = map_find(&call->schema->by_id, db_column_text(stmt, 0));

        if (!col)
            continue;
        if (n++)
            BUF_ADD(out, ",");
        schema_write_def(out, schema_def_of(call->arena, col));
    }
    return err;
}

static struct err *count_items(struct api_call *call, struct query_spec spec, int64_t *ret)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct err *err;
    bool row;

    spec.want = QUERY_COUNT;
    spec.limit = -1;
    spec.offset = 0;
    err = open_query(call, &spec, &stmt);
    if (!err)
        err = db_step(call->arena, stmt, &row);
    if (!err && row)
        *ret = db_column_int(stmt, 0);
    return err;
}

static struct err *list_collections(struct api_call *call)
{
    const struct rec_list_params params = {
        .page = req_query_get(call->req, STR("page")),
        .per_page = req_query_get(call->req, STR("perPage")),
        .skip_total = req_query_get(call->req, STR("skipTotal")),
        .filter = req_query_get(call->req, STR("filter")),
        .sort = req_query_get(call->req, STR("sort")),
    };
    const struct schema none = {0}; /* no other collection can be named */
    struct query_spec spec = {
        .schema = &none,
        .col = table_col(call->arena),
        .dialect = db_conn_dialect(call->conn),
        .want = QUERY_ROWS,
        .client_is_superuser = true,
        .filter = params.filter,
        .sort = params.sort,
        .now_ms = call->caller.actor.scope.now_ms,
    };
    struct rec_page page;
    int64_t total = -1;
    struct err *err = rec_page_read(call->arena, &params, &page);

    if (err)
        return err;
    if (!sort_is_known(params.sort) || !filter_is_plain(params.filter))
        return err_new(call->arena, E_BAD_REQUEST, NULL, "a name that collections do not have");
    spec.limit = page.per_page;
    spec.offset = page.offset;
    err = write_items(call, &spec);
    if (!err && !page.skip_total)
        err = count_items(call, spec, &total);
    if (err)
        return err;
    rec_page_write(&call->req->resp.body, &page, total);
    req_answer_json(call->req, 200);
    return NULL;
}

const struct api_work api_collections_list = {
    .steps = {{.place = AT_READ, .run = list_collections}}};
