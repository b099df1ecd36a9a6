/*
 * Places of clients: taken, changed and left, with what writes are to tell of for their sake.
 */
#include "realtime/internal.h"

#include "base/memory.h"

static void linger(struct hub *hub, const struct client *client)
{
    replay_linger(hub, client->places[0].audience->identity.col);
    for (size_t i = 0; i < client->n_places; i++)
        replay_linger(hub, topic_name_of(client->places[i].audience->name).collection);
}

static void leave_places(struct hub *hub, struct client *client)
{
    if (client->replays && client->n_places > 0)
        linger(hub, client);
    if (client->n_places > 0)
        rec_feed_leave(&hub->feed, client->places[0].audience->identity.col);
    for (size_t i = 0; i < client->n_places; i++) {
        rec_feed_leave(&hub->feed, topic_name_of(client->places[i].audience->name).collection);
        topics_leave(&hub->topics, &client->places[i]);
    }
    memory_free(client->places, client->n_places * sizeof(*client->places));
    client->places = NULL;
    client->n_places = 0;
}

void hub_place(struct hub *hub, struct client *client, const struct identity *identity,
               const struct str *names, size_t n)
{
    struct place *places = n > 0 ? memory_new(n * sizeof(*places)) : NULL;

    (void)pthread_mutex_lock(&hub->seen);
    for (size_t i = 0; i < n; i++)
        topics_join(&hub->topics, names[i], identity, client, &places[i]);
    rooms_place(hub, client, places, n);
    replay_place(client, places, n);
    hub->n_places += n - client->n_places;
    leave_places(hub, client); /* what is in both has stayed */
    client->places = places;
    client->n_places = n;
    clients_index(hub, client);
    (void)pthread_mutex_unlock(&hub->seen);
    replay_placed(hub, client);
}

void hub_place_anew(struct hub *hub, struct client *client, const struct identity *identity,
                    struct str but)
{
    struct arena *a = arena_new();
    struct str *names = ARENA_ARRAY(a, struct str, client->n_places);
    struct identity same = {0};
    size_t n = 0;

    for (size_t i = 0; i < client->n_places; i++) {
        const struct audience *audience = client->places[i].audience;

        same = identity_copy(a, &audience->identity);
        if (but.p && str_eq(audience->name, but))
            continue;
        names[n] = arena_dup(a, audience->name);
        (void)rec_feed_want(&hub->feed, topic_name_of(names[n++]).collection);
    }
    identity = identity ? identity : &same;
    if (n > 0)
        (void)rec_feed_want(&hub->feed, identity->col);
    hub_place(hub, client, identity, names, n);
    arena_free(a);
}

void hub_end(struct hub *hub, struct client *client, enum hub_end why)
{
    hub->fresh.ended[why]++;
    client->next_ending = hub->ending;
    hub->ending = client;
}

void hub_end_now(struct hub *hub)
{
    while (hub->ending) {
        struct client *client = hub->ending;

        hub->ending = client->next_ending;
        hub_place(hub, client, NULL, NULL, 0);
    }
}
