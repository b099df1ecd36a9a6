/*
 * What others tell the hub's thread, and the clients that they know by their ids.
 */
#include "realtime/internal.h"

void hub_tell(struct hub *hub, struct note *note)
{
    note->next = NULL;
    *hub->end = note;
    hub->end = &note->next;
    (void)pthread_cond_signal(&hub->told);
}

void hub_wake_later(struct hub *hub)
{
    hub->woken = true;
}

void hub_cut(struct hub *hub)
{
    (void)pthread_mutex_lock(&hub->lock);
    hub->cut = true;
    (void)pthread_cond_signal(&hub->told);
    (void)pthread_mutex_unlock(&hub->lock);
}

/* --- clients --------------------------------------------------------------------------------- */

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
