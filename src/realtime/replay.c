/*
 * What clients have missed is told to who comes back for it (README), or that it cannot be.
 *
 * Places that are behind are told from the log, a little at a time between all else that the thread
 * sees to, and one after the other. Once the log is told they hear of what happens. So nobody waits
 * for what a client has missed, however much that is.
 */
#include "realtime/internal.h"

#include "base/date.h"

#define SLICE_US 5000      /* of the thread's time, at once */
#define FULL_WAIT_US 20000 /* until it is looked again whether clients have read */

/* --- telling --------------------------------------------------------------------------------- */

/* Nothing more is told from the log, with a resync where something is missing. */
static void end(struct hub *hub, struct client *client, bool is_told)
{
    for (size_t i = 0; i < client->n_places; i++) {
        struct place *place = &client->places[i];

        if (place->behind > 0 && !is_told)
            replay_resync(place);
        place->behind = 0;
    }
    behind_remove(&hub->replay, client);
}

static struct map places_behind(struct arena *a, struct client *client)
{
    struct map map = {0};

    for (size_t i = client->n_places; i-- > 0;) {
        struct place *place = &client->places[i];
        const struct str key = topic_name_of(place->audience->name).key;
        struct behind *behind;

        if (place->behind == 0)
            continue;
        behind = ARENA_NEW(a, struct behind);
        *behind = (struct behind){.place = place, .next = (struct behind *)map_find(&map, key)};
        map_put(a, &map, key, behind);
    }
    return map;
}

static void tell_slice(struct hub *hub, struct client *client)
{
    struct arena *a = arena_new();
    const struct logged *it;
    struct map behind;
    uint64_t until_us;
    bool is_known = true;

    behind_give_up(hub, client, client->cursor);
    behind = places_behind(a, client);
    it = behind.n > 0 ? hub->replay.first : NULL;
    until_us = clock_thread_cpu_us() + SLICE_US; /* of telling: some is told */
    while (it && it->last < client->cursor)
        it = it->next;
    while (it && is_known && clock_thread_cpu_us() < until_us && !client_is_full(client)) {
        client->cursor = deliver_again(hub, it->changes, &behind, client->cursor, until_us);
        is_known = client->cursor > 0;
        if (client->cursor > it->last)
            it = it->next;
    }
    if (!it || !is_known)
        end(hub, client, is_known);
    arena_free(a);
}

uint64_t replay_go_on(struct hub *hub, uint64_t now_us, uint64_t next_us)
{
    struct replay *replay = &hub->replay;
    struct client *last = replay->behind_end;

    while (replay->behind) {
        struct client *client = replay->behind;

        behind_remove(replay, client);
        behind_add(replay, client); /* the others come first then */
        if (!client_is_full(client)) {
            tell_slice(hub, client);
            return replay->behind ? now_us : next_us;
        }
        if (client == last)
            return now_us + FULL_WAIT_US < next_us ? now_us + FULL_WAIT_US : next_us;
    }
    return next_us;
}
