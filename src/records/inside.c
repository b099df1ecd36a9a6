/*
 * Records written from inside, where there is no actor and no rule.
 */
#include "records/check.h"
#include "records/fresh.h"
#include "records/heard.h"
#include "records/installer.h"
#include "records/save.h"
#include "records/values.h"

#include <string.h>

struct rec_fixed rec_fix(struct arena *a, const struct schema_col *col)
{
    struct rec_fixed fixed = {.col = col, .values = rec_zero(a, col)};

    rec_fill_generated(a, col, fixed.values);
    if (col->auth)
        fixed.token_key = rec_new_token_key(a, col);
    return fixed;
}

static void apply_sets(const struct schema_col *col, const struct rec_set *sets, size_t n,
                       struct value *values)
{
    for (size_t i = 0; i < n; i++) {
        const struct schema_field *field = schema_field(col, sets[i].field);

        if (field)
            values[field->at] = sets[i].value;
    }
}

static struct err *check_inside(struct rec_heard *heard)
{
    struct err *items = NULL;

    rec_check_fields(heard->user, &items);
    return items;
}

static struct err *save_inside(struct rec_heard *heard)
{
    struct rec_work *work = heard->user;
    struct rec *now;
    struct err *err = rec_save(work, NULL, &now);

    if (err || !work->cells) /* or a listener has kept it from being written */
        return err;
    heard->event.now = now;
    return work->old ? NULL : rec_drop_installer(work);
}

/* Where a listener has kept it from being written, *ret is what was to be. */
static struct err *write_inside(struct rec_work *work, struct rec **ret)
{
    struct rec_heard heard = {.a = work->a,
                              .kind = work->old ? EVENT_RECORD_UPDATE : EVENT_RECORD_CREATE,
                              .event = rec_event_of(work),
                              .validate = check_inside,
                              .execute = save_inside,
                              .user = work};
    struct err *items = NULL;
    struct err *err;

    if (!rec_hears(work->scope, heard.kind, EVENT_ANY_STAGE, work->col)) {
        rec_check_fields(work, &items);
        err = rec_save(work, items, ret);
        return err || work->old ? err : rec_drop_installer(work);
    }
    err = rec_write_inside(work->tx, &heard);
    if (err)
        return err;
    *ret = ARENA_NEW(work->a, struct rec);
    **ret = heard.event.now ? *heard.event.now
                            : (struct rec){.col = work->col,
                                           .cells = rec_store(work->a, work->col, work->values)};
    return NULL;
}

struct err *rec_insert(struct arena *a, struct db_conn *tx, const struct rec_scope *scope,
                       const struct rec_fixed *fixed, const struct rec_set *sets, size_t n,
                       struct rec **ret)
{
    struct value *values = rec_zero(a, fixed->col);
    struct rec_work work = {.a = a, .tx = tx, .scope = scope, .col = fixed->col, .values = values};

    apply_sets(fixed->col, sets, n, values);
    for (size_t i = 0; i < fixed->col->n_fields; i++)
        if (fixed->values[i].text.n > 0 && values[i].text.n == 0) /* generated */
            values[i].text = fixed->values[i].text;
    return write_inside(&work, ret);
}

struct err *rec_change(struct arena *a, struct db_conn *tx, const struct rec_scope *scope,
                       const struct rec_fixed *fixed, const struct rec *rec,
                       const struct rec_set *sets, size_t n, struct rec **ret)
{
    struct value *old = rec_load(a, rec);
    struct rec_work work = {.a = a,
                            .tx = tx,
                            .scope = scope,
                            .col = rec->col,
                            .old = rec,
                            .old_values = old,
                            .values = ARENA_ARRAY(a, struct value, rec->col->n_fields),
                            .token_key = fixed->token_key};

    memcpy(work.values, old, rec->col->n_fields * sizeof(*old));
    apply_sets(rec->col, sets, n, work.values);
    return write_inside(&work, ret);
}
