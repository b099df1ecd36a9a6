/*
 * A data directory that is only looked at: data.db is opened as it is, or not at all.
 */
#include "cli/inspect.h"

#include "query/query.h"

struct err *inspect_open(struct arena *a, const struct options *options, struct inspect *ret)
{
    const struct db_conf conf = {.path = arena_concat(a, options->dir, STR("/data.db"), STR_NONE),
                                 .create = false,
                                 .query_timeout_s = (unsigned)options->query_timeout_s,
                                 .ops = options->engine};
    struct err *err;

    *ret = (struct inspect){0};
    err = db_open(a, &conf, &ret->db);
    if (!err)
        err = db_reader(a, ret->db, &ret->conn);
    if (!err)
        err = db_read_begin(a, ret->conn);
    if (!err)
        err = schema_load(a, ret->conn, &ret->schema);
    return err;
}

void inspect_close(struct inspect *inspect)
{
    if (inspect->conn)
        (void)db_read_end(inspect->conn); /* expects no version, so it cannot be stale */
    schema_unref(TAKE(inspect->schema));
    query_cache_release();
    db_close(TAKE(inspect->db)); /* and the connection with it */
}
