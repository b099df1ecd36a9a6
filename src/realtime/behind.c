/*
 * Places that are behind, and what the log has for them.
 */
#include "realtime/internal.h"

void behind_add(struct replay *replay, struct client *client)
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

void behind_remove(struct replay *replay, struct client *client)
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

/* Who has seen a number beyond them has seen what came late, too. */
static bool has_come(const struct hub *hub, const struct client *client, struct str name)
{
    const size_t at = rec_feed_slot(name);

    return hub->replay.late[at] == 0 && hub->replay.late_until[at] < client->position;
}

static bool is_covered(const struct hub *hub, const struct place *place, uint64_t from)
{
    const struct str name = place->audience->name, collection = topic_name_of(name).collection;

    return place->client->position > 0 && has_come(hub, place->client, name) &&
           !str_starts(collection, STR("@")) && /* what is no record's is not kept */
           replay_has(hub, collection, from);
}

void behind_give_up(struct hub *hub, struct client *client, uint64_t cursor)
{
    for (size_t i = 0; i < client->n_places; i++) {
        struct place *place = &client->places[i];
        const uint64_t from = place->behind < cursor ? cursor : place->behind;

        if (place->behind > 0 && !is_covered(hub, place, from))
            replay_resync(place);
    }
}

/* Where the log is to go on for the client; 0: nowhere. */
static uint64_t first_behind(const struct hub *hub, const struct client *client)
{
    uint64_t first = 0;

    for (size_t i = 0; i < client->n_places; i++) {
        const struct place *place = &client->places[i];

        if (place->behind > 0 && is_covered(hub, place, place->behind) &&
            (first == 0 || place->behind < first))
            first = place->behind;
    }
    return first;
}

/* From here on no id says more than what it has been told; nor does the last one that it was given,
 * after this. */
static void begin(struct hub *hub, struct client *client)
{
    if (!client->is_behind)
        behind_add(&hub->replay, client);
    client->told = client->cursor - 1;
    if (client->seen > client->told)
        client_send(client, STR("position"), STR("{}"), client->told);
}

void replay_placed(struct hub *hub, struct client *client)
{
    const uint64_t first = first_behind(hub, client);

    client->cursor = first;
    if (first > 0)
        begin(hub, client);
    behind_give_up(hub, client, 0);
    if (first == 0 && client->is_behind)
        behind_remove(&hub->replay, client);
    /* the last change that it has heard may come once more (deliver.c) */
    if (first > 0 && first == client->position + 1)
        client->cursor = client->position;
}
