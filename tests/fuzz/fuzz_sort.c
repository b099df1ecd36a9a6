/*
 * Sorts: first line the collection, then the parameter. What compiles is SQL that the engine takes,
 * a count of the same included.
 */
#include "fuzz/fuzz.h"

#include "fuzz/site.h"
#include "query/query.h"

#include <stdio.h>

/* What a list answers with 400: too many tables, or a term that is a number, as that of
 * @request.body.n:changed is. */
static bool is_refused(struct str cause)
{
    return str_has(cause, STR("at most 64 tables")) ||
           str_has(cause, STR("ORDER BY term out of range"));
}

static void engine_takes(struct arena *a, const struct fuzz_site *site,
                         const struct query_spec *spec)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct query_sql sql;
    struct err *err = query_compile(a, spec, &sql);

    if (!err)
        err = db_prepare(a, site->reader, sql.text, &stmt);
    if (err && !is_refused(err->cause)) {
        (void)fprintf(stderr, "%.*s\n", STR_ARG(err->cause));
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_free) struct arena *a = arena_new();
    const struct fuzz_site *site = fuzz_site();
    struct query_request request = {.context = STR("default"), .method = STR("GET")};
    struct query_spec spec = {.schema = site->schema,
                              .request = &request,
                              .dialect = db_dialect(site->db),
                              .limit = 10,
                              .now_ms = FUZZ_NOW_MS};
    struct str sort = fuzz_text(data, size);
    struct query_sql sql;

    spec.col = schema_find(site->schema, fuzz_first_line(&sort));
    spec.sort = sort;
    if (!spec.col || sort.n == 0 || query_compile(a, &spec, &sql))
        return 0;
    engine_takes(a, site, &spec);
    spec.client_is_superuser = true;
    engine_takes(a, site, &spec);
    spec.want = QUERY_COUNT;
    engine_takes(a, site, &spec);
    return 0;
}
