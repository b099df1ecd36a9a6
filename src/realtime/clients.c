/*
 * The clients that there are: by their ids, which others know, and by the records that they hear
 * as.
 */
#include "realtime/internal.h"

/* --- by ids ---------------------------------------------------------------------------------- */

static struct client **client_bucket(struct hub *hub, struct str id)
{
    return &hub->by_id[str_hash(id) % HUB_BUCKETS];
}

static struct str id_of(const struct client *client)
{
    return (struct str){client->id, CLIENT_ID_CHARS};
}

struct client *hub_find_client(struct hub *hub, struct str id)
{
    struct client *client = *client_bucket(hub, id);

    while (client && !str_eq(id_of(client), id))
        client = client->next_in_bucket;
    return client;
}

void hub_add_client(struct hub *hub, struct client *client)
{
    struct client **bucket;

    client->arrived.run = hub->arrived;
    client->left.run = hub->left;
    (void)pthread_mutex_lock(&hub->lock);
    bucket = client_bucket(hub, id_of(client));
    client->next_in_bucket = *bucket;
    *bucket = client;
    hub_tell(hub, &client->arrived);
    (void)pthread_mutex_unlock(&hub->lock);
}

void hub_remove_client(struct hub *hub, struct client *client)
{
    struct client **at;

    (void)pthread_mutex_lock(&hub->lock);
    at = client_bucket(hub, id_of(client));
    while (*at != client)
        at = &(*at)->next_in_bucket;
    *at = client->next_in_bucket;
    (void)pthread_mutex_unlock(&hub->lock);
}

/* --- by records ------------------------------------------------------------------------------ */

const struct identity *client_identity(const struct client *client)
{
    const struct identity *identity =
        client->n_places > 0 ? &client->places[0].audience->identity : NULL;

    return identity && identity->col.n > 0 ? identity : NULL;
}

static size_t bucket_at(struct str col, struct str id)
{
    return ((str_hash(id) * 31) ^ str_hash(col)) % HUB_BUCKETS;
}

struct client *clients_as(const struct hub *hub, struct str col, struct str id)
{
    return hub->by_identity[bucket_at(col, id)];
}

void clients_index(struct hub *hub, struct client *client)
{
    const struct identity *identity = client_identity(client);

    if (client->same_at) {
        *client->same_at = client->same_next;
        if (client->same_next)
            client->same_next->same_at = client->same_at;
        client->same_at = NULL;
    }
    if (!identity)
        return;
    client->same_at = &hub->by_identity[bucket_at(identity->col, identity->id)];
    client->same_next = *client->same_at;
    if (client->same_next)
        client->same_next->same_at = &client->same_next;
    *client->same_at = client;
}
