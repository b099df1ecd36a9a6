/*
 * The unit of a draft: its parts in their order, with listeners among them where there are any.
 */
#include "records/draft.h"

struct err *rec_draft_run(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct rec_draft *draft = in;
    const struct rec_part *part = rec_part_of(draft);
    struct rec_written *written = ARENA_NEW(a, struct rec_written);
    struct rec_work work = rec_draft_work(draft, tx, a);
    struct err *err;

    if (rec_draft_is_heard(draft)) {
        if (db_is_grouped(tx)) /* somebody has begun to listen since it was submitted */
            return err_new(a, E_OVER_BUDGET, NULL, "listeners may take their time");
        err = rec_draft_run_inside(draft, tx, a, &written);
        *ret_out = written;
        return err;
    }
    *ret_out = written;
    err = part->judge(draft, &work);
    if (!err && part->form)
        err = part->form(draft, &work);
    return err ? err : part->store(draft, &work, written);
}
