/*
 * Stages of a write that somebody listens to, and what of them runs inside a unit.
 */
#include "records/heard.h"

bool rec_hears(const struct rec_scope *scope, enum event_kind kind, uint32_t stages,
               const struct schema_col *col)
{
    const struct event_tags tags = {col->name, col->id};

    return scope->events && events_hear(scope->events, kind, stages, &tags);
}

/* --- stages ---------------------------------------------------------------------------------- */

/* What event.user points to, on the stack of rec_raise(). */
struct raised {
    struct rec_heard *heard;
    struct err *(*action)(struct rec_heard *heard);
};

static struct err *act(struct event *event)
{
    const struct raised *raised = event->user;

    return raised->action(raised->heard);
}

struct err *rec_raise(struct rec_heard *heard, enum event_stage stage,
                      struct err *(*action)(struct rec_heard *heard), bool *ret_acted)
{
    const struct schema_col *col = heard->event.col;
    struct raised raised = {heard, action};
    struct event event = {.kind = heard->kind,
                          .stage = stage,
                          .tags = {col->name, col->id},
                          .a = heard->a,
                          .data = &heard->event,
                          .action = action ? act : NULL,
                          .user = &raised};
    struct err *err = events_raise(heard->event.scope->events, &event);

    /* Of a listener's own doing: nothing that listeners have been told begins anew. */
    if (err && (err->kind == E_STALE || err->kind == E_OVER_BUDGET))
        err->kind = E_UNAVAILABLE;
    if (ret_acted)
        *ret_acted = event.has_acted;
    return err;
}

struct err *rec_do_save(struct rec_heard *heard)
{
    struct err *err = NULL;

    if (heard->validate)
        err = rec_raise(heard, EVENT_VALIDATE, heard->validate, NULL);
    return err ? err : rec_raise(heard, EVENT_EXECUTE, heard->execute, NULL);
}

struct err *rec_raise_end(void *user, const struct err *failed)
{
    struct rec_heard *heard = user;
    struct err *err;

    heard->event.failed = failed;
    err = rec_raise(heard, failed ? EVENT_FAILED : EVENT_COMMITTED, NULL, NULL);
    return failed ? NULL : err;
}

/* --- inside a unit --------------------------------------------------------------------------- */

static void at_end(struct db_conn *tx, const struct rec_heard *heard)
{
    struct rec_heard *told;

    if (!rec_hears(heard->event.scope, heard->kind,
                   EVENT_STAGE(EVENT_COMMITTED) | EVENT_STAGE(EVENT_FAILED), heard->event.col))
        return;
    told = ARENA_NEW(db_unit_arena(tx), struct rec_heard);
    *told = (struct rec_heard){.a = db_unit_arena(tx), .kind = heard->kind, .event = heard->event};
    told->event.values = NULL;
    /* copied: whoever is told reads it when the unit's own scratch is gone */
    told->event.old = rec_copy(told->a, heard->event.old);
    told->event.now = rec_copy(told->a, heard->event.now);
    db_at_end(tx, rec_raise_end, told);
}

struct err *rec_write_inside(struct db_conn *tx, struct rec_heard *heard)
{
    struct err *err;

    if (db_is_grouped(tx))
        return err_new(heard->a, E_OVER_BUDGET, NULL, "listeners may take their time");
    err = rec_raise(heard, EVENT_SAVE, rec_do_save, NULL);
    at_end(tx, heard);
    return err;
}

struct rows {
    struct rec_work *work;
    struct err *(*write)(struct rec_work *work);
};

static struct err *write_rows(struct rec_heard *heard)
{
    const struct rows *rows = heard->user;

    return rows->write(rows->work);
}

struct err *rec_write_rows(struct rec_work *work, enum event_kind kind,
                           struct err *(*write)(struct rec_work *work))
{
    struct rows rows = {work, write};
    struct rec_heard heard = {
        .a = work->a, .kind = kind, .event = rec_event_of(work), .user = &rows};

    if (!rec_hears(work->scope, kind, EVENT_STAGE(EVENT_WRITE), work->col))
        return write(work);
    if (db_is_grouped(work->tx))
        return err_new(work->a, E_OVER_BUDGET, NULL, "listeners may take their time");
    work->cells = NULL; /* listeners may change the values */
    return rec_raise(&heard, EVENT_WRITE, write_rows, NULL);
}
