/*
 * What was there before a commit: who may hear of a delete is asked of the state in which the
 * record, and what it belongs to, still is (design.md 10.3).
 *
 * The committing thread opens a snapshot right before it commits, and hands it on to the hub's
 * thread with the changes. They are few: where the hub lags behind so far that none is left, those
 * who may have missed something are told to connect anew.
 */
#include "realtime/internal.h"

#include "base/log.h"

/* With hub->lock. One that nobody has. */
static struct pin *find_free(struct hub *hub)
{
    for (size_t i = 0; i < HUB_PINS; i++)
        if (hub->pins[i].refs == 0)
            return &hub->pins[i];
    return NULL;
}

static struct err *begin(struct arena *a, struct hub *hub, struct pin *pin)
{
    struct err *err = NULL;

    if (pin->conn)
        db_loose_take(pin->conn);
    else
        err = db_loose_open(a, hub->conf.db, &pin->conn);
    return err ? err : db_read_begin(a, pin->conn);
}

void hub_before_commit(struct hub *hub)
{
    struct arena *a;
    struct err *err;

    if (hub->is_committing)
        return; /* what several commits share is the state before the first */
    hub->is_committing = true;
    (void)pthread_mutex_lock(&hub->lock);
    hub->committed = find_free(hub);
    if (hub->committed)
        hub->committed->refs = 1;
    (void)pthread_mutex_unlock(&hub->lock);
    if (!hub->committed)
        return;
    a = arena_new();
    err = begin(a, hub, hub->committed);
    if (err) {
        log_warn("realtime.failed", LOG_STR("cause", err->cause));
        pin_unref(hub, TAKE(hub->committed));
    }
    arena_free(a);
}

void hub_after_commit(struct hub *hub)
{
    if (!hub->is_committing)
        return;
    hub->is_committing = false;
    pin_unref(hub, TAKE(hub->committed));
}

struct pin *pin_ref(struct hub *hub)
{
    struct pin *pin = hub->committed;

    if (!pin)
        return NULL;
    (void)pthread_mutex_lock(&hub->lock);
    pin->refs++;
    (void)pthread_mutex_unlock(&hub->lock);
    return pin;
}

/* The last one ends the snapshot while it still has the pin. */
void pin_unref(struct hub *hub, struct pin *pin)
{
    bool is_last;

    if (!pin)
        return;
    (void)pthread_mutex_lock(&hub->lock);
    is_last = pin->refs == 1;
    if (!is_last)
        pin->refs--;
    (void)pthread_mutex_unlock(&hub->lock);
    if (!is_last)
        return;
    if (pin->conn) {
        db_loose_take(pin->conn);
        (void)db_read_end(pin->conn); /* nothing is told of what could be stale */
    }
    (void)pthread_mutex_lock(&hub->lock);
    pin->refs = 0;
    (void)pthread_mutex_unlock(&hub->lock);
}
