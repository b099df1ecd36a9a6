/*
 * records/heard: a write that somebody listens to, in its stages (events.h). Private to this
 * folder.
 *
 *   SAVE { VALIDATE { the checks } EXECUTE { the unit, or inside one: WRITE { the statements } } }
 *   COMMITTED or FAILED
 */
#ifndef REEVE_RECORDS_HEARD_H
#define REEVE_RECORDS_HEARD_H

#include "records/work.h"

struct rec_heard {
    struct arena *a;
    enum event_kind kind;
    struct rec_event event;                           /* what listeners see and change */
    struct err *(*validate)(struct rec_heard *heard); /* NULL: nothing is checked */
    struct err *(*execute)(struct rec_heard *heard);  /* leaves event.now, of a delete NULL */
    void *user;
};

/* Of a record on its way, before it is written. */
static inline struct rec_event rec_event_of(const struct rec_work *work)
{
    return (struct rec_event){.scope = work->scope,
                              .actor = work->actor,
                              .col = work->col,
                              .old = work->old,
                              .values = work->values};
}

/* Whether anybody hears one of those stages of it. Where nobody hears any (EVENT_ANY_STAGE), the
 * checks and the statements themselves are as good as what follows. */
bool rec_hears(const struct rec_scope *scope, enum event_kind kind, uint32_t stages,
               const struct schema_col *col);
/* One stage around an action; *ret_acted, which may be NULL: it was reached. */
MUST_CHECK struct err *rec_raise(struct rec_heard *heard, enum event_stage stage,
                                 struct err *(*action)(struct rec_heard *heard), bool *ret_acted);
/* What SAVE is around. */
MUST_CHECK struct err *rec_do_save(struct rec_heard *heard);
/* A db_end_fn; user is a struct rec_heard. COMMITTED, or FAILED with what failed; its error. The
 * error of a listener to the latter is not told: it has one already. */
MUST_CHECK struct err *rec_raise_end(void *user, const struct err *failed);

/* Inside a unit: a record that is written beside the one that was asked for, or in a transaction of
 * the caller's. SAVE, what is in it, and once the unit has come to its end COMMITTED or FAILED.
 * E_OVER_BUDGET in a group: listeners may take their time, so the unit runs again leased. */
MUST_CHECK struct err *rec_write_inside(struct db_conn *tx, struct rec_heard *heard);
/* Inside a unit: the statements of a write, with WRITE around them where it is heard. */
MUST_CHECK struct err *rec_write_rows(struct rec_work *work, enum event_kind kind,
                                      struct err *(*write)(struct rec_work *work));

#endif
