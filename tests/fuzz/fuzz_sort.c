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
           str_has(cause, STR("ORDER BY term out of range")) ||
           str_has(cause, STR("the place has more values"));
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

/* Places of one value and of as many as a sort has at least, from both sides. */
static void engine_seeks(struct arena *a, const struct fuzz_site *site, struct query_spec spec)
{
    static const struct db_value values[] = {{.type = DB_TEXT, .s = STR_INIT("x")},
                                             {.type = DB_NULL}};
    struct query_seek seek = {.values = values};

    if (query_sort_is_random(spec.sort))
        return;
    spec.seek = &seek;
    for (unsigned i = 0; i < 24; i++) {
        seek.values = &values[i % 2];
        seek.n = i / 2 % 3 ? 1 : 0;
        if (i / 2 % 3 == 2 && i % 2 == 0 && spec.sort.n > 0)
            seek.n = 2;
        seek.inclusive = i / 6 % 2;
        seek.backward = i / 12;
        engine_takes(a, site, &spec);
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
    engine_seeks(a, site, spec);
    spec.want = QUERY_COUNT;
    engine_takes(a, site, &spec);
    return 0;
}
