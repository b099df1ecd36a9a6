/*
 * The hub: what it is told of, in its order, and the thread that sees to it.
 */
#include "realtime/internal.h"

#include "base/date.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/thread.h"

#include <time.h>

#define HAND_OVER_US 1000 /* until it is looked again whether a snapshot is free */

/* --- telling --------------------------------------------------------------------------------- */

/* In the arena of the changes. */
struct changes_note {
    struct note note;
    struct rec_changes *changes;
    struct pin *pin; /* NULL: nothing is deleted, or there was none left */
    size_t bytes;
};

static void run_changes(struct hub *hub, struct note *note)
{
    const struct changes_note *it = (const struct changes_note *)(const void *)note;
    struct rec_changes *changes = it->changes;
    struct pin *pin = it->pin;
    const size_t n = changes->n, bytes = it->bytes;

    if (pin)
        db_loose_take(pin->conn);
    if (!deliver_changes(hub, changes, pin))
        hub_cut(hub);
    pin_unref(hub, pin);
    replay_keep(hub, changes, bytes);
    (void)pthread_mutex_lock(&hub->lock);
    hub->n_queued -= n;
    hub->n_bytes -= bytes;
    (void)pthread_mutex_unlock(&hub->lock);
}

/* For the feed: by who commits. More than there is room for is not kept, and never silently. */
static void take_changes(void *user, struct rec_changes *take_changes)
{
    struct hub *hub = user;
    struct changes_note *it = ARENA_NEW(take_changes->arena, struct changes_note);
    bool is_kept;

    *it = (struct changes_note){.note = {.run = run_changes},
                                .changes = take_changes,
                                .bytes = arena_used(take_changes->arena),
                                .pin = take_changes->has_deletes ? pin_ref(hub) : NULL};
    (void)pthread_mutex_lock(&hub->lock);
    is_kept = !hub->stopping && !hub->cut && hub->n_bytes + it->bytes <= LIMIT_HUB_BYTES;
    hub->cut |= !is_kept;
    if (is_kept) {
        hub->n_queued += take_changes->n;
        hub->n_bytes += it->bytes;
        hub_tell(hub, &it->note);
    }
    (void)pthread_mutex_unlock(&hub->lock);
    if (is_kept)
        return;
    pin_unref(hub, it->pin);
    rec_changes_unref(take_changes);
}

/* --- clients --------------------------------------------------------------------------------- */

static struct client *of_arrived(struct note *note)
{
    return (struct client *)(void *)((char *)note - offsetof(struct client, arrived));
}

static struct client *of_left(struct note *note)
{
    return (struct client *)(void *)((char *)note - offsetof(struct client, left));
}

static void run_arrived(struct hub *hub, struct note *note)
{
    struct client *client = of_arrived(note);

    (void)pthread_mutex_lock(&hub->seen);
    client->next = hub->clients;
    if (hub->clients)
        hub->clients->prev = client;
    hub->clients = client;
    hub_list_add(hub, client);
    (void)pthread_mutex_unlock(&hub->seen);
    if (client->replays)
        replay_arrived(hub);
}

static void run_left(struct hub *hub, struct note *note)
{
    struct client *client = of_left(note);

    client->has_left = true;
    hub_place(hub, client, NULL, NULL, 0);
    if (client->replays)
        replay_left(hub);
    (void)pthread_mutex_lock(&hub->seen);
    if (client->next)
        client->next->prev = client->prev;
    if (client->prev)
        client->prev->next = client->next;
    else
        hub->clients = client->next;
    hub_list_remove(hub, client);
    (void)pthread_mutex_unlock(&hub->seen);
    hub_remove_client(hub, client);
    client_unref(client);
}

/* --- time ------------------------------------------------------------------------------------ */

static bool is_due(const struct client *client, uint64_t now_us, uint64_t *next_us,
                   enum hub_end *ret_why)
{
    const uint64_t quiet_us = client->sent_us + LIMIT_STREAM_QUIET_S * UINT64_C(1000000);
    const uint64_t whole_us = client->begun_us + LIMIT_STREAM_S * UINT64_C(1000000);
    const uint64_t due_us = quiet_us < whole_us ? quiet_us : whole_us;

    *ret_why = quiet_us < whole_us ? HUB_QUIET : HUB_WHOLE;
    if (due_us > now_us && due_us < *next_us)
        *next_us = due_us;
    return due_us <= now_us;
}

/* A client with replay that has heard nothing for long has an old id: from the new one on, less is
 * looked at for it, and may have gone from the log. */
static bool end_due(struct hub *hub, struct client *client)
{
    if (client->replays && !client->is_behind)
        client_send(client, STR("position"), STR("{}"), hub->last_change);
    return client_close(client);
}

/* When to look again. */
static uint64_t close_due(struct hub *hub, uint64_t now_us)
{
    uint64_t next_us = now_us + LIMIT_STREAM_QUIET_S * UINT64_C(1000000);
    enum hub_end why;

    for (struct client *client = hub->clients; client; client = client->next)
        if (is_due(client, now_us, &next_us, &why))
            hub->fresh.ended[why] += end_due(hub, client);
    return next_us;
}

/* Changes are lost to those who wait for them, who have to connect anew and read what there is. */
static void close_all(struct hub *hub)
{
    log_warn("realtime.behind", LOG_U64("bytes", LIMIT_HUB_BYTES));
    for (struct client *client = hub->clients; client; client = client->next)
        hub->fresh.ended[HUB_BEHIND] += client_close(client);
}

/* --- the thread ------------------------------------------------------------------------------ */

/* NULL: it is to end, or to look at the time. */
static struct note *wait_for_notes(struct hub *hub, uint64_t until_us, bool *ret_cut,
                                   bool *ret_stopping)
{
    const struct timespec until = {.tv_sec = (time_t)(until_us / 1000000),
                                   .tv_nsec = (long)(until_us % 1000000) * 1000};
    struct note *notes;
    int rc = 0;

    (void)pthread_mutex_lock(&hub->lock);
    while (!hub->first && !hub->stopping && !hub->cut && rc == 0)
        rc = pthread_cond_timedwait(&hub->told, &hub->lock, &until);
    notes = hub->first;
    hub->first = NULL;
    hub->end = &hub->first;
    *ret_cut = hub->cut;
    hub->cut = false;
    *ret_stopping = hub->stopping;
    (void)pthread_mutex_unlock(&hub->lock);
    return notes;
}

static void wake(struct hub *hub)
{
    hub_settle(hub);
    if (hub->woken && hub->conf.wake)
        hub->conf.wake(hub->conf.user);
    hub->woken = false;
}

static void run_notes(struct hub *hub, struct note *notes)
{
    while (notes) {
        struct note *note = notes;

        notes = note->next;
        note->run(hub, note);
        hub_end_now(hub);
        (void)aside_hand_over(hub);
        rooms_settle(hub);
        wake(hub);
    }
}

/* What is told from elsewhere goes on; when there is more of it. */
static uint64_t go_on(struct hub *hub, uint64_t next_us)
{
    const uint64_t now_us = clock_us();
    const uint64_t again_us = now_us + HAND_OVER_US;

    if (aside_hand_over(hub) && again_us < next_us)
        next_us = again_us;
    next_us = replay_go_on(hub, now_us, next_us);
    wake(hub);
    return next_us;
}

static void run(void *arg)
{
    struct hub *hub = arg;
    uint64_t next_us = clock_us();
    bool cut, stopping = false;

    while (!stopping) {
        const uint64_t due_us = go_on(hub, rooms_next_us(hub, next_us));
        struct note *notes = wait_for_notes(hub, due_us, &cut, &stopping);
        const uint64_t now_us = clock_us();

        run_notes(hub, notes);
        rooms_settle(hub);
        if (cut) {
            close_all(hub);
            replay_cut(hub);
        }
        if (now_us >= next_us)
            next_us = replay_tidy(hub, now_us, close_due(hub, now_us));
    }
    wake(hub);
    db_reader_close(hub->conf.db);
    query_cache_release();
    snapshot_thread_end();
}

/* --- all ------------------------------------------------------------------------------------- */

static void init_told(struct hub *hub)
{
    pthread_condattr_t attr;

    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&hub->told, &attr);
    (void)pthread_condattr_destroy(&attr);
}

struct hub *hub_new(const struct hub_conf *conf)
{
    struct hub *hub = memory_new(sizeof(*hub));

    hub->conf = *conf;
    hub->end = &hub->first;
    hub->arrived = run_arrived;
    hub->left = run_left;
    desk_init(&hub->desk);
    hub->last_change = 1; /* no position is 0 */
    replay_init(hub);
    hub->feed.tell = take_changes;
    hub->feed.user = hub;
    hub->announced = conf->schemas ? schema_current(conf->schemas) : NULL;
    (void)pthread_mutex_init(&hub->lock, NULL);
    (void)pthread_mutex_init(&hub->seen, NULL);
    init_told(hub);
    if (aside_start(hub) && thread_start("realtime", run, hub, &hub->thread))
        return hub;
    aside_stop(hub);
    hub_free(hub);
    return NULL;
}

struct rec_feed *hub_feed(struct hub *hub)
{
    return &hub->feed;
}

void hub_stop(struct hub *hub)
{
    if (!hub)
        return;
    aside_stop(hub);
    (void)pthread_mutex_lock(&hub->lock);
    hub->stopping = true;
    (void)pthread_cond_signal(&hub->told);
    (void)pthread_mutex_unlock(&hub->lock);
    thread_join(hub->thread);
    aside_drop(hub);
}

void hub_release(struct hub *hub)
{
    for (size_t i = 0; hub && i < HUB_PINS; i++) {
        if (hub->pins[i].conn)
            db_loose_take(hub->pins[i].conn);
        db_loose_close(TAKE(hub->pins[i].conn));
    }
}

void hub_free(struct hub *hub)
{
    if (!hub)
        return;
    schema_unref(hub->schema);
    schema_unref(hub->announced);
    replay_free(hub);
    settings_unref(hub->rooms.settings);
    desk_free(&hub->desk);
    aside_free(hub);
    memory_free(hub->in_order, hub->n_in_order * sizeof(struct client *));
    (void)pthread_mutex_destroy(&hub->lock);
    (void)pthread_mutex_destroy(&hub->seen);
    (void)pthread_cond_destroy(&hub->told);
    memory_free(hub, sizeof(*hub));
}
