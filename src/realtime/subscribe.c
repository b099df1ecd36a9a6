/*
 * What a client wishes to hear of: checked where it asks, carried out by the hub's thread, in the
 * order in which commits are.
 */
#include "realtime/internal.h"

#include "base/map.h"
#include "base/memory.h"

/* In an arena of its own. */
struct wish_note {
    struct note note;
    struct arena *arena;
    struct client *client;
    struct identity identity;
    struct str *names;
    bool *are_new; /* whether nobody wanted their collections before */
    size_t n;
    bool hears_oauth2;
};

static void unwant(struct hub *hub, const struct wish_note *wish)
{
    for (size_t i = 0; i < wish->n; i++)
        rec_feed_leave(&hub->feed, topic_name_of(wish->names[i]).collection);
    if (wish->n > 0)
        rec_feed_leave(&hub->feed, wish->identity.col);
}

/* With hub->lock, so that who came first is first in the queue, too. False: writes may be on their
 * way that are not told. */
static bool want(struct hub *hub, const struct wish_note *wish)
{
    bool is_sure = true;

    for (size_t i = 0; i < wish->n; i++) {
        const struct str collection = topic_name_of(wish->names[i]).collection;

        wish->are_new[i] = !rec_feed_want(&hub->feed, collection);
        is_sure &= rec_feed_is_sure(&hub->feed, collection);
    }
    if (wish->n > 0) {
        (void)rec_feed_want(&hub->feed, wish->identity.col);
        is_sure &= rec_feed_is_sure(&hub->feed, wish->identity.col);
    }
    return is_sure;
}

/* --- on the hub's thread --------------------------------------------------------------------- */

static void place(struct hub *hub, const struct wish_note *wish)
{
    for (size_t i = 0; i < wish->n; i++)
        if (wish->are_new[i])
            replay_wanted(hub, topic_name_of(wish->names[i]).collection);
    hub_place(hub, wish->client, &wish->identity, wish->names, wish->n);
}

static void run_wish(struct hub *hub, struct note *note)
{
    struct wish_note *wish = (struct wish_note *)note;

    if (wish->client->has_left)
        unwant(hub, wish);
    else
        place(hub, wish);
    client_unref(wish->client);
    arena_free(wish->arena);
}

static struct wish_note *wish_new(const struct hub_wish *hub_wish, struct client *client)
{
    struct arena *a = arena_new();
    struct wish_note *wish = ARENA_NEW(a, struct wish_note);
    struct map known = {0};

    *wish = (struct wish_note){.note = {.run = run_wish},
                               .arena = a,
                               .client = client,
                               .identity = identity_of(a, hub_wish->auth),
                               .names = ARENA_ARRAY(a, struct str, hub_wish->n_names),
                               .are_new = ARENA_ARRAY(a, bool, hub_wish->n_names)};
    for (size_t i = 0; i < hub_wish->n_names; i++) {
        struct str name = hub_wish->names[i];

        if (name.n == 0 || map_find(&known, name))
            continue;
        name = arena_dup(a, name);
        map_put(a, &known, name, wish);
        wish->names[wish->n++] = name;
    }
    wish->hears_oauth2 = map_find(&known, TOPIC_OAUTH2) != NULL;
    return wish;
}

/* --- where it is asked ----------------------------------------------------------------------- */

/* What is kept for it, while it is told and as long as it stays. */
static struct err *check_room(struct arena *a, const struct hub_wish *wish)
{
    size_t n = 0;

    for (size_t i = 0; i < wish->n_names; i++)
        n += 3 * wish->names[i].n + sizeof(struct audience) + sizeof(struct topic) +
             sizeof(struct place);
    return memory_has_room(n) ? NULL : err_starved(a, "subscriptions");
}

/* False: it has left. */
static bool tell(struct hub *hub, struct wish_note *wish, bool *ret_late)
{
    struct client *client = wish->client;
    bool is_there;

    (void)pthread_mutex_lock(&hub->lock);
    is_there = hub_find_client(hub, (struct str){client->id, CLIENT_ID_CHARS}) == client;
    if (is_there) {
        *ret_late = !want(hub, wish);
        bound_set(&client->bound, &wish->identity);
        client->hears_oauth2 = wish->hears_oauth2;
        hub_tell(hub, &wish->note);
    }
    (void)pthread_mutex_unlock(&hub->lock);
    return is_there;
}

struct err *hub_subscribe(struct arena *a, struct hub *hub, struct db_conn *conn,
                          const struct schema *schema, const struct hub_wish *hub_wish,
                          bool *ret_late)
{
    struct client *client = NULL;
    struct wish_note *wish;
    struct err *err = client_claim(a, hub, conn, schema, hub_wish, &client);

    *ret_late = false;
    if (err)
        return err;
    err = check_room(a, hub_wish);
    if (err) {
        client_unref(client);
        return err;
    }
    wish = wish_new(hub_wish, client); /* has the reference now */
    if (tell(hub, wish, ret_late))
        return NULL;
    arena_free(wish->arena);
    client_unref(client);
    return client_missing(a);
}
