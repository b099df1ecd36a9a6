/*
 * A write in two halves: the draft, made where the request is, and the unit of work.
 *
 * Invariants
 *  1. All that is random, read from the clock or slow to compute is in the draft, so that a unit
 * gives the same rows and the same answer each time it runs on the same data.
 *  2. A unit changes nothing in its draft.
 *  3. What needs no database is done in the draft: units share one writer.
 */
#include "base/crypto.h"
#include "base/id.h"
#include "base/limits.h"
#include "records/internal.h"

#include <string.h>

#define BCRYPT_COST 10 /* where the field names none */
#define TEMP_ID_PREFIX STR("__temp_id____pb_create__")

struct rec_draft {
    struct rec_request request;
    struct rec_actor actor; /* its body: resolved for a create; per run for an update */
    struct rec_edits edits;
    struct rec_form form;
    struct str token_key; /* of an auth record, should it have to change */

    struct rec_uploads uploads;
    bool looked; /* the uploads have their names, and are among the edits */

    struct rec_matches *matches;

    /* passwords */
    bool asks_old;
    bool old_read, old_matches;
    struct str old_hash; /* what is compared with */

    /* of a create */
    struct value *values;
    const struct db_value *cells;
    const struct db_value *virtual_cells; /* NULL: no rule to ask */
    const struct err *field_items;
    struct str answer; /* p NULL: depends on the database */
};

static struct err *as_failed(struct err *err, const char *message)
{
    if (err && err->kind == E_BAD_REQUEST)
        err->message = message;
    return err;
}

static struct err *not_found(struct arena *a, const char *why)
{
    return err_new(a, E_NOT_FOUND, NULL, "%s", why);
}

/* --- the draft -------------------------------------------------------------------------------- */

static const struct schema_rule *rule_of(const struct rec_request *request)
{
    switch (request->action) {
    case REC_CREATE:
        return &request->col->create_rule;
    case REC_UPDATE:
        return &request->col->update_rule;
    case REC_DELETE:
        return &request->col->delete_rule;
    }
    BUG("not a record action");
}

static bool is_free(const struct rec_draft *draft)
{
    return rec_is_free(&draft->actor, rule_of(&draft->request));
}

static bool may_manage(const struct rec_draft *draft)
{
    const struct schema_col *col = draft->request.col;

    return rec_is_auth(col) && draft->actor.auth && !draft->actor.superuser &&
           col->auth->manage_rule.set && col->auth->manage_rule.text.n > 0;
}

/* The record as the create rule sees it: nothing generated, an id of its own, not verified. */
static const struct db_value *virtual_row(struct arena *a, const struct schema_col *col,
                                          const struct value *values)
{
    struct value *seen = ARENA_ARRAY(a, struct value, col->n_fields);
    struct value *id = &seen[col->id_field->at];

    memcpy(seen, values, col->n_fields * sizeof(*seen));
    if (id->text.n == 0)
        id->text = arena_concat(a, TEMP_ID_PREFIX, random_text(a, 6, ALPHABET_ID), STR_NONE);
    if (rec_is_auth(col))
        seen[col->auth->verified->at].truth = false;
    return rec_store(a, col, seen);
}

/* The answer of a create depends on nothing but the record, unless there are expands to follow or a
 * manage rule to ask. */
static struct err *write_answer(struct arena *a, struct rec_draft *draft)
{
    const struct rec rec = {.col = draft->request.col, .cells = draft->cells};
    AUTO_BUF struct buf out;
    struct err *err;

    buf_init(&out, LIMIT_RESPONSE_BYTES);
    if (rec_level_needs_rows(&draft->actor, rec.col, draft->request.expand))
        return NULL;
    err = rec_write(a, NULL, &draft->actor, &rec, STR_NONE, 0, &out);
    if (!err)
        draft->answer = arena_dup(a, buf_str(&out));
    return err;
}

/* A create's record, as far as no database is needed for it. */
static struct err *finish_create(struct arena *a, struct rec_draft *draft)
{
    const struct rec_request *request = &draft->request;
    struct rec_work work = {.a = a,
                            .schema = draft->actor.schema,
                            .col = request->col,
                            .values = rec_zero(a, request->col),
                            .uploads = &draft->uploads,
                            .now_ms = request->now_ms};
    struct err *items = NULL;

    rec_edits_apply(a, &draft->edits, work.values);
    (void)rec_matches_apply(draft->matches, work.col, work.values); /* the check asks for others */
    if (!draft->actor.superuser) {
        draft->actor.request.body_is_resolved = true;
        draft->actor.request.body =
            rec_resolved_body(a, request->col, request->body, false, work.values);
    }
    if (!is_free(draft) || may_manage(draft))
        draft->virtual_cells = virtual_row(a, request->col, work.values);
    rec_fill_generated(a, request->col, work.values);
    rec_check_fields(&work, &items);
    draft->field_items = items;
    draft->values = work.values;
    if (items)
        return NULL;
    rec_stamp(&work);
    draft->cells = rec_store(a, request->col, work.values);
    return write_answer(a, draft);
}

bool rec_draft_needs_match(const struct rec_draft *draft)
{
    if (draft->request.action == REC_CREATE)
        return !draft->values;
    return rec_matches_pending(draft->matches);
}

struct err *rec_draft_match(struct arena *a, struct rec_draft *draft)
{
    struct err *err = rec_matches_run(a, draft->matches, draft->request.gone);

    if (err || draft->request.action != REC_CREATE)
        return err;
    return finish_create(a, draft);
}

/* Nothing is left but patterns, which are left as well where they are slow. */
static struct err *finish(struct arena *a, struct rec_draft *draft)
{
    if (draft->request.action == REC_CREATE)
        rec_matches_gather(a, draft->request.col, &draft->edits, false, NULL, draft->matches);
    return rec_matches_pending(draft->matches) ? NULL : rec_draft_match(a, draft);
}

static bool has_password(const struct rec_edits *edits)
{
    for (size_t i = 0; i < edits->n; i++)
        if (edits->items[i].field->type->kind == FIELD_PASSWORD &&
            edits->items[i].value.plain.n > 0)
            return true;
    return false;
}

static void read_body(struct arena *a, struct rec_draft *draft)
{
    const struct rec_request *request = &draft->request;

    rec_edits_parse(a, request->col, request->body, draft->actor.superuser, &draft->edits);
    rec_uploads_find(a, request, draft->actor.superuser, &draft->uploads);
    if (!rec_is_auth(request->col))
        return;
    rec_form_parse(a, request->body, &draft->form);
    if (request->action != REC_UPDATE)
        return;
    draft->token_key = rec_new_token_key(a, request->col);
    draft->asks_old = !draft->actor.superuser && draft->form.old_password.n > 0 &&
                      rec_form_asks_old(&draft->form);
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
    if (request->col->type == SCHEMA_VIEW)
        return err_new(a, E_BAD_REQUEST, "Unsupported collection type.", "a view");
    err = rec_check_rule(a, &draft->actor, rule_of(request));
    if (err)
        return err;
    *ret = draft;
    if (request->action == REC_DELETE)
        return NULL;
    read_body(a, draft);
    if (request->action != REC_CREATE || rec_draft_needs_hash(draft) ||
        rec_draft_needs_store(draft))
        return NULL;
    return finish(a, draft);
}

bool rec_draft_needs_hash(const struct rec_draft *draft)
{
    return draft->asks_old || has_password(&draft->edits);
}

bool rec_draft_is_leased(const struct rec_draft *draft)
{
    return draft->request.action == REC_DELETE && rec_cascades(draft->request.col);
}

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
    return finish(a, draft);
}

struct err *rec_draft_hash(struct arena *a, struct rec_draft *draft)
{
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
    return rec_draft_needs_store(draft) ? NULL : finish(a, draft);
}

bool rec_draft_needs_store(const struct rec_draft *draft)
{
    return draft->uploads.n > 0 && !draft->looked;
}

static struct err *look(struct arena *a, struct rec_draft *draft)
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
    return rec_draft_match(a, draft); /* on a thread that may take its time */
}

struct err *rec_draft_store(struct arena *a, struct rec_draft *draft)
{
    const struct schema_col *col = draft->request.col;
    struct str id = draft->request.id;
    struct err *err = look(a, draft);

    if (err || draft->field_items)
        return err; /* the unit has the last word on what else is wrong */
    if (draft->values)
        id = draft->values[col->id_field->at].text;
    return rec_uploads_store(a, &draft->uploads, draft->actor.files, col->id, id, draft->values);
}

void rec_draft_discard(struct rec_draft *draft)
{
    if (draft->actor.files)
        rec_uploads_discard(&draft->uploads, draft->actor.files);
}

/* --- the unit: create ------------------------------------------------------------------------- */

static struct err *answer(const struct rec_work *work, const struct rec_actor *actor,
                          const struct rec *rec, struct str expand, struct str *ret)
{
    AUTO_BUF struct buf out;
    struct err *err;

    buf_init(&out, LIMIT_RESPONSE_BYTES);
    err = rec_write(work->a, work->tx, actor, rec, expand, 0, &out);
    if (!err)
        *ret = arena_dup(work->a, buf_str(&out));
    return err;
}

/* In a batch it is the batch's time that is over. */
static struct err *rule_failed(const struct rec_draft *draft, const struct rec_work *work,
                               struct err *err, enum err_kind kind)
{
    if (err && err->timed_out && draft->request.is_leased)
        return err;
    return rec_rule_failed(work->a, err, kind);
}

static struct err *check_create(const struct rec_draft *draft, const struct rec_work *work)
{
    const struct schema_col *col = draft->request.col;
    bool ok = true, manages;
    struct err *items = NULL;
    struct err *err = NULL;

    if (!draft->actor.superuser && rec_has_unhashed(col, draft->values))
        return err_new(work->a, E_BAD_REQUEST, NULL, "no row for the create rule: no hash");
    if (!is_free(draft))
        err = rec_virtual_matches(work->a, work->tx, &draft->actor, col, col->create_rule.text,
                                  draft->virtual_cells, &ok);
    err = rule_failed(draft, work, err, E_BAD_REQUEST);
    if (!err && !ok)
        err = err_new(work->a, E_BAD_REQUEST, NULL, "the create rule is not satisfied");
    if (err || !rec_is_auth(col))
        return err;
    err = rec_manages(work->a, work->tx, &draft->actor, col, STR_NONE, draft->virtual_cells,
                      &manages);
    if (!err)
        rec_form_check(work, &draft->form, manages, false, &items);
    return err ? err : items;
}

static struct err *run_create(const struct rec_draft *draft, struct rec_work *work, struct str *ret)
{
    struct rec *rec;
    struct err *err;

    work->values = draft->values;
    work->cells = draft->cells;
    err = check_create(draft, work);
    if (!err)
        err = rec_save(work, draft->field_items, &rec);
    if (!err)
        err = rec_uploads_check_stored(work);
    if (err)
        return as_failed(err, REC_FAILED_CREATE);
    *ret = draft->answer;
    if (ret->p)
        return NULL;
    return answer(work, &draft->actor, rec, draft->request.expand, ret);
}

/* --- the unit: update ------------------------------------------------------------------------- */

static struct err *check_update_rule(const struct rec_draft *draft, const struct rec_work *work,
                                     const struct rec_actor *actor)
{
    const struct schema_col *col = draft->request.col;
    struct err *err;
    bool ok;

    if (is_free(draft))
        return NULL;
    err = rec_row_matches(work->a, work->tx, actor, work->old, col->update_rule.text, &ok);
    if (err)
        return rule_failed(draft, work, err, E_NOT_FOUND);
    return ok ? NULL : not_found(work->a, "the update rule is not satisfied");
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
    const struct schema_col *col = draft->request.col;
    struct err *items = NULL;
    struct err *err;
    bool manages, matches;

    if (!rec_is_auth(col))
        return NULL;
    /* asked of the id as submitted: who changes it manages nothing */
    err = rec_manages(work->a, work->tx, actor, col, work->values[col->id_field->at].text, NULL,
                      &manages);
    if (err)
        return err;
    matches = draft->old_matches;
    err = manages ? NULL : compare_old(draft, work, &matches);
    if (!err)
        rec_form_check(work, &draft->form, manages, matches, &items);
    return err ? err : items;
}

static struct err *load_old(const struct rec_draft *draft, struct rec_work *work)
{
    struct value *values = ARENA_ARRAY(work->a, struct value, work->col->n_fields);
    struct rec *old;
    struct err *err;

    err = rec_find(work->a, work->tx, work->col, draft->request.id, &old);
    if (err)
        return err;
    if (!old)
        return not_found(work->a, "no such record to update");
    work->old = old;
    work->old_values = rec_load(work->a, old);
    memcpy(values, work->old_values, work->col->n_fields * sizeof(*values));
    work->values = values;
    return NULL;
}

static struct err *run_update(const struct rec_draft *draft, struct rec_work *work,
                              struct rec_written *ret)
{
    struct rec_actor actor = draft->actor;
    struct err *items = NULL;
    struct rec *rec;
    struct err *err;

    err = load_old(draft, work);
    if (err)
        return err;
    rec_edits_apply(work->a, &draft->edits, work->values);
    if (!rec_matches_apply(draft->matches, work->col, work->values)) {
        if (db_is_grouped(work->tx))
            return err_new(work->a, E_OVER_BUDGET, NULL, "a text changed since it was matched");
        err = db_check_limits(work->a, work->tx);
        if (err)
            return err;
    }
    if (!actor.superuser) {
        actor.request.body_is_resolved = true;
        actor.request.body =
            rec_resolved_body(work->a, work->col, draft->request.body, false, work->values);
    }
    err = check_update_rule(draft, work, &actor);
    if (!err)
        err = rec_check_condition(work, &draft->request, work->old);
    if (err)
        return err;
    err = check_update_form(draft, work, &actor);
    if (!err) {
        rec_check_fields(work, &items);
        err = rec_save(work, items, &rec);
    }
    if (!err)
        err = rec_uploads_check_stored(work);
    if (err)
        return as_failed(err, REC_FAILED_UPDATE);
    rec_files_replaced(work, draft->actor.files);
    err = rec_version_now(work, &draft->request, &ret->version);
    return err ? err : answer(work, &actor, rec, draft->request.expand, &ret->body);
}

/* --- the unit: delete ------------------------------------------------------------------------- */

static struct err *run_delete(const struct rec_draft *draft, struct rec_work *work)
{
    struct query_spec spec = rec_spec(work->tx, &draft->actor, work->col);
    struct rec_rows rows = {0};
    struct err *err;

    if (!draft->actor.superuser)
        spec.rule = work->col->delete_rule.text;
    spec.id = draft->request.id.p ? draft->request.id : STR("");
    spec.limit = 1;
    err = rec_read_all(work->a, work->tx, &spec, &rows);
    if (err)
        return rule_failed(draft, work, err, E_NOT_FOUND);
    if (rows.n == 0)
        return not_found(work->a, "no such record to delete");
    err = rec_check_condition(work, &draft->request, &rows.items[0]);
    if (err)
        return err;
    return rec_remove_with_files(work->a, work->tx, work->schema,
                                 rec_files_to_go(work->a, work->tx, draft->actor.files),
                                 &rows.items[0], work->now_ms);
}

struct err *rec_draft_run(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct rec_draft *draft = in;
    struct rec_written *written = ARENA_NEW(a, struct rec_written);
    struct rec_work work = {.a = a,
                            .tx = tx,
                            .schema = draft->actor.schema,
                            .col = draft->request.col,
                            .now_ms = draft->request.now_ms,
                            .token_key = draft->token_key,
                            .uploads = &draft->uploads};
    struct err *err;

    if (draft->request.action == REC_CREATE)
        err = run_create(draft, &work, &written->body);
    else if (draft->request.action == REC_UPDATE)
        err = run_update(draft, &work, written);
    else
        err = run_delete(draft, &work);
    if (!err)
        *ret_out = written;
    return err;
}
