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

static struct err *any_row(struct arena *a, struct db_conn *conn, const struct query_spec *spec,
                           bool *ret)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    struct err *err;
    bool row;

    err = rec_open(a, conn, spec, &stmt);
    if (!err)
        err = db_step(a, stmt, &row);
    if (!err)
        *ret = row;
    return err;
}

struct err *rec_matches(struct arena *a, struct db_conn *conn, const struct rec_actor *actor,
                        const struct schema_col *col, struct str id, struct str rule, bool *ret)
{
    struct query_spec spec = rec_spec(conn, actor, col);

    spec.want = QUERY_EXISTS;
    spec.id = id.p ? id : STR("");
    spec.rule = rule;
    return any_row(a, conn, &spec, ret);
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
    return any_row(a, conn, &spec, ret);
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
