/*
 * Into the table (records.md 8): the checks that need the database, reactions, insert or update.
 */
#include "records/save.h"

#include "records/check.h"
#include "records/feed.h"
#include "records/fresh.h"
#include "records/heard.h"
#include "records/sql.h"
#include "records/system.h"
#include "records/values.h"

/* --- statements ------------------------------------------------------------------------------- */

static struct err *insert_row(const struct rec_work *work, const struct db_value *cells)
{
    AUTO_SQL struct rec_sql q;

    rec_sql_init(&q, work->a, work->tx);
    REC_SQL(&q, "INSERT INTO ");
    rec_sql_ident(&q, work->col->name);
    REC_SQL(&q, " (");
    for (size_t i = 0; i < work->col->n_fields; i++) {
        if (i)
            REC_SQL(&q, ", ");
        rec_sql_ident(&q, work->col->fields[i].name);
    }
    REC_SQL(&q, ") VALUES (");
    for (size_t i = 0; i < work->col->n_fields; i++) {
        if (i)
            REC_SQL(&q, ", ");
        rec_sql_param(&q, cells[i]);
    }
    REC_SQL(&q, ")");
    return rec_sql_exec(&q, work->tx, NULL);
}

/* Every column but the id, which does not change. */
static struct err *update_row(const struct rec_work *work, const struct db_value *cells)
{
    const struct schema_field *id = work->col->id_field;
    AUTO_SQL struct rec_sql q;

    rec_sql_init(&q, work->a, work->tx);
    REC_SQL(&q, "UPDATE ");
    rec_sql_ident(&q, work->col->name);
    REC_SQL(&q, " SET ");
    for (size_t i = 0; i < work->col->n_fields; i++) {
        if (&work->col->fields[i] == id)
            continue;
        if (q.values.n)
            REC_SQL(&q, ", ");
        rec_sql_ident(&q, work->col->fields[i].name);
        REC_SQL(&q, " = ");
        rec_sql_param(&q, cells[i]);
    }
    if (q.values.n == 0)
        return NULL; /* nothing but an id */
    REC_SQL(&q, " WHERE ");
    rec_sql_ident(&q, id->name);
    REC_SQL(&q, " = ");
    rec_sql_param(&q, DB_V_TEXT(rec_id(work->old)));
    return rec_sql_exec(&q, work->tx, NULL);
}

/* --- saving ----------------------------------------------------------------------------------- */

static void note_change(const struct rec_work *work)
{
    const struct rec now = {.col = work->col, .cells = work->cells};

    if (rec_feed_wants(work->scope, work->col))
        rec_feed_note(work->tx, work->scope, work->old ? REC_UPDATE : REC_CREATE, work->old, &now);
}

/* The row, and what others have to do with it. */
static struct err *store_row(struct rec_work *work)
{
    struct err *err;

    if (!work->cells)
        work->cells = rec_store(work->a, work->col, work->values);
    err = work->old ? update_row(work, work->cells) : insert_row(work, work->cells);
    if (!err)
        note_change(work);
    return err ? err : rec_react_after(work);
}

struct err *rec_save(struct rec_work *work, const struct err *field_items, struct rec **ret)
{
    struct err *items = err_copy(work->a, field_items);
    struct err *err;

    err = rec_check_stored(work, &items);
    if (!err && !items)
        err = rec_check_system(work, &items);
    if (err || items)
        return err ? err : items;

    if (!work->cells)
        rec_stamp(work);
    err = rec_react_before(work);
    if (!err && work->col->auth)
        err = rec_check_auth_id(work);
    if (!err)
        err =
            rec_write_rows(work, work->old ? EVENT_RECORD_UPDATE : EVENT_RECORD_CREATE, store_row);
    if (err)
        return err;
    *ret = ARENA_NEW(work->a, struct rec);
    **ret = (struct rec){.col = work->col,
                         .cells = work->cells ? work->cells
                                              : rec_store(work->a, work->col, work->values)};
    return NULL;
}

/* Nothing that others react to changes: old and new differ in a relation, or in form only. */
static struct err *store_normal(struct rec_work *work)
{
    struct err *err;

    work->cells = rec_store(work->a, work->col, work->values);
    err = update_row(work, work->cells);
    if (!err)
        note_change(work);
    return err;
}

static struct err *save_normal(struct rec_heard *heard)
{
    struct rec_work *work = heard->user;
    struct err *err = NULL;
    struct rec *now;

    rec_stamp(work);
    if (work->col->auth)
        err = rec_check_auth_id(work);
    if (!err)
        err = rec_write_rows(work, EVENT_RECORD_UPDATE, store_normal);
    if (err || !work->cells)
        return err;
    now = ARENA_NEW(work->a, struct rec);
    *now = (struct rec){.col = work->col, .cells = work->cells};
    heard->event.now = now;
    return NULL;
}

struct err *rec_save_normal(struct rec_work *work)
{
    struct rec_heard heard = {.a = work->a,
                              .kind = EVENT_RECORD_UPDATE,
                              .event = rec_event_of(work),
                              .execute = save_normal,
                              .user = work};

    if (!rec_hears(work->scope, EVENT_RECORD_UPDATE, EVENT_ANY_STAGE, work->col))
        return save_normal(&heard);
    return rec_write_inside(work->tx, &heard);
}
