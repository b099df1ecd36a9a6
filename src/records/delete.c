/*
 * The unit of a delete (records.md 4, 12): who may, then remove.c.
 */
#include "records/draft.h"
#include "records/rows.h"
#include "records/rules.h"
#include "records/version.h"

struct err *rec_delete_run(const struct rec_draft *draft, struct rec_work *work,
                           struct rec_written *ret)
{
    struct query_spec spec = rec_spec(work->tx, &draft->actor, work->col);
    struct rec_rows rows = {0};
    struct err *err;

    (void)ret; /* a delete answers nothing */
    if (!draft->actor.superuser)
        spec.rule = work->col->delete_rule.text;
    spec.id = draft->request.id.p ? draft->request.id : STR("");
    spec.limit = 1;
    err = rec_read_all(work->a, work->tx, &spec, &rows);
    if (err)
        return rec_rule_failed(work->a, err, E_NOT_FOUND, draft->request.is_leased);
    if (rows.n == 0)
        return err_new(work->a, E_NOT_FOUND, NULL, "no such record to delete");
    err = rec_check_condition(work, &draft->request, &rows.items[0]);
    if (err)
        return err;
    return rec_remove(work->a, work->tx, work->scope,
                      rec_files_to_go(work->a, work->tx, work->scope->files), &rows.items[0]);
}
