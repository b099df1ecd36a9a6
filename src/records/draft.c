/*
 * A write in two halves: the draft, made where the request is, and the unit of work.
 *
 * Invariants
 *  1. What is random or read from the clock is in the draft, so that a unit gives the same rows and
 *     the same answer each time it runs on the same data.
 *  2. Hashes, files and slow patterns are steps of the draft, for a pool thread; a unit repeats one
 *     only where it is leased, and for a row that is not the one that was read.
 *  3. A unit changes nothing in its draft.
 *  4. What depends on no stored row is done in the draft: units share one writer.
 */
#include "records/draft.h"

#include "base/crypto.h"
#include "records/fresh.h"
#include "records/rules.h"
#include "records/values.h"

#define BCRYPT_COST 10 /* where the field names none */

/* --- making it -------------------------------------------------------------------------------- */

static struct err *match_texts(struct arena *a, struct rec_draft *draft)
{
    struct err *err = rec_matches_run(a, draft->matches, draft->request.gone);

    if (err || draft->request.action != REC_CREATE)
        return err;
    return rec_create_prepare(a, draft);
}

/* Nothing is left but patterns, which are left as well where they are slow. */
static struct err *finish_draft(struct arena *a, struct rec_draft *draft)
{
    if (draft->request.action == REC_CREATE)
        rec_matches_gather(a, draft->request.col, &draft->edits, false, NULL, draft->matches);
    return rec_matches_pending(draft->matches) ? NULL : match_texts(a, draft);
}

static void read_submitted(struct arena *a, struct rec_draft *draft)
{
    const struct rec_request *request = &draft->request;
    struct rec_edits *edits = &draft->edits;

    rec_edits_parse(a, request->col, request->body, draft->actor.superuser, edits);
    rec_uploads_find(a, request, draft->actor.superuser, &draft->uploads);
    draft->looked = draft->uploads.n == 0;
    if (request->col->auth) {
        rec_form_parse(a, request->body, &draft->form);
        if (request->action == REC_UPDATE) {
            draft->token_key = rec_new_token_key(a, request->col);
            draft->asks_old =
                !draft->actor.superuser && draft->form.old_password.n > 0 && draft->form.changes;
        }
    }
    draft->needs_hash = draft->asks_old;
    for (size_t i = 0; i < edits->n; i++)
        if (edits->items[i].field->type->kind == FIELD_PASSWORD &&
            edits->items[i].value.plain.n > 0)
            draft->needs_hash = true;
}

struct err *rec_draft_new(struct arena *a, const struct rec_request *request,
                          struct rec_draft **ret)
{
    struct rec_draft *draft = ARENA_NEW(a, struct rec_draft);
    struct err *err;

    draft->request = *request;
    draft->actor = *request->actor;
    draft->actor.request.body = request->body;
    draft->matches = rec_matches_new(a, request->matches);
    draft->looked = true;
    if (request->col->type == SCHEMA_VIEW)
        return err_new(a, E_BAD_REQUEST, "Unsupported collection type.", "a view");
    err = rec_check_rule(a, &draft->actor, rec_draft_rule(draft));
    if (err)
        return err;
    *ret = draft;
    if (request->action == REC_DELETE)
        return NULL;
    read_submitted(a, draft);
    if (request->action != REC_CREATE || draft->needs_hash || !draft->looked)
        return NULL;
    return finish_draft(a, draft);
}

/* --- its steps -------------------------------------------------------------------------------- */

struct err *rec_draft_read(struct arena *a, struct db_conn *conn, struct rec_draft *draft)
{
    const struct schema_col *col = draft->request.col;
    struct rec *rec = NULL;
    struct err *err;

    if (draft->request.action != REC_UPDATE)
        return NULL;
    if (draft->asks_old || rec_matches_need_row(col, &draft->edits)) {
        err = rec_find(a, conn, col, draft->request.id, &rec);
        if (err || !rec)
            return err; /* no record: the unit says so */
    }
    if (draft->asks_old) {
        draft->old_hash = rec_text(a, rec, col->auth->password);
        draft->old_read = true;
    }
    rec_matches_gather(a, col, &draft->edits, true, rec, draft->matches);
    return finish_draft(a, draft);
}

static struct err *hash_passwords(struct arena *a, struct rec_draft *draft)
{
    draft->needs_hash = false;
    if (draft->old_read)
        draft->old_matches = bcrypt_check(draft->form.old_password, draft->old_hash);
    for (size_t i = 0; i < draft->edits.n; i++) {
        const struct schema_field *field = draft->edits.items[i].field;
        struct value *value = &draft->edits.items[i].value;
        int cost = (int)field->password.cost;

        if (field->type->kind != FIELD_PASSWORD || value->plain.n == 0)
            continue;
        value->changed = true;
        if (!bcrypt_hash(a, value->plain, cost ? cost : BCRYPT_COST, &value->text))
            value->text = STR_NONE; /* reported when the field is checked */
    }
    return !draft->looked ? NULL : finish_draft(a, draft);
}

static struct err *look_at_uploads(struct arena *a, struct rec_draft *draft)
{
    struct rec_request *request = &draft->request;
    struct err *err = rec_uploads_look(a, &draft->uploads);

    if (err)
        return err;
    draft->looked = true;
    rec_uploads_edit(a, &draft->uploads, request->body, &draft->edits);
    request->body = rec_uploads_body(a, &draft->uploads, request->body);
    draft->actor.request.body = request->body;
    if (request->action == REC_CREATE)
        rec_matches_gather(a, request->col, &draft->edits, false, NULL, draft->matches);
    err = match_texts(a, draft); /* this thread may take its time */
    /* the unit has the last word on what else is wrong, or a listener mends it */
    draft->stores = !draft->field_items || rec_draft_is_heard(draft);
    return err;
}

/* What a unit that is leased is about may not be there before it. */
static bool is_to_be_judged(const struct rec_draft *draft)
{
    return draft->stores && !draft->is_judged && !draft->request.is_leased;
}

struct err *rec_draft_judge(struct arena *a, struct db_conn *conn, struct rec_draft *draft)
{
    struct rec_work work = rec_draft_work(draft, conn, a);
    struct err *err = rec_part_of(draft)->judge(draft, &work);

    draft->is_judged = !err;
    return err;
}

static struct err *store_uploads(struct arena *a, struct rec_draft *draft)
{
    const struct schema_col *col = draft->request.col;
    struct str id = draft->request.id;
    struct err *err;

    draft->stores = false;
    if (draft->values)
        id = draft->values[col->id_field->at].text;
    err = rec_uploads_store(a, &draft->uploads, draft->actor.scope.files, col->id, id,
                            draft->values, draft->request.gone);
    return err_say(err, rec_part_of(draft)->failed);
}

enum rec_next rec_draft_next(const struct rec_draft *draft)
{
    if (draft->needs_hash)
        return REC_HASH;
    if (!draft->looked)
        return REC_LOOK;
    if (draft->request.action == REC_CREATE ? !draft->values : rec_matches_pending(draft->matches))
        return REC_MATCH;
    if (is_to_be_judged(draft))
        return REC_JUDGE;
    if (draft->stores)
        return REC_STORE;
    if (rec_draft_is_heard(draft))
        return REC_HEARD;
    return rec_draft_is_leased(draft) ? REC_LEASED : REC_RUN;
}

struct err *rec_draft_go_on(struct arena *a, struct rec_draft *draft)
{
    switch (rec_draft_next(draft)) {
    case REC_HASH:
        return hash_passwords(a, draft);
    case REC_LOOK:
        return look_at_uploads(a, draft);
    case REC_MATCH:
        return match_texts(a, draft);
    case REC_STORE:
        return store_uploads(a, draft);
    case REC_JUDGE:
    case REC_HEARD:
    case REC_LEASED:
    case REC_RUN:
        break;
    }
    BUG("not a step without a transaction");
}

void rec_draft_discard(struct rec_draft *draft)
{
    if (draft->actor.scope.files)
        rec_uploads_discard(&draft->uploads, draft->actor.scope.files);
}
