/*
 * What would help with a statement that reads more than it looks for: an index, if any.
 */
#include "cli/explain.h"

struct err *explain_advise(struct explain *x, const struct schema_col *listed,
                           const struct rec_list_params *params, struct str sql)
{
    const struct schema *schema = x->inspect.schema;
    struct db_conn *conn = x->inspect.conn;
    const struct schema_col *col = rec_statement_col(x->a, conn, schema, sql);
    struct rec_advice advice;
    struct rec_wants wants;
    struct err *err;

    if (!col)
        return NULL;
    rec_wants_find(x->a, conn, &x->actor, listed, params, sql, &wants);
    err = rec_advise(x->a, conn, schema, col, &wants, &advice);
    if (!err && advice.index.p)
        explain_print_advice(x->out, &advice);
    return err;
}
