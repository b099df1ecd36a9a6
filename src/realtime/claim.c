/*
 * Whether who asks may act as a client (services.md 2.2).
 */
#include "realtime/internal.h"

struct err *client_missing(struct arena *a)
{
    return err_new(a, E_NOT_FOUND, "Missing or invalid client id.", "no such client");
}

/* A reference to it, with what it is bound to. */
static struct err *find_client(struct arena *a, struct hub *hub, const struct hub_wish *wish,
                               struct client **ret, struct identity *ret_bound)
{
    struct err *err = NULL;
    struct client *client;

    (void)pthread_mutex_lock(&hub->lock);
    client = hub_find_client(hub, str_sub(wish->client, 0, str_find_byte(wish->client, '.')));
    if (!client)
        err = client_missing(a);
    else if (!str_eq(buf_str(&client->ip), wish->ip))
        err = err_new(a, E_BAD_REQUEST, "Invalid realtime client.", "it is another address's");
    if (!err) {
        atomic_fetch_add(&client->refs, 1);
        *ret_bound = identity_copy(a, &client->bound.identity);
        *ret = client;
    }
    (void)pthread_mutex_unlock(&hub->lock);
    return err;
}

/* It is bound to nobody, to who asks, or to a record that is no more what it was. */
static struct err *check_bound(struct arena *a, struct db_conn *conn, const struct schema *schema,
                               const struct identity *bound, const struct rec *auth)
{
    struct rec *rec;
    struct err *err;

    if (bound->col.n == 0 ||
        (auth && str_eq(auth->col->id, bound->col) && str_eq(rec_id(auth), bound->id)))
        return NULL;
    err = identity_find(a, conn, schema, bound, &rec);
    if (err || !rec)
        return err;
    return err_new(a, E_FORBIDDEN,
                   "The current and the previous request authorization don't match.",
                   "the client is bound to another record");
}

struct err *client_claim(struct arena *a, struct hub *hub, struct db_conn *conn,
                         const struct schema *schema, const struct hub_wish *wish,
                         struct client **ret)
{
    struct identity bound;
    struct err *err = find_client(a, hub, wish, ret, &bound);

    if (err)
        return err;
    err = check_bound(a, conn, schema, &bound, wish->auth);
    if (err)
        client_unref(*ret);
    return err;
}
