/*
 * What an action consists of, and what each run of a draft starts from.
 */
#include "records/draft.h"
#include "records/heard.h"
#include "records/remove.h"

const struct schema_rule *rec_draft_rule(const struct rec_draft *draft)
{
    const struct rec_request *request = &draft->request;

    if (request->rule)
        return request->rule;
    switch (request->action) {
    case REC_CREATE:
        return &request->col->create_rule;
    case REC_UPDATE:
        return &request->col->update_rule;
    case REC_DELETE:
        return &request->col->delete_rule;
    }
    BUG("not an action");
}

bool rec_draft_is_leased(const struct rec_draft *draft)
{
    return draft->request.action == REC_DELETE && rec_cascades(draft->request.col);
}

const struct rec_part *rec_part_of(const struct rec_draft *draft)
{
    static const struct rec_part *const parts[] = {
        [REC_CREATE] = &rec_create_part,
        [REC_UPDATE] = &rec_update_part,
        [REC_DELETE] = &rec_delete_part,
    };

    return parts[draft->request.action];
}

struct rec_work rec_draft_work(const struct rec_draft *draft, struct db_conn *tx, struct arena *a)
{
    return (struct rec_work){.a = a,
                             .tx = tx,
                             .scope = &draft->actor.scope,
                             .col = draft->request.col,
                             .token_key = draft->token_key,
                             .uploads = &draft->uploads};
}

bool rec_draft_is_heard(const struct rec_draft *draft)
{
    return rec_hears(&draft->actor.scope, rec_part_of(draft)->kind, EVENT_ANY_STAGE,
                     draft->request.col);
}
