/*
 * The unit of a delete (records.md 4, 12): who may, then remove.c.
 */
#include "records/draft.h"
#include "records/remove.h"
#include "records/rows.h"
#include "records/rules.h"
#include "records/version.h"

/* The row that shall go, under the rule. */
static struct err *judge_delete(const struct rec_draft *draft, struct rec_work *work)
{
    struct query_spec spec = rec_spec(work->tx, &draft->actor, work->col);
    struct rec_rows rows = {0};
    struct err *err;

    if (!draft->actor.superuser)
        spec.rule = rec_draft_rule(draft)->text;
    spec.id = draft->request.id.p ? draft->request.id : STR("");
    spec.limit = 1;
    err = rec_read_all(work->a, work->tx, &spec, &rows, NULL);
    if (err)
        return rec_rule_failed(work->a, err, E_NOT_FOUND, draft->request.is_leased);
    if (rows.n == 0)
        return err_new(work->a, E_NOT_FOUND, NULL, "no such record to delete");
    work->old = &rows.items[0];
    return rec_check_condition(work, &draft->request, work->old);
}

static struct err *rebase_delete(const struct rec_draft *draft, struct rec_work *work)
{
    struct rec *old;
    struct err *err = rec_find(work->a, work->tx, work->col, draft->request.id, &old);

    if (!err && !old)
        err = err_new(work->a, E_NOT_FOUND, NULL, "no such record to delete");
    if (err)
        return err;
    work->old = old;
    return rec_check_condition(work, &draft->request, old);
}

static struct err *delete_old(const struct rec_draft *draft, struct rec_work *work,
                              struct rec_written *ret)
{
    struct file_removal *files = rec_files_to_go(work->a, work->tx, work->scope->files, NULL);

    (void)draft;
    (void)ret; /* a delete answers nothing */
    return rec_remove_told(work->a, work->tx, work->scope, files, work->old, work->is_heard);
}

const struct rec_part rec_delete_part = {
    .kind = EVENT_RECORD_DELETE,
    .failed = "Failed to delete record. Make sure that the record is not part of a required "
              "relation reference.",
    .judge = judge_delete,
    .rebase = rebase_delete,
    .store = delete_old};
