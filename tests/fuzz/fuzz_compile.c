/*
 * Filters compiled: first line who asks of what (a collection's name, "super" behind a blank for a
 * superuser's filter, else a client's), then the filter. What compiles is SQL that the engine
 * takes, with a value for each parameter; a comparison that is asked alone is refused when the
 * joined one is, in the same words.
 */
#include "fuzz/fuzz.h"

#include "base/json.h"
#include "fuzz/site.h"
#include "query/query.h"

#include <stdio.h>
#include <string.h>

/* Limits of the engine, which a list answers with 400. */
static bool is_limit(struct str cause)
{
    return str_has(cause, STR("at most 64 tables")) || str_has(cause, STR("too large")) ||
           str_has(cause, STR("parser stack overflow")) || str_has(cause, STR("too many"));
}

static void engine_takes(struct arena *a, struct db_conn *conn, const struct query_sql *sql)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct err *err = db_prepare(a, conn, sql->text, &stmt);

    if (err && !is_limit(err->cause)) {
        (void)fprintf(stderr, "%.*s\n%.*s\n", STR_ARG(err->cause), STR_ARG(sql->text));
        abort();
    }
    for (unsigned i = 0; i < sql->n && !err; i++)
        db_bind(stmt, i + 1, sql->values[i]);
}

static void same_refusal(struct arena *a, struct query_spec *spec, const struct err *err)
{
    struct query_sql sql;
    struct err *joined;

    spec->joins_only = true;
    joined = query_compile(a, spec, &sql);
    if (!err != !joined || (err && !str_eq(err->cause, joined->cause)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char body[] = "{\"title\":\"a\",\"n\":1,\"tags\":[\"x\",\"y\"],\"author\":\"z\","
                               "\"m\":[\"a\"],\"j\":{\"a\":[1]},\"files:isset\":null,\"n+\":1}";
    AUTO(arena_free) struct arena *a = arena_new();
    const struct fuzz_site *site = fuzz_site();
    struct query_request request = {.context = STR("default"), .method = STR("GET")};
    struct query_spec spec = {.schema = site->schema,
                              .request = &request,
                              .dialect = db_dialect(site->db),
                              .limit = 10,
                              .now_ms = FUZZ_NOW_MS};
    struct str filter = fuzz_text(data, size);
    struct str who = fuzz_first_line(&filter);
    struct query_sql sql;
    struct err *err;

    spec.col = schema_find(site->schema, str_split(&who, ' '));
    if (!spec.col || !json_read(a, str_of(body), &json_limits_body, &request.body, NULL))
        return 0;
    request.auth_col = schema_find(site->schema, STR("users"));
    request.auth_id = STR("user00000000001");
    spec.client_is_superuser = str_eq(who, STR("super"));
    spec.filter = filter;
    err = query_compile(a, &spec, &sql);
    if (!err)
        engine_takes(a, site->reader, &sql);
    same_refusal(a, &spec, err);
    return 0;
}
