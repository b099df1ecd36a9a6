/*
 * The fields of a view follow from its query (collections.md 9): by a view of another name that is
 * made, looked at and undone.
 */
#include "base/id.h"
#include "schema/define.h"
#include "schema/internal.h"
#include "schema/shape.h"
#include "schema/view_scan.h"
#include "schema/view_source.h"

#include <string.h>

#define SQL_MAX SCHEMA_SQL_BYTES
#define SAMPLE 10

struct infer {
    struct arena *a;
    struct db_conn *tx;
    const struct schema *schema;
    struct schema_def *def;
    struct view_idents columns, tables;
    const struct schema_col *source; /* whose definition this is: columns of one come together */
    struct schema_def *source_def;
    struct str why; /* p NULL: fine so far */
};

/* --- what a column becomes -------------------------------------------------------------------- */

static struct json literal(struct infer *in, const char *text, struct str name)
{
    struct json field = schema_literal_field(in->a, text);

    shape_set(&field, STR("name"), json_of_text(arena_dup(in->a, name)));
    return field;
}

static const char plain_json[] = "{\"type\":\"json\",\"maxSize\":1}";
static const char plain_number[] = "{\"type\":\"number\"}";
static const char plain_int[] = "{\"type\":\"number\",\"onlyInt\":true}";
static const char plain_text[] = "{\"type\":\"text\"}";
static const char plain_bool[] = "{\"type\":\"bool\"}";
static const char view_id[] = "{\"type\":\"text\",\"system\":true,\"required\":true,"
                              "\"primaryKey\":true,\"pattern\":\"^[a-z0-9]+$\"}";

static const struct cast {
    const char *type, *field;
} casts[] = {
    {"real", plain_number},  {"decimal", plain_number}, {"numeric", plain_number},
    {"int", plain_int},      {"integer", plain_int},    {"text", plain_text},
    {"boolean", plain_bool}, {"bool", plain_bool},
};

static bool is_word(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* The literal for `cast(… as TYPE)`, or NULL. */
static const char *of_cast(struct str expr)
{
    struct str type, before;
    size_t start;

    if (!str_starts_nocase(expr, STR("cast(")) || !str_ends(expr, STR(")")))
        return NULL;
    before = str_trim_space(str_sub(expr, 0, expr.n - 1));
    for (start = before.n; start > 0 && is_word(before.p[start - 1]);)
        start--;
    type = str_from(before, start);
    before = str_sub(before, 0, start);
    if (str_eq(before, str_trim_space(before)))
        return NULL;
    before = str_trim_space(before);
    if (before.n < 3 || !str_eq_nocase(str_from(before, before.n - 2), STR("as")) ||
        is_word(before.p[before.n - 3]))
        return NULL;
    for (size_t i = 0; i < COUNT_OF(casts); i++)
        if (str_eq_nocase(type, str_of(casts[i].type)))
            return casts[i].field;
    return NULL;
}

static const char *of_expression(const struct view_ident *column)
{
    if (str_eq(column->alias, STR("id")))
        return view_id;
    if (str_starts_nocase(column->original, STR("count(")))
        return plain_int;
    if (str_starts_nocase(column->original, STR("total(")))
        return plain_number;
    return of_cast(column->original);
}

/* A field of a collection under another name; its id is new, as it may stand there twice. */
static struct json clone(struct infer *in, const struct schema_col *col, unsigned at,
                         struct str alias)
{
    struct json_member *members;
    struct json field;

    if (in->source != col)
        in->source_def = schema_def_of(in->a, col);
    in->source = col;
    field = in->source_def->fields.items[at];
    members = ARENA_ARRAY(in->a, struct json_member, field.n);
    memcpy(members, field.members, field.n * sizeof(*members));
    field.members = members;
    shape_set(&field, STR("id"),
              json_of_text(arena_concat(in->a, STR("_clone_"), random_text(in->a, 4, ALPHABET_ID),
                                        STR_NONE)));
    shape_set(&field, STR("name"), json_of_text(arena_dup(in->a, alias)));
    return field;
}

static struct json of_column(struct infer *in, const struct view_ident *column)
{
    const char *text = of_expression(column);
    const struct schema_col *col;
    const struct schema_field *source;
    struct str name;
    struct json field;

    if (text)
        return literal(in, text, column->alias);
    col = view_column_col(in->schema, &in->tables, column, &name);
    if (col && str_eq_nocase(name, STR("id"))) {
        field = literal(in, "{\"type\":\"relation\",\"maxSelect\":1}", column->alias);
        shape_set(&field, STR("collectionId"), json_of_text(col->id));
        return field;
    }
    source = col ? view_column_field(col, name) : NULL;
    return source ? clone(in, col, (unsigned)(source - col->fields), column->alias)
                  : literal(in, plain_json, column->alias);
}

static void derive_fields(struct infer *in, const struct db_table_columns *columns)
{
    bool has_id = false;

    for (size_t i = 0; i < columns->n; i++) {
        struct str name = columns->items[i].name;
        const struct view_ident *column = view_column(&in->columns, name);
        bool id = str_eq(name, STR("id"));

        has_id = has_id || id;
        schema_def_add_field(in->a, in->def,
                             column ? of_column(in, column)
                                    : literal(in, id ? view_id : plain_json, name));
    }
    if (!has_id)
        in->why = STR("missing required id column (you can use `(ROW_NUMBER() OVER()) as id` if "
                      "you don't have one)");
}

/* --- views that are undone again -------------------------------------------------------------- */

/* What the query itself is to blame for becomes `why`; other errors stay. */
static struct err *blame(struct infer *in, struct err *err)
{
    if (!err || err->kind != E_BAD_REQUEST)
        return err;
    in->why = err->cause.n ? err->cause : STR("invalid query");
    return NULL;
}

static struct err *columns_of(struct infer *in, struct str select, struct db_table_columns *ret)
{
    struct str name =
        arena_concat(in->a, STR("_temp_"), random_text(in->a, 6, ALPHABET_ID), STR_NONE);
    struct err *err = schema_make_view(in->a, in->tx, name, select);

    *ret = (struct db_table_columns){0};
    if (!err)
        err = db_list_columns(in->a, in->tx, name, ret);
    if (!err)
        err = schema_drop_view(in->a, in->tx, name);
    return blame(in, err);
}

static bool is_text(const struct db_table_columns *columns)
{
    for (size_t i = 0; i < columns->n; i++)
        if (str_eq_nocase(columns->items[i].name, STR("id")) &&
            str_eq_nocase(columns->items[i].type, STR("TEXT")))
            return true;
    return false;
}

/* Ids are compared as text: a query whose id is none is wrapped (9.2). */
static struct str cast_id(struct infer *in, struct str select)
{
    const struct db_dialect *dialect = db_conn_dialect(in->tx);
    struct buf out;

    buf_init(&out, SQL_MAX);
    BUF_ADD(&out, "SELECT ");
    for (size_t i = 0; i < in->columns.n; i++) {
        struct str alias = in->columns.items[i].alias;
        bool id = str_eq(alias, STR("id"));

        buf_add(&out, i ? STR(",") : STR_NONE);
        buf_add(&out, id ? STR("CAST(") : STR_NONE);
        dialect->ident(&out, alias);
        buf_add(&out, id ? STR(" as TEXT) ") : STR_NONE);
        if (id)
            dialect->ident(&out, alias);
    }
    BUF_ADD(&out, " FROM (");
    buf_add(&out, select);
    BUF_ADD(&out, ")");
    return buf_take(in->a, &out);
}

/* --- the sample ------------------------------------------------------------------------------- */

/* All columns are asked for, as fewer might be answered in another order. */
static struct err *read_sample(struct infer *in, struct str select)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct str ids[SAMPLE];
    AUTO_BUF struct buf sql;
    unsigned id = 0;
    struct err *err;
    bool row;

    buf_init(&sql, SQL_MAX);
    BUF_ADD(&sql, "SELECT * FROM (SELECT * FROM (");
    buf_add(&sql, select);
    buf_addf(&sql, ")) AS sample LIMIT %d", SAMPLE);
    err = db_prepare(in->a, in->tx, buf_str(&sql), &stmt);
    while (!err && id < db_columns(stmt) && !str_eq(db_column_name(stmt, id), STR("id")))
        id++;
    for (size_t n = 0; !err && !in->why.p && n < SAMPLE; n++) {
        err = db_step(in->a, stmt, &row);
        if (err || !row)
            break;
        ids[n] = arena_dup(in->a, db_column_text(stmt, id));
        if (ids[n].n == 0)
            in->why = STR("the query could return records with empty or invalid ids");
        for (size_t i = 0; i < n; i++)
            if (str_eq(ids[i], ids[n]))
                in->why = STR("the query could return records with non-unique ids");
    }
    return blame(in, err);
}

struct err *schema_sample_view(struct arena *a, struct db_conn *tx, struct str select,
                               struct str *ret_why)
{
    struct infer in = {.a = a, .tx = tx};
    struct db_box box;
    struct err *err;

    db_box_begin(tx, &box);
    err = read_sample(&in, select);
    if (db_box_end(tx, &box) && err) {
        in.why = STR("failed to retrieve query records: the query timeout is over");
        err = NULL;
    }
    *ret_why = in.why;
    return err;
}

/* --- all of it -------------------------------------------------------------------------------- */

static bool has_wildcard(const struct infer *in)
{
    for (size_t i = 0; i < in->columns.n; i++)
        if (str_eq(in->columns.items[i].alias, STR("*")))
            return true;
    return false;
}

/* Our tables are nobody's to read, and our functions are unknown to other programs, which then
 * can change no table any more. */
static bool has_ours(struct str query)
{
    for (size_t at = 0; at < query.n; at++)
        if (query.p[at] == '_' && str_starts_nocase(str_from(query, at), STR("_reeve_")))
            return true;
    return false;
}

static bool scan(struct infer *in, struct str query)
{
    if (query.n > LIMIT_VIEW_BYTES)
        in->why = STR("the query is longer than 1 MiB");
    else if (has_ours(query))
        in->why = STR("names that begin with _reeve_ are not for views");
    else if (view_scan(in->a, query, &in->columns, &in->tables, &in->why) && has_wildcard(in))
        in->why = STR("wildcard columns (*) are not supported - manually type the collection "
                      "field names you want the view query to have");
    return !in->why.p;
}

static struct err *infer(struct infer *in, struct str query, struct str *ret_select)
{
    struct db_table_columns columns;
    struct err *err;

    if (!scan(in, query))
        return NULL;
    err = columns_of(in, query, &columns);
    if (err || in->why.p)
        return err;
    derive_fields(in, &columns);
    *ret_select = query;
    if (in->why.p)
        return NULL;
    if (!is_text(&columns)) {
        *ret_select = cast_id(in, query);
        err = columns_of(in, *ret_select, &columns);
    }
    return err;
}

struct err *schema_infer_view(struct arena *a, struct db_conn *tx, const struct schema *schema,
                              struct schema_def *def, struct str *ret_select, struct str *ret_why)
{
    struct infer in = {.a = a, .tx = tx, .schema = schema, .def = def};
    struct str query = str_trim(str_trim_space(def->view_query), STR(";"));
    struct err *err;

    *ret_select = *ret_why = STR_NONE;
    def->fields.items = NULL;
    def->fields.n = def->fields.cap = 0;
    err = db_savepoint(a, tx);
    if (err)
        return err;
    err = infer(&in, str_trim_space(query), ret_select);
    db_savepoint_rollback(tx);
    *ret_why = in.why;
    return err;
}
