/*
 * Whether clients still are who they subscribed as.
 */
#include "realtime/internal.h"

/* An error leaves it what it was: that is asked again with its next question. */
static void check(struct judge *judge, struct client *client, const struct identity *identity)
{
    static const struct identity guest;
    struct rec *found;
    struct err *err;

    for (size_t i = 0; i < client->n_places; i++)
        audience_forget(client->places[i].audience);
    rooms_doubt(client);
    arena_reset(judge->a);
    err = identity_find(judge->a, judge->conn, judge->schema, identity, &found);
    if (!err && !found)
        hub_place_anew(judge->hub, client, &guest, STR_NONE);
}

/* Who becomes a guest is of no chain any more. */
void identities_check(struct judge *judge, const struct rec *rec)
{
    struct client *client = clients_as(judge->hub, rec->col->id, rec_id(rec)), *next;

    for (; client; client = next) {
        const struct identity *identity = client_identity(client);

        next = client->same_next;
        if (str_eq(identity->col, rec->col->id) && str_eq(identity->id, rec_id(rec)))
            check(judge, client, identity);
    }
}

void identities_check_all(struct judge *judge)
{
    for (struct client *client = judge->hub->clients; client; client = client->next) {
        const struct identity *identity = client_identity(client);

        if (identity)
            check(judge, client, identity);
    }
}
