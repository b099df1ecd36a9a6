/*
 * A change on its way to who waits for it (services.md 2.3 to 2.5).
 */
#include "realtime/internal.h"

/* --- who they are ---------------------------------------------------------------------------- */

/* A guest from now on, with the same subscriptions. */
static void make_guest(struct hub *hub, struct client *client)
{
    const struct identity guest = {0};
    struct arena *a = arena_new();
    struct str *names = ARENA_ARRAY(a, struct str, client->n_places);
    const size_t n = client->n_places;

    for (size_t i = 0; i < n; i++) {
        names[i] = arena_dup(a, client->places[i].audience->name);
        (void)rec_feed_want(&hub->feed, topic_name_of(names[i]).collection);
    }
    (void)rec_feed_want(&hub->feed, guest.col);
    hub_place(hub, client, &guest, names, n);
    arena_free(a);
}

/* NULL: it is a guest. */
static const struct identity *identity_at(const struct client *client)
{
    const struct identity *identity =
        client->n_places > 0 ? &client->places[0].audience->identity : NULL;

    return identity && identity->col.n > 0 ? identity : NULL;
}

static void forget_actors(const struct client *client)
{
    for (size_t i = 0; i < client->n_places; i++)
        audience_forget(client->places[i].audience);
}

/* Of the record, NULL: of all. An error leaves them what they were: they are asked for again. */
static void check_identities(struct judge *judge, const struct rec *rec)
{
    for (struct client *client = judge->hub->clients; client; client = client->next) {
        const struct identity *identity = identity_at(client);
        struct rec *found;
        struct err *err;

        if (!identity ||
            (rec && !(str_eq(identity->col, rec->col->id) && str_eq(identity->id, rec_id(rec)))))
            continue;
        forget_actors(client);
        arena_reset(judge->a);
        err = identity_find(judge->a, judge->conn, judge->change->schema, identity, &found);
        if (!err && !found)
            make_guest(judge->hub, client);
    }
}

static void follow_schema(struct judge *judge)
{
    struct hub *hub = judge->hub;

    if (hub->schema == judge->change->schema)
        return;
    if (hub->schema)
        check_identities(judge, NULL);
    schema_unref(hub->schema);
    hub->schema = schema_ref(judge->change->schema);
}

/* --- topics ---------------------------------------------------------------------------------- */

/* A record's id may have a question mark, where names of topics end. */
static bool is_about(const struct audience *audience, struct str topic)
{
    return str_starts(audience->name, topic) &&
           (audience->name.n == topic.n || audience->name.p[topic.n] == '?');
}

static void tell_audience(struct judge *judge, struct audience *audience,
                          const struct schema_rule *rule)
{
    struct str data = STR_NONE;

    arena_reset(judge->a);
    if (judge_sees(judge, audience, rule))
        data = judge_message(judge, audience);
    for (struct place *place = audience->first; place && data.p; place = place->next)
        client_send(place->client, audience->name, data);
}

static void tell_topic(struct judge *judge, struct str topic, const struct schema_rule *rule)
{
    struct topic *found = topics_find(&judge->hub->topics, topic_name_of(topic).key);

    for (struct audience *audience = found ? found->first : NULL; audience;
         audience = audience->next)
        if (is_about(audience, topic))
            tell_audience(judge, audience, rule);
}

static void tell_collection(struct judge *judge, struct str name)
{
    const struct schema_col *col = judge->rec->col;
    struct arena *a = judge->change->arena;

    tell_topic(judge, name, &col->list_rule);
    tell_topic(judge, arena_concat(a, name, STR("/*"), STR_NONE), &col->list_rule);
    tell_topic(judge, arena_concat(a, name, STR("/"), rec_id(judge->rec)), &col->view_rule);
}

void deliver_change(struct hub *hub, const struct rec_change *change)
{
    const struct schema_col *col = change->col;
    struct judge judge;

    if (judge_begin(&judge, hub, change)) {
        follow_schema(&judge);
        if (col->auth && change->action == REC_UPDATE)
            check_identities(&judge, change->old);
        tell_collection(&judge, col->name);
        if (!str_eq(col->name, col->id))
            tell_collection(&judge, col->id);
        if (col->auth && change->action == REC_DELETE)
            check_identities(&judge, change->old);
    }
    judge_end(&judge);
}
