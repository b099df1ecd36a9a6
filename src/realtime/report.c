/*
 * What the hub does, for who runs the server.
 *
 * The hub's thread writes under `seen` what others look at, and reads it without. So a report holds
 * up neither a commit nor a delivery: at most a client that comes, goes or wishes for something,
 * and that for a page of clients or one list of topics.
 */
#include "realtime/internal.h"

#include "base/date.h"
#include "base/limits.h"
#include "base/memory.h"

#include <assert.h>
#include <string.h>

/* Texts of the subscriptions on a page, all clients together: each has its share. */
#define PAGE_TEXT_BYTES (1 * MIB)
#define CLIENTS_AT_ONCE 500 /* that are looked at while the hub may wait for it */

/* --- counting: the hub's thread -------------------------------------------------------------- */

static struct tally_second *second_of(struct hub *hub, uint64_t at_s)
{
    struct tally_second *second = &hub->seconds[at_s % TALLY_SECONDS];

    if (second->at_s != at_s)
        *second = (struct tally_second){.at_s = at_s};
    return second;
}

void hub_settle(struct hub *hub)
{
    static const struct tally none;
    const struct tally fresh = hub->fresh;
    struct tally_second *second;

    if (memcmp(&fresh, &none, sizeof(none)) == 0)
        return;
    (void)pthread_mutex_lock(&hub->seen);
    second = second_of(hub, clock_us() / 1000000);
    second->events += fresh.events;
    second->bytes += fresh.bytes;
    hub->tally.events += fresh.events;
    hub->tally.bytes += fresh.bytes;
    for (size_t i = 0; i < HUB_ENDS; i++)
        hub->tally.ended[i] += fresh.ended[i];
    (void)pthread_mutex_unlock(&hub->seen);
    hub->fresh = none;
}

/* --- who is there: the hub's thread ---------------------------------------------------------- */

static void make_room(struct hub *hub)
{
    const size_t size = sizeof(struct client *);
    const size_t n = hub->n_in_order ? 2 * hub->n_in_order : 64;
    struct client **more = memory_new(n * size);

    if (hub->n_clients > 0)
        memcpy(more, hub->in_order, hub->n_clients * size);
    memory_free(hub->in_order, hub->n_in_order * size);
    hub->in_order = more;
    hub->n_in_order = n;
}

void hub_list_add(struct hub *hub, struct client *client)
{
    if (hub->n_clients == hub->n_in_order)
        make_room(hub);
    client->number = ++hub->last_number;
    hub->in_order[hub->n_clients++] = client;
}

void hub_list_remove(struct hub *hub, const struct client *client)
{
    size_t low = 0, high = hub->n_clients;

    while (low + 1 < high) {
        const size_t middle = low + (high - low) / 2;

        if (hub->in_order[middle]->number <= client->number)
            low = middle;
        else
            high = middle;
    }
    assert(hub->in_order[low] == client);
    hub->n_clients--;
    memmove(&hub->in_order[low], &hub->in_order[low + 1],
            (hub->n_clients - low) * sizeof(struct client *));
}

/* --- numbers --------------------------------------------------------------------------------- */

/* With `seen`. */
static void take_numbers(const struct hub *hub, struct hub_report *ret)
{
    const uint64_t now_s = clock_us() / 1000000;

    ret->clients = hub->n_clients;
    ret->subscriptions = hub->n_places;
    ret->events = hub->tally.events;
    ret->bytes = hub->tally.bytes;
    memcpy(ret->ended, hub->tally.ended, sizeof(ret->ended));
    for (size_t i = 0; i < TALLY_SECONDS; i++) {
        const struct tally_second *second = &hub->seconds[i];

        if (second->at_s + TALLY_SECONDS <= now_s)
            continue;
        ret->minute_events += second->events;
        ret->minute_bytes += second->bytes;
    }
}

static void take_queue(struct hub *hub, struct hub_report *ret)
{
    (void)pthread_mutex_lock(&hub->lock);
    ret->queued_changes = hub->n_queued;
    ret->queued_bytes = hub->n_bytes;
    (void)pthread_mutex_unlock(&hub->lock);
}

/* --- topics ---------------------------------------------------------------------------------- */

static bool comes_before(const struct topic *topic, const struct hub_report_topic *other)
{
    if (topic->n_places != other->subscriptions)
        return topic->n_places > other->subscriptions;
    return str_cmp(topic->key, other->name) < 0;
}

/* Among the first ones so far, or not. */
static void take_topic(struct arena *a, const struct topic *topic, struct hub_report *ret)
{
    size_t at = ret->n_topics;

    while (at > 0 && comes_before(topic, &ret->topics[at - 1]))
        at--;
    if (at == COUNT_OF(ret->topics))
        return;
    if (ret->n_topics < COUNT_OF(ret->topics))
        ret->n_topics++;
    memmove(&ret->topics[at + 1], &ret->topics[at],
            (ret->n_topics - 1 - at) * sizeof(ret->topics[0]));
    ret->topics[at] = (struct hub_report_topic){arena_dup(a, topic->key), topic->n_places};
}

/* There may be millions of them. */
static void take_topics(struct arena *a, struct hub *hub, struct hub_report *ret)
{
    for (size_t i = 0; i < HUB_BUCKETS; i++) {
        (void)pthread_mutex_lock(&hub->seen);
        for (const struct topic *it = hub->topics.by_key[i]; it; it = it->next_in_bucket)
            take_topic(a, it, ret);
        (void)pthread_mutex_unlock(&hub->seen);
    }
}

/* --- clients --------------------------------------------------------------------------------- */

static uint64_t bytes_waiting(struct client *client)
{
    uint64_t n;

    (void)pthread_mutex_lock(&client->lock);
    n = client->pending.n + atomic_load_explicit(&client->left_to_send, memory_order_relaxed);
    (void)pthread_mutex_unlock(&client->lock);
    return n;
}

static void take_names(struct arena *a, const struct client *client, size_t bytes,
                       struct hub_report_client *ret)
{
    const size_t fit = bytes / sizeof(struct str);
    const size_t most = client->n_places < fit ? client->n_places : fit;

    ret->names = ARENA_ARRAY(a, struct str, most);
    while (ret->n_names < most) {
        const struct str key = client->places[ret->n_names].audience->topic->key;
        const size_t n = key.n + sizeof(key);

        if (n > bytes)
            break;
        bytes -= n;
        ret->names[ret->n_names++] = arena_dup(a, key);
    }
    ret->n_more = client->n_places - ret->n_names;
}

static void take_client(struct arena *a, struct client *client, size_t bytes,
                        struct hub_report_client *ret)
{
    *ret = (struct hub_report_client){
        .id = arena_dup(a, (struct str){client->id, HUB_REPORT_ID_CHARS}),
        .ip = arena_dup(a, buf_str(&client->ip)),
        .connected_ms = client->connected_ms,
        .waiting = bytes_waiting(client)};
    if (client->n_places == 0)
        return;
    ret->col = arena_dup(a, client->places[0].audience->identity.col);
    ret->record = arena_dup(a, client->places[0].audience->identity.id);
    take_names(a, client, bytes, ret);
}

/* With `seen`. */
static void take_clients(struct arena *a, const struct hub *hub, size_t offset, size_t limit,
                         struct hub_report *ret)
{
    const size_t there = offset < hub->n_clients ? hub->n_clients - offset : 0;
    const size_t n = limit < there ? limit : there;

    ret->items = ARENA_ARRAY(a, struct hub_report_client, n);
    for (; ret->n_items < n; ret->n_items++)
        take_client(a, hub->in_order[there - 1 - ret->n_items], PAGE_TEXT_BYTES / limit,
                    &ret->items[ret->n_items]);
}

void hub_report(struct arena *a, struct hub *hub, size_t offset, size_t limit,
                struct hub_report *ret)
{
    memset(ret, 0, sizeof(*ret));
    take_queue(hub, ret);
    (void)pthread_mutex_lock(&hub->seen);
    take_numbers(hub, ret);
    take_clients(a, hub, offset, limit, ret);
    (void)pthread_mutex_unlock(&hub->seen);
    take_topics(a, hub, ret); /* last: of what was counted nothing is missing */
}

/* --- numbers alone --------------------------------------------------------------------------- */

size_t hub_clients(struct hub *hub)
{
    size_t n;

    (void)pthread_mutex_lock(&hub->seen);
    n = hub->n_clients;
    (void)pthread_mutex_unlock(&hub->seen);
    return n;
}

/* Of so many clients from there on; false: there is none. One that goes meanwhile makes others
 * move, so that one of them may be left out. */
static bool add_waiting(struct hub *hub, size_t from, uint64_t *sum)
{
    bool are_there;

    (void)pthread_mutex_lock(&hub->seen);
    are_there = from < hub->n_clients;
    for (size_t i = from; i < hub->n_clients && i < from + CLIENTS_AT_ONCE; i++)
        *sum += bytes_waiting(hub->in_order[i]);
    (void)pthread_mutex_unlock(&hub->seen);
    return are_there;
}

void hub_numbers(struct hub *hub, struct hub_numbers *ret)
{
    struct hub_numbers numbers = {0};

    (void)pthread_mutex_lock(&hub->lock);
    numbers.queued_changes = hub->n_queued;
    numbers.queued_bytes = hub->n_bytes;
    (void)pthread_mutex_unlock(&hub->lock);
    (void)pthread_mutex_lock(&hub->seen);
    numbers.clients = hub->n_clients;
    numbers.subscriptions = hub->n_places;
    numbers.topics = hub->topics.n;
    numbers.events = hub->tally.events;
    numbers.bytes = hub->tally.bytes;
    memcpy(numbers.ended, hub->tally.ended, sizeof(numbers.ended));
    (void)pthread_mutex_unlock(&hub->seen);
    for (size_t i = 0; add_waiting(hub, i, &numbers.waiting_bytes); i += CLIENTS_AT_ONCE)
        ;
    *ret = numbers;
}
