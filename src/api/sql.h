/*
 * api/sql: what a query of the SQL console asks for, and how its answer looks (services.md 10).
 */
#ifndef REEVE_API_SQL_H
#define REEVE_API_SQL_H

#include "api/internal.h"

#define SQL_QUERY_BYTES 5000
#define SQL_ROWS 1000
#define SQL_TIMEOUT_S 180

struct sql_ask {
    struct str query; /* as it is run */
    bool read_only;
    bool writes; /* by its first word */
    bool counts_more;
    unsigned max_rows;
    unsigned timeout_s;
    const struct db_console_value *values;
    size_t n_values;

    /* what has come of it */
    uint64_t took_ms;
    struct db_console_told told;
    unsigned n_columns;
    bool *are_times; /* by column */
    bool has_rows;
};

/* sql_ask.c: reads the body; errors are the answer's. */
MUST_CHECK struct err *sql_ask_read(struct api_call *call, struct sql_ask *ret);
/* What a statement that failed is answered with. */
MUST_CHECK struct err *sql_failed(struct api_call *call, struct str cause);

/* sql_params.c */
/* Values for the parameters of the query as it is run; given: an object or a list. An error has an
 * item for each that is missing, or is no parameter. */
MUST_CHECK struct err *sql_params_read(struct arena *a, struct str query, const struct json *given,
                                       struct sql_ask *ask);
/* The query with the names of tables and columns in their brackets quoted, and each {:name} as
 * :name, as far as `given`, NULL: nothing, has such a member. False: *ret is the name of one that
 * it has not. */
bool sql_unbracket(struct arena *a, struct str query, const struct json *given, struct str *ret);

/* sql_cells.c: a cell as PocketBase's driver tells it, as JSON. */
void sql_cell_write(struct buf *out, const struct db_value *cell, bool is_time);
/* Whether texts of a column of that declared type are times to it. */
bool sql_type_is_time(struct str type);

#endif
