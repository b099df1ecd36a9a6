/*
 * A create: its record, made in the draft as far as it needs no database, and the unit that stores
 * it (records.md 4, 6).
 */
#include "base/id.h"
#include "records/check.h"
#include "records/draft.h"
#include "records/expand.h"
#include "records/files.h"
#include "records/fresh.h"
#include "records/installer.h"
#include "records/read.h"
#include "records/rules.h"
#include "records/save.h"
#include "records/values.h"
#include "records/version.h"

#include <string.h>

#define TEMP_ID_PREFIX STR("__temp_id____pb_create__")

/* --- in the draft ----------------------------------------------------------------------------- */

/* The record as the create rule sees it: nothing generated, an id of its own, not verified. */
static const struct db_value *virtual_row(struct arena *a, const struct schema_col *col,
                                          const struct value *values)
{
    struct value *seen = ARENA_ARRAY(a, struct value, col->n_fields);
    struct value *id = &seen[col->id_field->at];

    memcpy(seen, values, col->n_fields * sizeof(*seen));
    if (id->text.n == 0)
        id->text = arena_concat(a, TEMP_ID_PREFIX, random_text(a, 6, ALPHABET_ID), STR_NONE);
    if (col->auth)
        seen[col->auth->verified->at].truth = false;
    return rec_store(a, col, seen);
}

struct err *rec_create_prepare(struct arena *a, struct rec_draft *draft)
{
    const struct rec_request *request = &draft->request;
    const struct schema_col *col = request->col;
    struct rec_actor *actor = &draft->actor;
    struct rec_work work = {.a = a,
                            .scope = &actor->scope,
                            .col = col,
                            .values = rec_zero(a, col),
                            .uploads = &draft->uploads};
    const struct rec_shape shape = {.picker = request->picker};
    struct err *items = NULL;
    struct rec rec;

    rec_edits_apply(a, &draft->edits, work.values);
    (void)rec_matches_apply(draft->matches, col, work.values); /* the check asks for others */
    if (!actor->superuser) {
        actor->request.body_is_resolved = true;
        actor->request.body = rec_resolved_body(a, col, request->body, false, work.values);
    }
    if (request->password_is_random) /* that is what the field's rules look at */
        work.values[col->auth->password->at].plain = STR_NONE;
    if (!rec_is_free(actor, rec_draft_rule(draft)) ||
        (actor->auth && rec_asks_manage_rule(actor, col)))
        draft->virtual_cells = virtual_row(a, col, work.values);
    rec_fill_generated(a, col, work.values);
    rec_check_fields(&work, &items);
    draft->field_items = items;
    draft->values = work.values;
    if (items)
        return NULL;
    rec_stamp(&work);
    draft->cells = rec_store(a, col, work.values);
    /* the answer depends on nothing else, unless there are expands or a manage rule to ask */
    if (rec_level_needs_rows(actor, col, request->expand))
        return NULL;
    rec = (struct rec){.col = col, .cells = draft->cells};
    return rec_answer(a, NULL, actor, &rec, &shape, &draft->answer);
}

/* --- the unit --------------------------------------------------------------------------------- */

#define CREATE_FAILED "Failed to create record."

static struct err *judge_create(const struct rec_draft *draft, struct rec_work *work)
{
    const struct schema_rule *rule = rec_draft_rule(draft);
    struct err *err;
    bool ok;

    work->values = draft->values;
    work->cells = draft->cells;
    if (!draft->actor.superuser && rec_has_unhashed(work->col, draft->values))
        return err_new(work->a, E_BAD_REQUEST, CREATE_FAILED,
                       "no row for the create rule: no hash");
    if (rec_is_free(&draft->actor, rule))
        return rec_check_condition(work, &draft->request, NULL);
    err = rec_virtual_matches(work->a, work->tx, &draft->actor, work->col, rule->text,
                              draft->virtual_cells, &ok);
    err = rec_rule_failed(work->a, err, E_BAD_REQUEST, draft->request.is_leased);
    if (!err && !ok)
        err = err_new(work->a, E_BAD_REQUEST, NULL, "the create rule is not satisfied");
    return err ? err_say(err, CREATE_FAILED) : rec_check_condition(work, &draft->request, NULL);
}

static struct err *check_create_form(const struct rec_draft *draft, const struct rec_work *work)
{
    struct err *items = NULL;
    struct err *err;
    bool manages;

    if (!work->col->auth)
        return NULL;
    err = rec_manages(work->a, work->tx, &draft->actor, work->col, STR_NONE, draft->virtual_cells,
                      &manages);
    if (!err)
        rec_form_check(work, &draft->form, manages, false, &items);
    return err_say(err ? err : items, CREATE_FAILED);
}

static struct err *store_created(const struct rec_draft *draft, struct rec_work *work,
                                 struct rec_written *ret)
{
    const struct rec_shape shape = {draft->request.expand, draft->request.picker};
    struct rec *rec;
    struct err *err;

    err = rec_save(work, work->is_heard ? NULL : draft->field_items, &rec);
    if (!err && work->cells)
        err = rec_drop_installer(work);
    if (!err)
        err = rec_uploads_check_stored(work->a, work->uploads, rec_id(rec), work->values);
    if (!err)
        err = rec_version_now(work, &draft->request, rec_id(rec), &ret->version);
    if (err)
        return err_say(err, CREATE_FAILED);
    if (work->cells)
        ret->now = rec;
    if (work->is_heard && work->cells)
        rec_files_replaced(work, work->scope->files); /* what listeners have left out */
    ret->body = draft->answer;
    if (ret->body.p && !work->is_heard)
        return NULL;
    return rec_answer(work->a, work->tx, &draft->actor, rec, &shape, &ret->body);
}

const struct rec_part rec_create_part = {.kind = EVENT_RECORD_CREATE,
                                         .failed = CREATE_FAILED,
                                         .judge = judge_create,
                                         .form = check_create_form,
                                         .store = store_created};
