/*
 * What clients have missed is told to who comes back for it (README), or that it cannot be.
 *
 * Places that are behind are told from the log, a little at a time between all else that the thread
 * sees to, and one after the other. Once the log is told they hear of what happens. So nobody waits
 * for what a client has missed, however much that is.
 */
#include "realtime/internal.h"

#include "base/date.h"
#include "base/limits.h"

#define SLICE_US 5000      /* of the thread's time, at once */
#define FULL_WAIT_US 20000 /* until it is looked again whether clients have read */

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

/* --- who is behind --------------------------------------------------------------------------- */

static void enlist(struct replay *replay, struct client *client)
{
    client->is_behind = true;
    client->behind_next = NULL;
    client->behind_prev = replay->behind_end;
    if (replay->behind_end)
        replay->behind_end->behind_next = client;
    else
        replay->behind = client;
    replay->behind_end = client;
}

static void unlist(struct replay *replay, struct client *client)
{
    if (client->behind_prev)
        client->behind_prev->behind_next = client->behind_next;
    else
        replay->behind = client->behind_next;
    if (client->behind_next)
        client->behind_next->behind_prev = client->behind_prev;
    else
        replay->behind_end = client->behind_prev;
    client->is_behind = false;
}

/* Where the log goes on for a place that the client had (NULL: it had none); 0: it hears of what
 * happens. */
static uint64_t goes_on(const struct client *client, const struct place *had)
{
    if (!had)
        return client->position + 1;
    return had->behind > 0 && had->behind < client->cursor ? client->cursor : had->behind;
}

void replay_place(struct client *client, struct place *places, size_t n)
{
    struct map had = {0};
    struct arena *a;

    if (!client->comes_back)
        return;
    a = arena_new();
    for (size_t i = 0; i < client->n_places; i++)
        map_put(a, &had, client->places[i].audience->name, &client->places[i]);
    for (size_t i = 0; i < n; i++)
        places[i].behind =
            goes_on(client, (const struct place *)map_find(&had, places[i].audience->name));
    arena_free(a);
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

/* Who has seen a number beyond them has seen what came late, too. */
static bool has_come(const struct hub *hub, const struct client *client, struct str name)
{
    const size_t at = rec_feed_slot(name);

    return hub->replay.late[at] == 0 && hub->replay.late_until[at] < client->position;
}

/* What is no record's is not kept. */
static bool is_covered(const struct hub *hub, const struct place *place)
{
    const struct replay *replay = &hub->replay;
    const struct str name = place->audience->name, collection = topic_name_of(name).collection;

    return replay_keeps(hub) && place->client->position > 0 && has_come(hub, place->client, name) &&
           place->behind <= hub->last_change + 1 && replay->since <= place->behind &&
           !str_starts(collection, STR("@")) &&
           replay->wanted_since[rec_feed_slot(collection)] <= place->behind;
}

void replay_placed(struct hub *hub, struct client *client)
{
    uint64_t cursor = 0;

    for (size_t i = 0; i < client->n_places; i++) {
        struct place *place = &client->places[i];

        if (place->behind > 0 && !is_covered(hub, place))
            replay_resync(place);
        if (place->behind > 0 && (cursor == 0 || place->behind < cursor))
            cursor = place->behind;
    }
    client->cursor = cursor;
    if (client->is_behind && cursor == 0)
        unlist(&hub->replay, client);
    else if (!client->is_behind && cursor > 0)
        enlist(&hub->replay, client);
}

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
    unlist(&hub->replay, client);
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
    const struct logged *it = hub->replay.first;
    struct arena *a = arena_new();
    const struct map behind = places_behind(a, client);
    const uint64_t until_us = clock_thread_cpu_us() + SLICE_US; /* of telling: some is told */
    bool is_known = hub->replay.since <= client->cursor;

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

        unlist(replay, client);
        enlist(replay, client); /* the others come first then */
        if (!client_is_full(client)) {
            tell_slice(hub, client);
            return replay->behind ? now_us : next_us;
        }
        if (client == last)
            return now_us + FULL_WAIT_US < next_us ? now_us + FULL_WAIT_US : next_us;
    }
    return next_us;
}
