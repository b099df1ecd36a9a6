/*
 * query: the filter language (compat query-language.md): lexed, parsed, resolved against a schema
 * snapshot and compiled to parameterised SQL; sort and expand paths.
 *
 * Parsing gives a tree that prints back to its text. Compiling takes a query_spec and yields SQL
 * and values. What compiles once is kept per thread (query_cache) under the parsed shape, a class
 * for each value and the schema generation, so a repeated query costs a look-up.
 */
#ifndef REEVE_QUERY_QUERY_H
#define REEVE_QUERY_QUERY_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "db/db.h"
#include "schema/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- parsing --------------------------------------------------------------------------------- */

struct query_node; /* a parsed filter: query/ast.h */

/* False: *ret_why is PocketBase's "raw error text" (query-language.md 16), without the place. */
bool query_parse(struct arena *a, struct str text, struct query_node **ret, struct str *ret_why);
struct str query_print(struct arena *a, const struct query_node *node);
bool query_eq(const struct query_node *x, const struct query_node *y);

/* --- who asks -------------------------------------------------------------------------------- */

struct query_pair {
    struct str name; /* of a header: snake-cased (x_token) */
    struct str value;
};

/* What @request.* sees (records.md 3.7). */
struct query_request {
    struct str context, method;
    const struct query_pair *query;
    size_t n_query;
    const struct query_pair *headers;
    size_t n_headers;
    const struct json *body; /* an object, or NULL */
    /* it holds fields converted to their types (records.md 3.7): JSON and points are texts then */
    bool body_is_resolved;
    /* the authenticated record, or auth_col NULL for a guest */
    const struct schema_col *auth_col;
    struct str auth_id, auth_email;
    bool auth_verified, auth_email_visibility;
};

/* --- compiling ------------------------------------------------------------------------------- */

/* A row that is not stored, or not as it is asked about: the create rule runs against one
 * (records.md 4). Its cells have no affinity. */
struct query_virtual {
    const struct db_value *cells; /* one a field, in the collection's order */
    bool was_stored; /* so that others may refer to it; else it has no back relations */
};

struct query_groups;
struct query_column;

/*
 * A place in the order of a list, where a part of it begins: cursors (keyset pagination). The order
 * is made one of its own for each row by a key behind those of the sort, and the rows have a column
 * more for each key, behind their fields.
 */
struct query_seek {
    const struct db_value *values; /* of the first n keys, as an earlier row had them */
    unsigned n;                    /* 0: the list's own begin */
    bool inclusive;                /* rows at the place itself, too */
    bool backward;                 /* rows before it, in the opposite order: 0 values, its end */
    bool keys_only;                /* the columns of the keys and no others */
    bool is_clients;               /* the value is one that the client names */
};

enum query_want {
    QUERY_ROWS,  /* all fields of the base rows, in the collection's order of fields */
    QUERY_COUNT, /* one number */
    QUERY_EXISTS /* one row, 1, when there is any */
};

struct query_spec {
    const struct schema *schema;
    const struct schema_col *col;
    const struct query_request *request; /* NULL: every @request.* is NULL */
    const struct db_dialect *dialect;
    enum query_want want;
    bool client_is_superuser; /* lifts the restrictions of section 14 from filter and sort */
    const struct query_virtual *virtual_row;
    /* conditions, ANDed; empty ones are no condition */
    struct str rule;       /* an API rule: everything allowed */
    struct str filter;     /* a client's */
    struct str id;         /* p not NULL: the base row with this id */
    const struct str *ids; /* not NULL: base rows whose id is one of n_ids */
    size_t n_ids;
    const struct schema_field *ref_field; /* not NULL: rows whose relation holds one of ids */
    /* Order and range, of QUERY_ROWS. A count wants the sort too: a client's sort by fields of
     * other collections leaves rows out whose related records their list rule hides. */
    struct str sort;
    const struct query_seek *seek;     /* of QUERY_ROWS; NULL: none */
    const struct query_groups *groups; /* not of rows: query/groups.h; `sort` is empty then */
    int64_t limit;                     /* below 0: none */
    bool stops; /* of a limit: the reader takes no more rows than that, though there may be some */
    int64_t offset; /* only with a limit */
    /* What @now and its like mean, and the "now" of strftime() unless it stands in a column, which
     * the engine reads by its own clock: of the request, however often it runs. */
    int64_t now_ms;
    bool joins_only; /* nothing is rewritten (rewrite.c): what tests compare that with */
};

struct query_sql {
    struct str text;
    struct db_value *values; /* parameters 1..n */
    unsigned n;
    const struct query_program *program; /* for query_eval(); NULL: only the database can tell */
    int64_t now_ms;                      /* the spec's, for query_eval() */
    const struct query_column *columns;  /* of groups: one a column */
};

/* In the arena; `text` may belong to the thread's cache and lives until its next query_compile() of
 * another shape, so prepare at once. Errors: E_BAD_REQUEST whose cause is the raw error text, with
 * the line, the column and what stands there behind it where rule or filter is to blame;
 * E_FORBIDDEN with its message for section 14's superuser-only identifiers. */
MUST_CHECK struct err *query_compile(struct arena *a, const struct query_spec *spec,
                                     struct query_sql *ret);

/* Whether a row satisfies what was compiled for QUERY_EXISTS, without the database: rule and
 * filter, with the values they were compiled with. cells: one a field, as stored, or the virtual
 * row's. QUERY_CANNOT: the SQL has to be asked, as it has where there is no program: conditions
 * about other tables, odd values whose meaning is the engine's secret, its clock. The other two are
 * what the SQL would say. `scratch` is left with what was needed on the way. Lives as long as
 * sql->text. */
enum query_verdict { QUERY_NO, QUERY_YES, QUERY_CANNOT };
enum query_verdict query_eval(struct arena *scratch, const struct query_sql *sql,
                              const struct db_value *cells);

/* What of a query an index could serve. */
enum query_use_kind {
    QUERY_USE_BACK,  /* col's records are looked for by the one that field points to */
    QUERY_USE_EQUAL, /* field = x in each row that is found, x the same for all rows */
    QUERY_USE_RANGE, /* field < x, or <=, >, >= */
    QUERY_USE_ORDER, /* a key of the sort, after those before it; all of them are here, or none */
};
struct query_use {
    enum query_use_kind kind;
    const struct schema_col *col;
    const struct schema_field *field; /* of col: a column that is stored */
    bool descending;                  /* of an order */
};
struct query_uses {
    struct query_use *items; /* back-relations, conditions as they stand, then the order */
    size_t n, cap;
};
/* In `a`, read from what the spec compiles to, past the cache: not for each request. Errors: of
 * query_compile(). */
MUST_CHECK struct err *query_uses(struct arena *a, const struct query_spec *spec,
                                  struct query_uses *ret);

/* Frees the calling thread's cache. It goes with its thread anyway; the process's first thread,
 * which has no such end, calls this. */
void query_cache_release(void);

/* Whether a sort has @random among its keys. */
bool query_sort_is_random(struct str sort);

/* The 403 of section 14, or NULL: a client's raw filter and sort, checked before parsing. */
MUST_CHECK struct err *query_check_identifiers(struct arena *a, struct str filter, struct str sort);

/* --- expand ---------------------------------------------------------------------------------- */

/* A merged tree of the requested paths (section 8); children of the root are first segments. Since
 * a failing level discards its whole path, each node lists the paths that go through it. */
struct query_expand {
    struct str name;
    struct query_expand *children; /* first child */
    struct query_expand *next;     /* next sibling */
};

/* Returns the first node, or NULL when nothing is left to expand. */
struct query_expand *query_expand_parse(struct arena *a, struct str text);

/* What a segment means at a collection: field of col, or back-relation X_via_F / X(F). */
struct query_hop {
    const struct schema_col *target;  /* the collection of the records it leads to */
    const struct schema_field *field; /* of col, or of target for a back-relation */
    bool back;
    bool single; /* an object and not a list in the answer */
};
bool query_hop_resolve(const struct schema *schema, const struct schema_col *col,
                       struct str segment, struct query_hop *ret);

#endif
