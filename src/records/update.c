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

/* The record as it is stored, and as it shall be. */
static struct err *load_values(const struct rec_draft *draft, struct rec_work *work)
{
    struct value *values = ARENA_ARRAY(work->a, struct value, work->col->n_fields);
    struct rec *old;
    struct err *err;

    err = rec_find(work->a, work->tx, work->col, draft->request.id, &old);
    if (err)
        return err;
    if (!old)
        return err_new(work->a, E_NOT_FOUND, NULL, "no such record to update");
    work->old = old;
    work->old_values = rec_load(work->a, old);
    memcpy(values, work->old_values, work->col->n_fields * sizeof(*values));
    work->values = values;

    rec_edits_apply(work->a, &draft->edits, values);
    if (rec_matches_apply(draft->matches, work->col, values))
        return NULL;
    if (db_is_grouped(work->tx))
        return err_new(work->a, E_OVER_BUDGET, NULL, "a text changed since it was matched");
    return db_check_limits(work->a, work->tx);
}

static struct err *check_update_rule(const struct rec_draft *draft, const struct rec_work *work,
                                     const struct rec_actor *actor)
{
    const struct schema_rule *rule = &work->col->update_rule;
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

static struct err *check_update_form(const struct rec_draft *draft, const struct rec_work *work,
                                     const struct rec_actor *actor)
{
    const struct schema_col *col = work->col;
    bool manages, matches = draft->old_matches;
    struct err *items = NULL;
    struct err *err;

    if (!rec_is_auth(col))
        return NULL;
    /* asked of the id as submitted: who changes it manages nothing */
    err = rec_manages(work->a, work->tx, actor, col, work->values[col->id_field->at].text, NULL,
                      &manages);
    if (!err && !manages)
        err = compare_old(draft, work, &matches);
    if (!err)
        rec_form_check(work, &draft->form, manages, matches, &items);
    return err ? err : items;
}

struct err *rec_update_run(const struct rec_draft *draft, struct rec_work *work,
                           struct rec_written *ret)
{
    const struct rec_request *request = &draft->request;
    struct rec_actor actor = draft->actor;
    struct err *items = NULL;
    struct rec *rec;
    struct err *err;

    err = load_values(draft, work);
    if (err)
        return err;
    if (!actor.superuser) {
        actor.request.body_is_resolved = true;
        actor.request.body =
            rec_resolved_body(work->a, work->col, request->body, false, work->values);
    }
    err = check_update_rule(draft, work, &actor);
    if (!err)
        err = rec_check_condition(work, request, work->old);
    if (err)
        return err;

    err = check_update_form(draft, work, &actor);
    if (!err) {
        rec_check_fields(work, &items);
        err = rec_save(work, items, &rec);
    }
    if (!err)
        err = rec_uploads_check_stored(work->a, work->uploads, work->values);
    if (err) {
        if (err->kind == E_BAD_REQUEST)
            err->message = "Failed to update record.";
        return err;
    }
    rec_files_replaced(work, actor.scope.files);
    err = rec_version_now(work, request, &ret->version);
    return err ? err : rec_answer(work->a, work->tx, &actor, rec, request->expand, &ret->body);
}
