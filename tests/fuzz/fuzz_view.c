/*
 * A view's query: what the scanner says of its names, and what the engine makes of it. A query that
 * is accepted is one statement that writes nothing: the view it becomes leaves the schema behind as
 * it was, once it is dropped.
 */
#include "fuzz/fuzz.h"

#include "base/limits.h"
#include "fuzz/site.h"
#include "schema/view_scan.h"

static int64_t count(struct arena *a, struct db_conn *tx)
{
    struct str sql = STR("SELECT (SELECT COUNT(*) FROM sqlite_master) * 1000 + "
                         "(SELECT COUNT(*) FROM _collections) + (SELECT COUNT(*) FROM posts)");
    struct db_row *row;

    if (db_query_row(a, tx, sql, NULL, 0, &row))
        abort();
    return row->cells[0].i;
}

static struct err *unit(struct db_conn *tx, const void *in, struct arena *a, void **ret)
{
    const struct str *query = in;
    struct schema_def *def = schema_def_new(a, STR("view"), STR("a_view"));
    struct str select = STR_NONE, why = STR_NONE;
    int64_t before = count(a, tx);
    struct err *err;

    (void)ret;
    def->view_query = *query;
    err = schema_infer_view(a, tx, fuzz_site()->schema, def, &select, &why);
    if (!err && !why.p)
        err = schema_sample_view(a, tx, select, &why);
    if (count(a, tx) != before)
        abort();
    return err ? err : err_new(a, E_BAD_REQUEST, NULL, "taken back");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct str query = fuzz_text(data, size);
    struct view_idents columns = {0}, tables = {0};
    struct db_lease lease = {.timeout_s = 5};
    struct str why = STR_NONE;

    (void)view_scan(a, query, &columns, &tables, &why);
    if (!db_run_leased(a, fuzz_site()->db, &lease, unit, &query, NULL))
        abort();
    return 0;
}
