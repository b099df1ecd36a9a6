/*
 * A draft that somebody listens to (hooks.md 7.2).
 *
 *   judge (a read transaction) REQUEST { form, SAVE { VALIDATE { checks } EXECUTE { the unit } },
 *   COMMITTED or FAILED }
 *
 * No listener runs while a snapshot or a transaction of ours is open, unless the draft is part of
 * one: then all of it happens in there. What listeners have made of the values is written over the
 * row as it is by then.
 */
#include "records/check.h"
#include "records/draft.h"
#include "records/heard.h"
#include "records/values.h"

#include <string.h>

struct heard_draft {
    struct rec_heard heard;
    const struct rec_draft *draft;
    const struct rec_part *part;
    struct db *db;        /* NULL: inside a unit, whose connection is work.tx */
    struct rec_work work; /* as judged; its values are the listeners' */
    struct err *form;     /* what the form's checks have found */
    struct rec_written *written;
};

/* --- judging ---------------------------------------------------------------------------------- */

static struct value *copy_values(struct arena *a, const struct schema_col *col,
                                 const struct value *values)
{
    struct value *copy = ARENA_ARRAY(a, struct value, col->n_fields);

    memcpy(copy, values, col->n_fields * sizeof(*copy));
    return copy;
}

static struct err *judge(struct heard_draft *it)
{
    const struct rec_draft *draft = it->draft;
    struct rec_work *work = &it->work;
    struct err *err = it->part->judge(draft, work);

    if (!err && it->part->form) {
        it->form = it->part->form(draft, work);
        if (it->form && !it->form->items) /* no finding: it could not be looked at */
            return it->form;
    }
    if (err)
        return err;
    if (work->values)
        work->values = copy_values(work->a, work->col, work->values);
    work->is_heard = true;
    it->heard.event = rec_event_of(work);
    it->heard.event.actor = &draft->actor;
    return NULL;
}

static bool schema_holds(void *user)
{
    const struct rec_work *work = user;

    return !schema_check_fresh(work->a, work->scope->schema, work->tx);
}

static struct err *in_snapshot(struct heard_draft *it, struct err *(*run)(struct heard_draft *it))
{
    struct rec_work *work = &it->work;
    const struct db_expected expected = {work->scope->schema->db_version, schema_holds, work};
    struct err *err = db_reader(work->a, it->db, &work->tx);

    if (!err)
        err = db_read_begin_at(work->a, work->tx, &expected);
    if (!err) {
        err = run(it);
        if (!db_read_end(work->tx))
            err = err_new(work->a, E_STALE, NULL, "the schema changed");
    }
    work->tx = NULL;
    return err;
}

/* --- the checks ------------------------------------------------------------------------------- */

static struct err *check_values(struct heard_draft *it)
{
    struct err *items = NULL;
    struct err *err;

    rec_check_fields(&it->work, &items);
    err = rec_check_stored(&it->work, &items);
    return err ? err : items;
}

static struct err *validate(struct rec_heard *heard)
{
    struct heard_draft *it = heard->user;

    return it->db ? in_snapshot(it, check_values) : check_values(it);
}

/* --- the unit --------------------------------------------------------------------------------- */

/* May run twice: the draft and the listeners' values stay as they are. */
static struct err *store(const struct heard_draft *it, struct db_conn *tx, struct arena *a,
                         struct rec_written **ret)
{
    struct rec_work work = it->work;
    struct err *err = NULL;

    *ret = ARENA_NEW(a, struct rec_written);
    work.a = a;
    work.tx = tx;
    work.cells = NULL;
    if (work.values)
        work.values = copy_values(a, work.col, work.values);
    if (it->part->rebase)
        err = it->part->rebase(it->draft, &work);
    return err ? err : it->part->store(it->draft, &work, *ret);
}

static struct err *unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct heard_draft *it = in;
    struct rec_written *written = NULL;
    struct err *err = schema_check_fresh(a, it->work.scope->schema, tx);

    if (!err && rec_draft_is_leased(it->draft) && db_is_grouped(tx))
        err = err_new(a, E_OVER_BUDGET, NULL, "a delete that cascades");
    if (!err)
        err = store(it, tx, a, &written);
    *ret_out = written;
    return err;
}

static struct err *execute(struct rec_heard *heard)
{
    struct heard_draft *it = heard->user;
    void *out = NULL;
    struct err *err;

    if (it->db)
        err = db_run(it->work.a, it->db, unit, it, &out);
    else
        err = store(it, it->work.tx, it->work.a, &it->written);
    if (out)
        it->written = out;
    if (it->written)
        heard->event.now = it->written->now;
    return err;
}

/* --- all of it -------------------------------------------------------------------------------- */

static struct err *carry_out(struct rec_heard *heard)
{
    struct heard_draft *it = heard->user;
    struct err *err, *end;

    if (it->form)
        return it->form;
    if (!it->db)
        return rec_write_inside(it->work.tx, heard);
    err = rec_raise(heard, EVENT_SAVE, rec_do_save, NULL);
    end = rec_raise_end(heard, err);
    return err ? err : end;
}

static struct err *run_stages(struct heard_draft *it, struct rec_written **ret)
{
    struct err *err = it->db ? in_snapshot(it, judge) : judge(it);

    if (err)
        return err;
    err = rec_raise(&it->heard, EVENT_REQUEST, carry_out, NULL);
    *ret = it->written;
    return err_say(err, it->part->failed);
}

static struct heard_draft heard_draft(const struct rec_draft *draft, struct db *db,
                                      struct db_conn *tx, struct arena *a)
{
    const struct rec_part *part = rec_part_of(draft);

    return (struct heard_draft){
        .heard = {.a = a,
                  .kind = part->kind,
                  .validate = draft->request.action == REC_DELETE ? NULL : validate,
                  .execute = execute},
        .draft = draft,
        .part = part,
        .db = db,
        .work = rec_draft_work(draft, tx, a),
    };
}

struct err *rec_draft_run_heard(struct arena *a, struct db *db, const struct rec_draft *draft,
                                struct rec_written **ret)
{
    struct heard_draft it = heard_draft(draft, db, NULL, a);

    it.heard.user = &it;
    *ret = NULL;
    return run_stages(&it, ret);
}

struct err *rec_draft_run_inside(const struct rec_draft *draft, struct db_conn *tx, struct arena *a,
                                 struct rec_written **ret)
{
    struct heard_draft it = heard_draft(draft, NULL, tx, a);
    struct err *err;

    it.heard.user = &it;
    err = run_stages(&it, ret);
    if (!it.written) /* a listener has kept it from being written */
        *ret = ARENA_NEW(a, struct rec_written);
    return err;
}
