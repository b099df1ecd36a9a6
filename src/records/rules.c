/*
 * Rules: who may, asked of the database (records.md 4, 13.1).
 */
#include "records/internal.h"

struct err *rec_check_rule(struct arena *a, const struct rec_actor *actor,
                           const struct schema_rule *rule)
{
    if (actor->superuser || rule->set)
        return NULL;
    return err_new(a, E_FORBIDDEN, REC_ONLY_SUPERUSERS, "the rule is null");
}

bool rec_is_free(const struct rec_actor *actor, const struct schema_rule *rule)
{
    return actor->superuser || (rule->set && rule->text.n == 0);
}

static struct err *any_row(struct arena *a, struct db_conn *conn, const struct query_sql *sql,
                           bool *ret)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct err *err;
    bool row;

    err = db_prepare_bound(a, conn, sql->text, sql->values, sql->n, &stmt);
    if (!err)
        err = db_step(a, stmt, &row);
    if (!err)
        *ret = row;
    return err;
}

/* cells: the row that the spec is about, NULL when it has not been read; with them the database is
 * asked only where it alone can tell. */
static struct err *matches(struct arena *a, struct db_conn *conn, const struct query_spec *spec,
                           const struct db_value *cells, bool *ret)
{
    enum query_verdict verdict = QUERY_CANNOT;
    struct query_sql sql;
    struct err *err;

    err = query_compile(a, spec, &sql);
    if (err)
        return err;
    if (cells)
        verdict = query_eval(a, &sql, cells);
    if (verdict == QUERY_CANNOT)
        return any_row(a, conn, &sql, ret);
    *ret = verdict == QUERY_YES;
    return NULL;
}

static struct err *stored_matches(struct arena *a, struct db_conn *conn,
                                  const struct rec_actor *actor, const struct schema_col *col,
                                  struct str id, struct str rule, const struct db_value *cells,
                                  bool *ret)
{
    struct query_spec spec = rec_spec(conn, actor, col);

    spec.want = QUERY_EXISTS;
    spec.id = id.p ? id : STR("");
    spec.rule = rule;
    return matches(a, conn, &spec, cells, ret);
}

struct err *rec_matches(struct arena *a, struct db_conn *conn, const struct rec_actor *actor,
                        const struct schema_col *col, struct str id, struct str rule, bool *ret)
{
    return stored_matches(a, conn, actor, col, id, rule, NULL, ret);
}

struct err *rec_row_matches(struct arena *a, struct db_conn *conn, const struct rec_actor *actor,
                            const struct rec *rec, struct str rule, bool *ret)
{
    return stored_matches(a, conn, actor, rec->col, rec_id(rec), rule, rec->cells, ret);
}

struct err *rec_virtual_matches(struct arena *a, struct db_conn *conn,
                                const struct rec_actor *actor, const struct schema_col *col,
                                struct str rule, const struct db_value *cells, bool *ret)
{
    const struct query_virtual row = {.cells = cells};
    struct query_spec spec = rec_spec(conn, actor, col);

    spec.want = QUERY_EXISTS;
    spec.virtual_row = &row;
    spec.rule = rule;
    return matches(a, conn, &spec, cells, ret);
}

struct err *rec_manages(struct arena *a, struct db_conn *conn, const struct rec_actor *actor,
                        const struct schema_col *col, struct str id, const struct db_value *cells,
                        bool *ret)
{
    struct str rule;
    struct err *err;

    *ret = actor->superuser;
    if (actor->superuser || !actor->auth || !rec_is_auth(col))
        return NULL;
    rule = col->auth->manage_rule.text;
    if (!col->auth->manage_rule.set || rule.n == 0)
        return NULL;
    err = cells ? rec_virtual_matches(a, conn, actor, col, rule, cells, ret)
                : rec_matches(a, conn, actor, col, id, rule, ret);
    if (!err || err->kind != E_BAD_REQUEST)
        return err;
    *ret = false;
    return NULL;
}
