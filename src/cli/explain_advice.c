/*
 * What would help with a statement that reads more than it looks for: an index, if any.
 */
#include "cli/explain.h"

/* Parameters count for lists only. */
static const struct schema_col *listed(const struct explain *x)
{
    return x->question->answer == explain_list ? x->col : NULL;
}

struct err *explain_advise(struct explain *x, struct str sql)
{
    const struct rec_list_params params = {.filter = explain_parameter(x, STR("filter")),
                                           .sort = explain_parameter(x, STR("sort")),
                                           .group_by = explain_parameter(x, STR("groupBy")),
                                           .aggregate = explain_parameter(x, STR("aggregate"))};
    const struct schema *schema = x->inspect.schema;
    struct db_conn *conn = x->inspect.conn;
    const struct schema_col *col = rec_statement_col(x->a, conn, schema, sql);
    struct rec_advice advice;
    struct rec_wants wants;
    struct err *err;

    if (!col)
        return NULL;
    rec_wants_find(x->a, conn, &x->actor, listed(x), &params, sql, &wants);
    err = rec_advise(x->a, conn, schema, col, &wants, &advice);
    if (!err && advice.index.p)
        explain_print_advice(x->out, &advice);
    return err;
}
