/*
 * The last changes, kept for clients that asked for replay when they connected, as long as they may
 * come back for them. How much and how long are settings, which are read each time: times are those
 * from which on something counts, so that another setting holds for what is there, too.
 *
 * Invariants
 *  1. Changes are numbered as they are told. A log holds all numbers from `since` on, of
 * collections that were wanted all the while, but for those that were `dropped` since.
 *  2. What a client with replay leaves stays wanted for as long as it may come back.
 */
#include "realtime/internal.h"

#include "base/date.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/memory.h"

#include <string.h>

void replay_init(struct hub *hub)
{
    struct arena *a = arena_new();
    const struct str epoch = random_text(a, REPLAY_EPOCH_CHARS, ALPHABET_SECRET);

    memcpy(hub->replay.epoch, epoch.p, REPLAY_EPOCH_CHARS);
    hub->replay.end = &hub->replay.first;
    arena_free(a);
}

/* --- the log --------------------------------------------------------------------------------- */

static void drop_first(struct replay *replay)
{
    struct logged *logged = replay->first;

    replay->first = logged->next;
    if (!replay->first)
        replay->end = &replay->first;
    replay->bytes -= logged->bytes;
    for (const struct rec_change *it = logged->changes->first; it; it = it->next) {
        replay->dropped[rec_feed_slot(it->col->name)] = it->number;
        replay->dropped[rec_feed_slot(it->col->id)] = it->number;
    }
    rec_changes_unref(logged->changes);
    memory_free(logged, sizeof(*logged));
}

struct bounds {
    size_t bytes;
    uint64_t us; /* how long who has left may come back; 0: nothing is kept */
};

static struct bounds bounds_of(const struct hub *hub)
{
    AUTO(settings_return) struct settings *settings = settings_borrow(hub->conf.settings);
    const int64_t bytes = settings->realtime.replay_bytes;
    const int64_t seconds = settings->realtime.replay_seconds;

    if (bytes <= 0 || seconds <= 0)
        return (struct bounds){0};
    return (struct bounds){.bytes = (size_t)bytes, .us = (uint64_t)seconds * 1000000};
}

static bool keeps(const struct hub *hub)
{
    return bounds_of(hub).us > 0;
}

static bool is_on(const struct replay *replay, const struct bounds *bounds, uint64_t now_us)
{
    if (bounds->us == 0)
        return false;
    return replay->n_clients > 0 || (replay->left_us && now_us < replay->left_us + bounds->us);
}

static void drop_all(struct hub *hub)
{
    while (hub->replay.first)
        drop_first(&hub->replay);
    hub->replay.since = hub->last_change + 1;
}

/* What is more than is to be kept, or older. */
static void trim(struct hub *hub, const struct bounds *bounds, uint64_t now_us)
{
    struct replay *replay = &hub->replay;

    if (!is_on(replay, bounds, now_us))
        drop_all(hub);
    while (replay->first && (replay->bytes > bounds->bytes ||
                             replay->first->at_us + bounds->us < now_us || memory_is_over()))
        drop_first(replay);
}

void replay_keep(struct hub *hub, struct rec_changes *take_changes, size_t bytes)
{
    const struct bounds bounds = bounds_of(hub);
    struct replay *replay = &hub->replay;
    const uint64_t now_us = clock_us();
    struct logged *logged;

    if (!is_on(replay, &bounds, now_us)) {
        rec_changes_unref(take_changes);
        drop_all(hub);
        return;
    }
    logged = memory_new(sizeof(*logged));
    *logged = (struct logged){
        .changes = take_changes, .last = hub->last_change, .at_us = now_us, .bytes = bytes};
    *replay->end = logged;
    replay->end = &logged->next;
    replay->bytes += bytes;
    trim(hub, &bounds, now_us);
}

void replay_cut(struct hub *hub)
{
    hub->last_change++; /* what is lost has a number, which no log has */
    drop_all(hub);
}

bool replay_has(const struct hub *hub, struct str collection, uint64_t from)
{
    const struct replay *replay = &hub->replay;
    const size_t at = rec_feed_slot(collection);

    return keeps(hub) && replay->since <= from && replay->wanted_since[at] <= from &&
           replay->dropped[at] < from && from <= hub->last_change + 1;
}

/* --- what it cannot tell ------------------------------------------------------------------- */

void replay_resync(struct place *place)
{
    struct client *client = place->client;
    AUTO_BUF struct buf data;

    buf_init(&data, LIMIT_SUBSCRIPTION_BYTES * 8);
    BUF_ADD(&data, "{\"topic\":");
    json_write_text(&data, place->audience->name);
    BUF_ADD(&data, "}");
    client_send(client, STR("resync"), buf_str(&data), client->hub->last_change);
    place->behind = 0;
}

void replay_late(struct hub *hub, struct str name)
{
    hub->replay.late[rec_feed_slot(name)]++;
}

void replay_came(struct hub *hub, struct str name)
{
    const size_t at = rec_feed_slot(name);

    hub->replay.late[at]--;
    hub->replay.late_until[at] = hub->last_change;
}

/* --- who may come back ------------------------------------------------------------------------ */

void replay_arrived(struct hub *hub)
{
    const struct bounds bounds = bounds_of(hub);

    trim(hub, &bounds, clock_us());
    hub->replay.n_clients++;
}

void replay_left(struct hub *hub)
{
    hub->replay.n_clients--;
    hub->replay.left_us = clock_us();
}

void replay_linger(struct hub *hub, struct str collection)
{
    const size_t at = rec_feed_slot(collection);
    struct replay *replay = &hub->replay;

    if (!keeps(hub))
        return;
    if (!replay->lingers_since_us[at])
        (void)rec_feed_want(&hub->feed, collection);
    replay->lingers_since_us[at] = clock_us();
}

/* No longer than they may come back. */
uint64_t replay_tidy(struct hub *hub, uint64_t now_us, uint64_t next_us)
{
    const struct bounds bounds = bounds_of(hub);

    for (size_t i = 0; i < REC_FEED_SLOTS; i++) {
        uint64_t *since_us = &hub->replay.lingers_since_us[i];

        if (*since_us && *since_us + bounds.us <= now_us) {
            rec_feed_leave_slot(&hub->feed, i);
            *since_us = 0;
        } else if (*since_us && *since_us + bounds.us < next_us) {
            next_us = *since_us + bounds.us;
        }
    }
    trim(hub, &bounds, now_us);
    return next_us;
}

/* All that is written from here on is told, since somebody wants it. What nobody has wanted before
 * has a number that no log has: who has heard of all that was told may have missed that. */
void replay_wanted(struct hub *hub, struct str collection)
{
    hub->replay.wanted_since[rec_feed_slot(collection)] = ++hub->last_change + 1;
}

void replay_free(struct hub *hub)
{
    while (hub->replay.first)
        drop_first(&hub->replay);
}
