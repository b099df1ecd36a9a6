/*
 * db/dialect: the one builder of SQL text, and how each engine spells what differs.
 *
 * Everything above db/ writes SQL through this: identifiers, parameters and every construct that is
 * not the same on all engines. SQL that is plain on all engines (SELECT, LEFT JOIN, AND, COALESCE,
 * EXISTS …) is appended as text.
 */
#ifndef REEVE_DB_DIALECT_H
#define REEVE_DB_DIALECT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/* Abstract column types: the engine maps them (data-dir.md 5.2). */
enum db_col_type {
    DB_COL_ID,     /* primary key text with the random fallback default */
    DB_COL_TEXT,   /* '' */
    DB_COL_BOOL,   /* false */
    DB_COL_NUMBER, /* 0 */
    DB_COL_JSON,   /* any JSON, nullable */
    DB_COL_GEO,    /* zero point */
    DB_COL_LIST,   /* JSON array of texts, '[]' */
};

struct db_col {
    struct str name;
    enum db_col_type type;
};

struct db_index_column {
    struct str name;
    bool is_expr;         /* name is SQL text, not an identifier */
    struct str collate;   /* or empty */
    struct str direction; /* ASC, DESC or empty */
};

/* A parsed CREATE INDEX (collections.md 7). */
struct db_index {
    bool unique;
    bool if_not_exists;
    struct str schema; /* or empty */
    struct str name;
    struct str table;
    const struct db_index_column *columns;
    size_t n_columns;
    struct str where; /* or empty */
};

struct db_dialect {
    const char *name;

    /* What names of the engine's own tables begin with; it refuses others of that name. */
    struct str reserved;
    /* Identifier, quoted. */
    void (*ident)(struct buf *out, struct str name);
    /* The placeholder of parameter number `n` (from 1). A number is compared as the engine's REAL.
     */
    void (*param)(struct buf *out, unsigned n);
    void (*text_literal)(struct buf *out, struct str text);
    void (*bool_literal)(struct buf *out, bool truth);

    /* `<x> IS <y>`: equality that treats NULLs as equal. With a space on both sides. */
    const char *is;
    const char *is_not;
    /* Row order of a base table, e.g. the hidden row id: "alias"."_rowid_". */
    void (*row_id)(struct buf *out, struct str alias);
    const char *random_order;

    /* J(c) of query-language.md 13.1 as a table expression with alias, whose column is `value`. */
    void (*json_each)(struct buf *out, struct str column, struct str alias);
    /* The same over a bound JSON array parameter. */
    void (*json_each_param)(struct buf *out, unsigned param, struct str alias);
    /* JX(c, path) of 5.3; path as in "$.a[0]" without the "$" (may be empty). */
    void (*json_extract)(struct buf *out, struct str column, struct str path);
    /* JSON_EXTRACT(c, '$' path) without the fallback: the simple resolver. */
    void (*json_extract_plain)(struct buf *out, struct str column, struct str path);
    /* LEN(c) of 6 (:length). */
    void (*json_length)(struct buf *out, struct str column);
    /* x = y without regard to ASCII case; serves itself of an index that ignores case. */
    void (*equal_nocase)(struct buf *out, struct str x, struct str y);
    /* LOWER, ASCII only. */
    void (*lower)(struct buf *out, struct str expr);
    /* x LIKE pattern ESCAPE '\', ASCII-case-insensitive. `not`: NOT LIKE. */
    void (*like)(struct buf *out, struct str expr, struct str pattern, bool not_like);
    /* '%' || expr || '%' as a pattern from a column. */
    void (*like_around)(struct buf *out, struct str expr);
    /* The aggregate that sums up numbers, as the engine's REAL: 0 of none, and without overflow. */
    void (*sum)(struct buf *out, struct str expr);
    /* x where its value is a number, else NULL. */
    void (*only_number)(struct buf *out, struct str expr);
    /* geoDistance (7.1); four expressions. */
    void (*geo_distance)(struct buf *out, const struct str expr[4]);
    /* strftime (7.2); n expressions from 1. */
    void (*strftime)(struct buf *out, const struct str *exprs, size_t n);

    /* What the engine makes of values, for those who evaluate without it. Any thread. */
    struct str (*real_text)(struct arena *a, double x); /* x as text; x is no NaN */
    /* text LIKE pattern ESCAPE '\'; a NUL follows both. False: it takes more than the bytes that
     * are *left to be looked at; what it took is gone from them. */
    bool (*like_match)(struct str pattern, struct str text, size_t *left, bool *ret);

    /* Definitions. */
    void (*column_def)(struct buf *out, struct str name, enum db_col_type type);
    /* Sorts `columns` by name, as PocketBase does. */
    void (*create_table)(struct buf *out, struct str name, struct db_col *columns, size_t n);
    void (*create_index)(struct buf *out, const struct db_index *index);
    void (*create_view)(struct buf *out, struct str name, struct str query);
    /* A column's value when its field turns from one value to many, and back (collections.md 12.5).
     */
    void (*one_to_list)(struct buf *out, struct str column);
    void (*list_to_one)(struct buf *out, struct str column);
    /* Statements that make the fixed tables of a fresh data.db and auxiliary.db; NULL ends a list.
     */
    const char *const *data_tables;
    const char *const *auxiliary_tables;
    /* After changes of tables, in a transaction of its own; NULL: the engine sees to it itself. */
    const char *optimize;
    /* A statement, outside of a transaction, that gives the space of deleted rows back. NULL: none.
     */
    const char *compact;

    /* Before a statement: its rows tell how it would be carried out, the last column in words.
     * Where there are more, the first two are the line's number and that of the line which it is
     * under, 0 or an unknown one for none. */
    const char *explain;

    /* Statements that look around; results by db_list_tables() and its like in db.h. */
    const char *list_tables;
    const char *list_columns; /* parameter 1: table */
    const char *list_indexes; /* parameter 1: table, or '' for all */
    /* The statements that make what is there but for the engine's own, and whether each makes a
     * table. */
    const char *list_definitions;
};

extern const struct db_dialect db_dialect_sqlite;

/* SQL for a connection from a template: [name] is an identifier, {n} parameter n. Lives in `a`. The
 * template is the program's own but for collection names, which are words. */
struct db_conn;
struct str db_sql(struct arena *a, const struct db_conn *conn, const char *template);

#endif
