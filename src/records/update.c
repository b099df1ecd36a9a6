/*
 * The unit of an update (records.md 4, 6, 7): modifiers, rules and checks are about the row as it
 * is by then.
 */
#include "base/crypto.h"
#include "records/check.h"
#include "records/draft.h"
#include "records/files.h"
#include "records/read.h"
#include "records/rules.h"
#include "records/save.h"
#include "records/values.h"
#include "records/version.h"

#include <string.h>

#define UPDATE_FAILED "Failed to update record."

static struct err *load_old(const struct rec_draft *draft, struct rec_work *work)
{
    struct rec *old;
    struct err *err;

    err = rec_find(work->a, work->tx, work->col, draft->request.id, &old);
    if (err)
        return err;
    if (!old)
        return err_new(work->a, E_NOT_FOUND, NULL, "no such record to update");
    work->old = old;
    work->old_values = rec_load(work->a, old);
    work->values = ARENA_ARRAY(work->a, struct value, work->col->n_fields);
    memcpy(work->values, work->old_values, work->col->n_fields * sizeof(*work->values));
    return NULL;
}

/* The record as it shall be. */
static struct err *edit_values(const struct rec_draft *draft, struct rec_work *work)
{
    rec_edits_apply(work->a, &draft->edits, work->values);
    if (rec_matches_apply(draft->matches, work->col, work->values))
        return NULL;
    if (!db_is_tx(work->tx))
        return NULL; /* the check matches it, and this thread may take its time */
    if (db_is_grouped(work->tx))
        return err_new(work->a, E_OVER_BUDGET, NULL, "a text changed since it was matched");
    return db_check_limits(work->a, work->tx);
}

static struct err *check_update_rule(const struct rec_draft *draft, const struct rec_work *work)
{
    const struct schema_rule *rule = rec_draft_rule(draft);
    const struct rec_actor *actor = work->actor;
    struct err *err;
    bool ok;

    if (rec_is_free(actor, rule))
        return NULL;
    err = rec_row_matches(work->a, work->tx, actor, work->old, rule->text, &ok);
    if (err)
        return rec_rule_failed(work->a, err, E_NOT_FOUND, draft->request.is_leased);
    return ok ? NULL : err_new(work->a, E_NOT_FOUND, NULL, "the update rule is not satisfied");
}

/* The hash may be another by now than the one that was compared: then all begins again; but a unit
 * that has itself changed it, or made the record, would never come to an end that way. */
static struct err *compare_old(const struct rec_draft *draft, const struct rec_work *work,
                               bool *ret)
{
    struct str hash = work->old_values[work->col->auth->password->at].text;

    *ret = draft->old_matches;
    if (!draft->asks_old || (draft->old_read && str_eq(draft->old_hash, hash)))
        return NULL;
    if (draft->request.is_leased)
        *ret = bcrypt_check(draft->form.old_password, hash);
    else if (draft->old_read)
        return err_new(work->a, E_STALE, NULL, "the password changed since it was compared");
    return NULL;
}

static struct err *judge_update(const struct rec_draft *draft, struct rec_work *work)
{
    struct rec_actor *actor;
    struct err *err = load_old(draft, work);

    if (!err)
        err = edit_values(draft, work);
    if (err)
        return err;
    work->actor = &draft->actor;
    if (!draft->actor.superuser) {
        actor = ARENA_NEW(work->a, struct rec_actor);
        *actor = draft->actor;
        actor->request.body_is_resolved = true;
        actor->request.body =
            rec_resolved_body(work->a, work->col, draft->request.body, false, work->values);
        work->actor = actor;
    }
    err = check_update_rule(draft, work);
    return err ? err : rec_check_condition(work, &draft->request, work->old);
}

static struct err *check_update_form(const struct rec_draft *draft, const struct rec_work *work)
{
    const struct schema_col *col = work->col;
    bool manages, matches = draft->old_matches;
    struct err *items = NULL;
    struct err *err;

    if (!col->auth)
        return NULL;
    /* asked of the id as submitted: who changes it manages nothing */
    err = rec_manages(work->a, work->tx, work->actor, col, work->values[col->id_field->at].text,
                      NULL, &manages);
    if (!err && !manages)
        err = compare_old(draft, work, &matches);
    if (!err)
        rec_form_check(work, &draft->form, manages, matches, &items);
    return err_say(err ? err : items, UPDATE_FAILED);
}

/* What others have changed since stays changed, unless it was changed here, too. */
static struct err *rebase_update(const struct rec_draft *draft, struct rec_work *work)
{
    const struct value *wanted = work->values;
    const struct db_value *was = rec_store(work->a, work->col, work->old_values);
    const struct db_value *shall_be = rec_store(work->a, work->col, wanted);
    struct err *err = load_old(draft, work);

    if (err)
        return err;
    for (size_t i = 0; i < work->col->n_fields; i++)
        if (!db_value_eq(was[i], shall_be[i]))
            work->values[i] = wanted[i];
    return rec_check_condition(work, &draft->request, work->old);
}

static struct err *store_updated(const struct rec_draft *draft, struct rec_work *work,
                                 struct rec_written *ret)
{
    const struct rec_request *request = &draft->request;
    const struct rec_shape shape = {request->expand, request->picker};
    struct err *items = NULL;
    struct rec *rec;
    struct err *err;

    if (!work->is_heard)
        rec_check_fields(work, &items);
    err = rec_save(work, items, &rec);
    if (!err)
        err = rec_uploads_check_stored(work->a, work->uploads, rec_id(rec), work->values);
    if (err)
        return err_say(err, UPDATE_FAILED);
    if (work->cells) { /* else a listener has kept it as it was */
        ret->now = rec;
        rec_files_replaced(work, work->scope->files);
    }
    err = rec_version_now(work, request, request->id, &ret->version);
    return err ? err : rec_answer(work->a, work->tx, work->actor, rec, &shape, &ret->body);
}

const struct rec_part rec_update_part = {.kind = EVENT_RECORD_UPDATE,
                                         .failed = UPDATE_FAILED,
                                         .judge = judge_update,
                                         .form = check_update_form,
                                         .rebase = rebase_update,
                                         .store = store_updated};
