/*
 * What the rule of rooms says. There is no record that it is about: it is asked of a collection of
 * which no field can be named, and of a row that is not stored.
 */
#include "realtime/internal.h"

#include <limits.h>
#include <pthread.h>

/* Compiled shapes refer to it for as long as a thread keeps them: it is the process's. */
static struct schema_col nothing;
static struct schema_field nothing_id;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_nothing(void)
{
    nothing_id.id = nothing_id.name = STR("id");
    nothing_id.type = field_type_find(STR("text"));
    nothing.name = STR("@reeve/rooms");
    nothing.fields = &nothing_id; /* which the map of names does not have */
    nothing.n_fields = 1;
    nothing.id_field = &nothing_id;
    nothing.number = UINT_MAX; /* as no collection */
}

static struct query_spec spec_of(const struct schema *schema, const struct db_dialect *dialect,
                                 const struct query_request *request,
                                 const struct query_virtual *row, struct str rule, int64_t now_ms)
{
    (void)pthread_once(&once, make_nothing);
    return (struct query_spec){.schema = schema,
                               .col = &nothing,
                               .request = request,
                               .dialect = dialect,
                               .want = QUERY_EXISTS,
                               .client_is_superuser = true,
                               .virtual_row = row,
                               .rule = rule,
                               .limit = -1,
                               .now_ms = now_ms};
}

static const struct db_value cells[] = {{.type = DB_TEXT, .s = STR_INIT("")}};
static const struct query_virtual row = {.cells = cells};

struct err *room_check_rule(struct arena *a, const struct db_dialect *dialect,
                            const struct schema *schema, struct str rule, int64_t now_ms)
{
    const struct query_request nobody = {0};
    const struct query_spec spec = spec_of(schema, dialect, &nobody, &row, rule, now_ms);
    struct query_sql sql;

    return rule.n > 0 ? query_compile(a, &spec, &sql) : NULL;
}

/* @request.query.room is the room's name, whatever else the client calls so. */
static struct query_request request_of(struct arena *a, const struct query_request *asked,
                                       struct str room)
{
    struct query_pair *pairs = ARENA_ARRAY(a, struct query_pair, asked->n_query + 1);
    struct query_request request = *asked;
    size_t n = 0;

    pairs[n++] = (struct query_pair){STR("room"), room};
    for (size_t i = 0; i < asked->n_query; i++)
        if (!str_eq(asked->query[i].name, STR("room")))
            pairs[n++] = asked->query[i];
    request.query = pairs;
    request.n_query = n;
    return request;
}

static struct err *ask(struct arena *a, struct db_conn *conn, const struct query_spec *spec,
                       bool *ret)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    enum query_verdict verdict;
    struct query_sql sql;
    struct err *err = query_compile(a, spec, &sql);

    *ret = false;
    if (err)
        return err;
    verdict = query_eval(a, &sql, cells);
    *ret = verdict == QUERY_YES;
    if (verdict != QUERY_CANNOT)
        return NULL;
    err = db_prepare_bound(a, conn, sql.text, sql.values, sql.n, &stmt);
    return err ? err : db_step(a, stmt, ret);
}

struct err *room_allows(struct arena *a, struct db_conn *conn, const struct rec_actor *actor,
                        struct str rule, struct str room, bool *ret)
{
    const struct query_request request = request_of(a, &actor->request, room);
    const struct query_spec spec = spec_of(actor->scope.schema, db_conn_dialect(conn), &request,
                                           &row, rule, actor->scope.now_ms);
    struct err *err;

    *ret = actor->superuser || rule.n == 0;
    if (*ret)
        return NULL;
    err = ask(a, conn, &spec, ret);
    return err && (err->kind == E_BAD_REQUEST || err->kind == E_FORBIDDEN) ? NULL : err;
}
