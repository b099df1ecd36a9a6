/*
 * SQL as SQLite spells it. Identifiers are back-ticked: unlike a double-quoted one, a back-ticked
 * name that does not exist is an error and not a text.
 */
#include "db/sqlite.h"

#include "base/compiler.h"

#include <stdlib.h>

/* --- names and values ------------------------------------------------------------------------ */

/* `before` and the text between two marks; a mark inside is doubled. */
static void add_quoted(struct buf *out, char mark, const char *before, struct str text)
{
    buf_add_byte(out, mark);
    buf_add(out, str_of(before));
    while (text.n > 0) {
        size_t n = str_find_byte(text, mark);

        buf_add(out, str_sub(text, 0, n));
        if (n < text.n) {
            buf_add_byte(out, mark);
            buf_add_byte(out, mark);
            n++;
        }
        text = str_from(text, n);
    }
    buf_add_byte(out, mark);
}

static void sqlite_ident(struct buf *out, struct str name)
{
    add_quoted(out, '`', "", name);
}

static void sqlite_param(struct buf *out, unsigned n)
{
    BUF_ADD(out, "?");
    buf_add_u64(out, n);
}

/* A NUL would end the statement for SQLite's parser; such a text is joined from its parts. */
static void sqlite_text_literal(struct buf *out, struct str text)
{
    size_t n = str_find_byte(text, '\0');

    if (n == text.n) {
        add_quoted(out, '\'', "", text);
        return;
    }
    BUF_ADD(out, "(");
    add_quoted(out, '\'', "", str_sub(text, 0, n));
    while (n < text.n) {
        text = str_from(text, n + 1);
        n = str_find_byte(text, '\0');
        BUF_ADD(out, "||char(0)||");
        add_quoted(out, '\'', "", str_sub(text, 0, n));
    }
    BUF_ADD(out, ")");
}

static void sqlite_bool_literal(struct buf *out, bool truth)
{
    buf_add(out, truth ? STR("TRUE") : STR("FALSE")); /* to `IS NOT`, these are no numbers */
}

static void sqlite_row_id(struct buf *out, struct str alias)
{
    sqlite_ident(out, alias);
    BUF_ADD(out, ".`_rowid_`");
}

/* --- JSON ------------------------------------------------------------------------------------ */

/* Whether the column holds a JSON array; what is no JSON at all is none. */
static void json_is_list(struct buf *out, struct str column)
{
    BUF_ADD(out, "iif(json_valid(");
    buf_add(out, column);
    BUF_ADD(out, "), json_type(");
    buf_add(out, column);
    BUF_ADD(out, ") = 'array', FALSE)");
}

static void sqlite_json_each(struct buf *out, struct str column, struct str alias)
{
    BUF_ADD(out, "_reeve_items(");
    buf_add(out, column);
    BUF_ADD(out, ") ");
    sqlite_ident(out, alias);
}

static void sqlite_json_each_param(struct buf *out, unsigned param, struct str alias)
{
    BUF_ADD(out, "json_each(");
    sqlite_param(out, param);
    BUF_ADD(out, ") ");
    sqlite_ident(out, alias);
}

static void sqlite_json_extract_plain(struct buf *out, struct str column, struct str path)
{
    BUF_ADD(out, "json_extract(");
    buf_add(out, column);
    BUF_ADD(out, ", ");
    add_quoted(out, '\'', "$", path);
    BUF_ADD(out, ")");
}

static void sqlite_json_extract(struct buf *out, struct str column, struct str path)
{
    BUF_ADD(out, "(CASE WHEN json_valid(");
    buf_add(out, column);
    BUF_ADD(out, ") THEN ");
    sqlite_json_extract_plain(out, column, path);
    BUF_ADD(out, " ELSE json_extract(json_object('pb', ");
    buf_add(out, column);
    BUF_ADD(out, "), ");
    add_quoted(out, '\'', "$.pb", path);
    BUF_ADD(out, ") END)");
}

static void sqlite_json_length(struct buf *out, struct str column)
{
    BUF_ADD(out, "coalesce(_reeve_length(");
    buf_add(out, column);
    BUF_ADD(out, "), CASE WHEN ");
    json_is_list(out, column);
    BUF_ADD(out, " THEN json_array_length(");
    buf_add(out, column);
    BUF_ADD(out, ") WHEN ");
    buf_add(out, column);
    BUF_ADD(out, " = '' OR ");
    buf_add(out, column);
    BUF_ADD(out, " IS NULL THEN 0 ELSE 1 END)");
}

/* --- texts and functions --------------------------------------------------------------------- */

static void sqlite_equal_nocase(struct buf *out, struct str x, struct str y)
{
    buf_add(out, x);
    BUF_ADD(out, " = ");
    buf_add(out, y);
    BUF_ADD(out, " COLLATE NOCASE");
}

static void sqlite_lower(struct buf *out, struct str expr)
{
    BUF_ADD(out, "lower(");
    buf_add(out, expr);
    BUF_ADD(out, ")");
}

static void sqlite_like(struct buf *out, struct str expr, struct str pattern, bool not_like)
{
    buf_add(out, expr);
    buf_add(out, not_like ? STR(" NOT LIKE ") : STR(" LIKE "));
    buf_add(out, pattern);
    BUF_ADD(out, " ESCAPE '\\'");
}

static void sqlite_like_around(struct buf *out, struct str expr)
{
    BUF_ADD(out, "('%' || ");
    buf_add(out, expr);
    BUF_ADD(out, " || '%')");
}

static void sqlite_sum(struct buf *out, struct str expr)
{
    BUF_ADD(out, "total(");
    buf_add(out, expr);
    BUF_ADD(out, ")");
}

static void sqlite_only_number(struct buf *out, struct str expr)
{
    BUF_ADD(out, "(CASE WHEN typeof(");
    buf_add(out, expr);
    BUF_ADD(out, ") IN ('integer', 'real') THEN ");
    buf_add(out, expr);
    BUF_ADD(out, " END)");
}

/* expr: lonA, latA, lonB, latB. Rounding may carry the cosine past 1, hence the clamp. */
static void sqlite_geo_distance(struct buf *out, const struct str expr[4])
{
    enum { LON_A, LAT_A, LON_B, LAT_B };
    static const struct {
        const char *before;
        size_t expr;
    } parts[] = {
        {"(6371 * acos(min(1.0, max(-1.0, cos(radians(", LAT_A},
        {")) * cos(radians(", LAT_B},
        {")) * cos(radians(", LON_B},
        {") - radians(", LON_A},
        {")) + sin(radians(", LAT_A},
        {")) * sin(radians(", LAT_B},
    };

    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        buf_add(out, str_of(parts[i].before));
        buf_add(out, expr[parts[i].expr]);
    }
    BUF_ADD(out, "))))))");
}

static void sqlite_strftime(struct buf *out, const struct str *exprs, size_t n)
{
    BUF_ADD(out, "strftime(");
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            BUF_ADD(out, ",");
        buf_add(out, exprs[i]);
    }
    BUF_ADD(out, ")");
}

/* --- definitions ----------------------------------------------------------------------------- */

#define ID_COLUMN "TEXT PRIMARY KEY DEFAULT ('r'||lower(hex(randomblob(7)))) NOT NULL"
#define NOW "(strftime('%Y-%m-%d %H:%M:%fZ'))"

/* clang-format off */
static const char *const column_types[] = {
    [DB_COL_ID]     = ID_COLUMN,
    [DB_COL_TEXT]   = "TEXT DEFAULT '' NOT NULL",
    [DB_COL_BOOL]   = "BOOLEAN DEFAULT FALSE NOT NULL",
    [DB_COL_NUMBER] = "NUMERIC DEFAULT 0 NOT NULL",
    [DB_COL_JSON]   = "JSON DEFAULT NULL",
    [DB_COL_GEO]    = "JSON DEFAULT '{\"lon\":0,\"lat\":0}' NOT NULL",
    [DB_COL_LIST]   = "JSON DEFAULT '[]' NOT NULL",
};
/* clang-format on */

static void sqlite_column_def(struct buf *out, struct str name, enum db_col_type type)
{
    sqlite_ident(out, name);
    BUF_ADD(out, " ");
    buf_add(out, str_of(column_types[type]));
}

static void sqlite_create_table(struct buf *out, struct str name, struct db_col *columns, size_t n)
{
    for (size_t i = 1; i < n; i++) { /* n is a collection's fields: an insertion by name will do */
        struct db_col moved = columns[i];
        size_t at = i;

        for (; at > 0 && str_cmp(columns[at - 1].name, moved.name) > 0; at--)
            columns[at] = columns[at - 1];
        columns[at] = moved;
    }
    BUF_ADD(out, "CREATE TABLE ");
    sqlite_ident(out, name);
    BUF_ADD(out, " (");
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            BUF_ADD(out, ", ");
        sqlite_column_def(out, columns[i].name, columns[i].type);
    }
    BUF_ADD(out, ")");
}

static void add_index_column(struct buf *out, const struct db_index_column *column)
{
    if (column->is_expr)
        buf_add(out, column->name);
    else
        sqlite_ident(out, column->name);
    if (column->collate.n > 0) {
        BUF_ADD(out, " COLLATE ");
        buf_add(out, column->collate);
    }
    if (column->direction.n > 0) {
        BUF_ADD(out, " ");
        buf_add(out, column->direction);
    }
}

/* The normal form of collections.md 7.2. */
static void sqlite_create_index(struct buf *out, const struct db_index *index)
{
    const bool one = index->n_columns == 1;

    buf_add(out, index->unique ? STR("CREATE UNIQUE INDEX ") : STR("CREATE INDEX "));
    if (index->if_not_exists)
        BUF_ADD(out, "IF NOT EXISTS ");
    if (index->schema.n > 0) {
        sqlite_ident(out, index->schema);
        BUF_ADD(out, ".");
    }
    sqlite_ident(out, index->name);
    BUF_ADD(out, " ON ");
    sqlite_ident(out, index->table);
    buf_add(out, one ? STR(" (") : STR(" (\n  "));
    for (size_t i = 0; i < index->n_columns; i++) {
        if (i > 0)
            BUF_ADD(out, ",\n  ");
        add_index_column(out, &index->columns[i]);
    }
    buf_add(out, one ? STR(")") : STR("\n)"));
    if (index->where.n > 0) {
        BUF_ADD(out, " WHERE ");
        buf_add(out, index->where);
    }
}

static void sqlite_create_view(struct buf *out, struct str name, struct str query)
{
    BUF_ADD(out, "CREATE VIEW ");
    sqlite_ident(out, name);
    BUF_ADD(out, " AS SELECT * FROM (");
    buf_add(out, query);
    BUF_ADD(out, ")");
}

static void sqlite_one_to_list(struct buf *out, struct str column)
{
    BUF_ADD(out, "CASE WHEN coalesce(");
    buf_add(out, column);
    BUF_ADD(out, ", '') = '' THEN '[]' WHEN ");
    json_is_list(out, column);
    BUF_ADD(out, " THEN ");
    buf_add(out, column);
    BUF_ADD(out, " ELSE json_array(");
    buf_add(out, column);
    BUF_ADD(out, ") END");
}

static void sqlite_list_to_one(struct buf *out, struct str column)
{
    BUF_ADD(out, "CASE WHEN coalesce(");
    buf_add(out, column);
    BUF_ADD(out, ", '[]') = '[]' THEN '' WHEN ");
    json_is_list(out, column);
    BUF_ADD(out, " THEN coalesce(json_extract(");
    buf_add(out, column);
    BUF_ADD(out, ", '$[#-1]'), '') ELSE ");
    buf_add(out, column);
    BUF_ADD(out, " END");
}

static const char *const data_tables[] = {
    "CREATE TABLE `_migrations` (file VARCHAR(255) PRIMARY KEY NOT NULL, applied INTEGER NOT NULL)",
    "CREATE TABLE `_params` (`id` " ID_COLUMN ", "
    "`value` JSON DEFAULT NULL, `created` TEXT DEFAULT " NOW " NOT NULL, "
    "`updated` TEXT DEFAULT " NOW " NOT NULL)",
    "CREATE TABLE `_collections` (`id` " ID_COLUMN ", "
    "`system` BOOLEAN DEFAULT FALSE NOT NULL, `type` TEXT DEFAULT 'base' NOT NULL, "
    "`name` TEXT UNIQUE NOT NULL, `fields` JSON DEFAULT '[]' NOT NULL, "
    "`indexes` JSON DEFAULT '[]' NOT NULL, `listRule` TEXT DEFAULT NULL, "
    "`viewRule` TEXT DEFAULT NULL, `createRule` TEXT DEFAULT NULL, "
    "`updateRule` TEXT DEFAULT NULL, `deleteRule` TEXT DEFAULT NULL, "
    "`options` JSON DEFAULT '{}' NOT NULL, `created` TEXT DEFAULT " NOW " NOT NULL, "
    "`updated` TEXT DEFAULT " NOW " NOT NULL)",
    "CREATE INDEX idx__collections_type on `_collections` (`type`)",
    NULL,
};

static const char *const auxiliary_tables[] = {
    "CREATE TABLE `_logs` (`id` " ID_COLUMN ", "
    "`level` INTEGER DEFAULT 0 NOT NULL, `message` TEXT DEFAULT '' NOT NULL, "
    "`data` JSON DEFAULT '{}' NOT NULL, `created` TEXT DEFAULT " NOW " NOT NULL)",
    "CREATE INDEX idx_logs_level on `_logs` (`level`)",
    "CREATE INDEX idx_logs_message on `_logs` (`message`)",
    "CREATE INDEX idx_logs_created_hour on `_logs` (strftime('%Y-%m-%d %H:00:00', `created`))",
    NULL,
};

const struct db_dialect db_dialect_sqlite = {
    .name = "sqlite",
    .reserved = STR_INIT("sqlite_"),
    .ident = sqlite_ident,
    .param = sqlite_param,
    .text_literal = sqlite_text_literal,
    .bool_literal = sqlite_bool_literal,
    .is = " IS ",
    .is_not = " IS NOT ",
    .row_id = sqlite_row_id,
    .random_order = "RANDOM()",
    .json_each = sqlite_json_each,
    .json_each_param = sqlite_json_each_param,
    .json_extract = sqlite_json_extract,
    .json_extract_plain = sqlite_json_extract_plain,
    .json_length = sqlite_json_length,
    .equal_nocase = sqlite_equal_nocase,
    .lower = sqlite_lower,
    .like = sqlite_like,
    .like_around = sqlite_like_around,
    .sum = sqlite_sum,
    .only_number = sqlite_only_number,
    .geo_distance = sqlite_geo_distance,
    .strftime = sqlite_strftime,
    .real_text = sqlite_real_text,
    .like_match = sqlite_like_match,
    .column_def = sqlite_column_def,
    .create_table = sqlite_create_table,
    .create_index = sqlite_create_index,
    .create_view = sqlite_create_view,
    .one_to_list = sqlite_one_to_list,
    .list_to_one = sqlite_list_to_one,
    .data_tables = data_tables,
    .auxiliary_tables = auxiliary_tables,
    .optimize = "PRAGMA optimize",
    .compact = "VACUUM",
    .explain = "EXPLAIN QUERY PLAN ",
    .list_tables = "SELECT name, type, coalesce(sql, '') FROM sqlite_schema "
                   "WHERE type IN ('table', 'view') ORDER BY rowid",
    .list_columns = "SELECT name, type, \"notnull\", pk, dflt_value FROM pragma_table_info(?1) "
                    "ORDER BY cid",
    .list_indexes = "SELECT name, tbl_name, coalesce(sql, '') FROM sqlite_schema "
                    "WHERE type = 'index' AND (?1 = '' OR tbl_name = ?1 COLLATE NOCASE) "
                    "AND sql IS NOT NULL ORDER BY rowid",
    .list_definitions = "SELECT sql, type = 'table' FROM sqlite_schema "
                        "WHERE sql IS NOT NULL AND name NOT GLOB 'sqlite_*' ORDER BY rowid",
};
