/*
 * One read transaction of the running thread, under a schema that holds.
 */
#include "api/internal.h"

struct reading {
    struct arena *arena;
    const struct schema *schema;
    struct db_conn *conn;
};

/* The version is db's to compare; a rule that was tightened does not show in it. */
static bool schema_holds(void *user)
{
    const struct reading *reading = user;

    return !schema_check_fresh(reading->arena, reading->schema, reading->conn);
}

struct err *api_read(const struct api_read *read)
{
    struct reading reading = {read->arena, read->schema, NULL};
    const struct db_expected expected = {read->schema->db_version, schema_holds, &reading};
    struct db_conn *conn;
    struct err *err = db_reader(read->arena, read->api->db, &conn);

    if (err)
        return err;
    reading.conn = conn;
    db_set_limits(conn, &read->limits);
    err = db_read_begin_at(read->arena, conn, &expected);
    if (!err) {
        err = read->run(read->user, conn);
        if (!db_read_end(conn)) /* whatever it has made of it */
            err = err_new(read->arena, E_STALE, NULL, "the schema changed");
    }
    *read->ret_version = db_schema_version(conn);
    db_set_limits(conn, NULL);
    return err;
}
