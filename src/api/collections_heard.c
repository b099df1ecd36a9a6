/*
 * Changes of collections that somebody listens to: their stages, and the leases in between.
 */
#include "api/collections.h"
#include "base/log.h"

/* --- stages ---------------------------------------------------------------------------------- */

static struct event_tags tags_of(const struct coll_heard *heard)
{
    const struct schema_event *event = &heard->event;

    return event->def ? (struct event_tags){event->def->name, event->def->id}
                      : (struct event_tags){event->old->name, event->old->id};
}

bool coll_hears(const struct coll_heard *heard, uint32_t stages)
{
    const struct event_tags tags = tags_of(heard);

    return events_hear(heard->events, heard->kind, stages, &tags);
}

/* What event.user points to, on the stack of coll_raise(). */
struct raised {
    struct coll_heard *heard;
    struct err *(*action)(struct coll_heard *heard);
};

static struct err *act(struct event *event)
{
    const struct raised *raised = event->user;

    return raised->action(raised->heard);
}

struct err *coll_raise(struct coll_heard *heard, enum event_stage stage,
                       struct err *(*action)(struct coll_heard *heard))
{
    struct raised raised = {heard, action};
    struct event event = {.kind = heard->kind,
                          .stage = stage,
                          .tags = tags_of(heard),
                          .a = heard->a,
                          .data = &heard->event,
                          .action = action ? act : NULL,
                          .user = &raised};
    struct err *err = events_raise(heard->events, &event);

    /* Of a listener's own doing: nothing that listeners have been told begins anew. */
    if (err && (err->kind == E_STALE || err->kind == E_OVER_BUDGET))
        err->kind = E_UNAVAILABLE;
    return err;
}

/* A db_end_fn; user is a struct coll_heard. The error of a listener to FAILED is not told: the
 * caller has one already. */
static struct err *raise_end(void *user, const struct err *failed)
{
    struct coll_heard *heard = user;
    struct err *err;

    heard->event.failed = failed;
    err = coll_raise(heard, failed ? EVENT_FAILED : EVENT_COMMITTED, NULL);
    return failed ? NULL : err;
}

struct err *coll_save_told(struct coll_heard *heard)
{
    struct err *err = coll_raise(heard, EVENT_SAVE, heard->save);
    struct err *end = raise_end(heard, err);

    return err ? err : end;
}

/* --- inside a unit --------------------------------------------------------------------------- */

struct err *coll_save_inside(struct db_conn *tx, struct coll_heard *heard)
{
    struct err *err = coll_raise(heard, EVENT_SAVE, heard->save);
    struct coll_heard *told;

    if (coll_hears(heard, EVENT_STAGE(EVENT_COMMITTED) | EVENT_STAGE(EVENT_FAILED))) {
        told = ARENA_NEW(db_unit_arena(tx), struct coll_heard);
        *told = *heard;
        db_at_end(tx, raise_end, told);
    }
    return err;
}

/* Listeners may have changed what the collection was made of. */
static struct err *store_anew(struct coll_heard *heard)
{
    struct coll_save *save = heard->user;
    struct err *err = coll_make(save);

    if (!err && !save->whole && !save->view_why.p)
        return err_new(save->a, E_BAD_REQUEST, NULL, "invalid fields");
    return err ? err : coll_store(save);
}

struct err *coll_write(struct coll_save *save, const struct coll_heard *heard)
{
    struct coll_heard inner = *heard;

    if (!coll_hears(heard, EVENT_STAGE(EVENT_WRITE)))
        return coll_store(save);
    inner.a = save->a;
    inner.event.def = save->def;
    inner.user = save;
    return coll_raise(&inner, EVENT_WRITE, store_anew);
}

static void unref_schema(void *arg)
{
    schema_unref(arg);
}

struct err *coll_follow(struct arena *a, struct db_conn *tx, const struct schema **schema,
                        const struct schema_col **col)
{
    struct err *err = schema_check_fresh(a, *schema, tx);
    const struct schema_col *old = *col;
    struct schema *fresh;

    if (!err || err->kind != E_STALE)
        return err;
    err = schema_load(a, tx, &fresh);
    if (err)
        return err;
    arena_defer(a, unref_schema, fresh);
    *schema = fresh;
    if (!old)
        return NULL;
    *col = map_find(&fresh->by_id, old->id);
    if (!*col)
        return err_new(a, E_NOT_FOUND, NULL, "the collection is gone");
    return NULL;
}

/* --- leases ---------------------------------------------------------------------------------- */

/* Should it fail, the next reader sees a version that is not its snapshot's and tries again. */
static void publish(void *user)
{
    struct api_call *call = user;
    struct err *err = call->api->follow_schema(call->api->user, call->arena, API_ANY_VERSION);

    if (err)
        log_error("schema.reload.failed", LOG_STR("cause", err->cause));
}

struct err *coll_run_leased(struct api_call *call, bool changes_schema, db_unit_fn *unit,
                            const void *in, void **ret_out)
{
    struct db_end *ends = NULL;
    const struct db_lease lease = {.timeout_s = coll_takes_its_time(call),
                                   .wait_s = call->api->query_timeout_s,
                                   .gone = &call->req->gone,
                                   .changes_schema = changes_schema,
                                   .published = changes_schema ? publish : NULL,
                                   .user = call,
                                   .ret_ends = &ends};
    struct err *err = db_run_leased(call->arena, call->api->db, &lease, unit, in, ret_out);
    struct err *end;

    call->committed |= !err && changes_schema;
    end = db_ends_run(ends, err);
    return err ? err : end;
}
