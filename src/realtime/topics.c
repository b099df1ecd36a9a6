/*
 * Who waits for what: topics by their name, audiences by theirs and their identity.
 */
#include "realtime/client.h"

#include "base/memory.h"

static struct topic **topic_bucket(struct topics *topics, struct str key)
{
    return &topics->by_key[str_hash(key) % HUB_BUCKETS];
}

static struct audience **audience_bucket(struct topics *topics, struct str name,
                                         const struct identity *identity)
{
    const uint64_t hash = str_hash(name) ^ (str_hash(identity->id) * 31) ^ str_hash(identity->col);

    return &topics->audiences[hash % HUB_BUCKETS];
}

struct topic *topics_find(const struct topics *topics, struct str key)
{
    struct topic *topic = topics->by_key[str_hash(key) % HUB_BUCKETS];

    while (topic && !str_eq(topic->key, key))
        topic = topic->next_in_bucket;
    return topic;
}

/* --- making ---------------------------------------------------------------------------------- */

static size_t topic_bytes(struct str key)
{
    return sizeof(struct topic) + key.n;
}

static struct topic *topic_at(struct topics *topics, struct str key)
{
    struct topic **bucket = topic_bucket(topics, key);
    struct topic *topic = topics_find(topics, key);
    char *at;

    if (topic)
        return topic;
    topic = memory_new(topic_bytes(key));
    at = topic->text;
    topic->key = str_put(&at, key);
    topic->next_in_bucket = *bucket;
    *bucket = topic;
    topics->n++;
    return topic;
}

static struct audience *find_audience(struct audience *audience, struct str name,
                                      const struct identity *identity)
{
    while (audience &&
           !(str_eq(audience->name, name) && identity_eq(&audience->identity, identity) &&
             str_eq(audience->identity.key, identity->key)))
        audience = audience->next_in_bucket;
    return audience;
}

struct audience *topics_find_audience(struct topics *topics, struct str name,
                                      const struct identity *identity)
{
    return find_audience(*audience_bucket(topics, name, identity), name, identity);
}

static size_t audience_bytes(struct str name, const struct identity *identity)
{
    return sizeof(struct audience) + name.n + identity->col.n + identity->id.n + identity->key.n;
}

static struct audience *make_audience(struct topic *topic, struct str name,
                                      const struct identity *identity)
{
    struct audience *audience = memory_new(audience_bytes(name, identity));
    char *at = audience->texts;

    audience->topic = topic;
    audience->took_us = AUDIENCE_UNKNOWN;
    audience->name = str_put(&at, name);
    audience->identity.col = str_put(&at, identity->col);
    audience->identity.id = str_put(&at, identity->id);
    audience->identity.key = str_put(&at, identity->key);
    audience->next = topic->first;
    if (topic->first)
        topic->first->prev = audience;
    topic->first = audience;
    return audience;
}

void topics_join(struct topics *topics, struct str name, const struct identity *identity,
                 struct client *client, struct place *ret)
{
    struct audience **bucket = audience_bucket(topics, name, identity);
    struct audience *audience = find_audience(*bucket, name, identity);

    if (!audience) {
        audience = make_audience(topic_at(topics, topic_name_of(name).key), name, identity);
        audience->next_in_bucket = *bucket;
        *bucket = audience;
    }
    audience->topic->n_places++;
    *ret = (struct place){.client = client, .audience = audience, .next = audience->first};
    if (audience->first)
        audience->first->prev = ret;
    audience->first = ret;
}

/* --- audiences -------------------------------------------------------------------------------- */

void audience_forget(struct audience *audience)
{
    schema_unref(audience->schema);
    audience->schema = NULL;
    audience->took_us = AUDIENCE_UNKNOWN;
    if (audience->known)
        arena_free(TAKE(audience->known));
}

void audience_send(struct audience *audience, struct str data, uint64_t number)
{
    for (struct place *place = audience->first; place; place = place->next)
        if (place->behind == 0)
            client_send(place->client, audience->name, data, number);
}

/* --- leaving --------------------------------------------------------------------------------- */

static void drop_topic(struct topics *topics, struct topic *topic)
{
    struct topic **at = topic_bucket(topics, topic->key);

    while (*at != topic)
        at = &(*at)->next_in_bucket;
    *at = topic->next_in_bucket;
    topics->n--;
    memory_free(topic, topic_bytes(topic->key));
}

static void drop_audience(struct topics *topics, struct audience *audience)
{
    struct audience **at = audience_bucket(topics, audience->name, &audience->identity);
    struct topic *topic = audience->topic;

    while (*at != audience)
        at = &(*at)->next_in_bucket;
    *at = audience->next_in_bucket;
    if (audience->next)
        audience->next->prev = audience->prev;
    if (audience->prev)
        audience->prev->next = audience->next;
    else
        topic->first = audience->next;
    audience_forget(audience);
    aside_forget(audience);
    memory_free(audience, audience_bytes(audience->name, &audience->identity));
    if (!topic->first)
        drop_topic(topics, topic);
}

void topics_leave(struct topics *topics, struct place *place)
{
    struct audience *audience = place->audience;

    if (place->next)
        place->next->prev = place->prev;
    if (place->prev)
        place->prev->next = place->next;
    else
        audience->first = place->next;
    audience->topic->n_places--;
    if (!audience->first)
        drop_audience(topics, audience);
}
