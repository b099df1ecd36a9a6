/*
 * Who is let into rooms: asked behind the note in which it came into question.
 */
#include "realtime/room.h"

#include "base/date.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"

/* Pointers of audiences as keys; borrowed. */
static struct str key_of(struct audience *const *audience)
{
    return (struct str){(const char *)audience, sizeof(*audience)};
}

static void doubt(struct client *client)
{
    struct rooms *rooms = &client->hub->rooms;

    if (client->is_doubted)
        return;
    client->is_doubted = true;
    client->next_doubted = rooms->doubted;
    rooms->doubted = client;
}

void rooms_doubt(struct client *client)
{
    client->is_other = true;
    doubt(client);
}

/* Where the question is still open, as it could not be asked. */
static void settle_without(struct client *client)
{
    struct client **at = &client->hub->rooms.doubted;

    while (client->is_doubted && *at != client)
        at = &(*at)->next_doubted;
    if (client->is_doubted)
        *at = client->next_doubted;
    client->is_doubted = client->is_other = false;
}

static void drop_seats(struct client *client, const struct place *places, size_t n)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct map stays = {0};

    for (size_t i = 0; i < n; i++)
        map_put(a, &stays, key_of(&places[i].audience), places[i].audience);
    for (struct member *member = client->rooms; member; member = member->next_of_client)
        for (struct seat **at = &member->seats; *at;) {
            if (map_find(&stays, key_of(&(*at)->audience)))
                at = &(*at)->next;
            else
                room_drop_seat(at);
        }
}

/* Who is to be in no room leaves at once, as it may be gone behind the note; all else is asked
 * behind it, once no other question is. */
void rooms_place(struct hub *hub, struct client *client, const struct place *places, size_t n)
{
    const bool has = room_is_among(places, n);

    if (!has) {
        settle_without(client);
        room_leave_all(hub, client);
    }
    if (client->rooms)
        drop_seats(client, places, n);
    if (has)
        doubt(client);
}

/* --- who may ---------------------------------------------------------------------------------- */

/* What the clients are asked with. */
struct asking {
    struct hub *hub;
    struct arena *a;        /* of one client */
    struct arena *question; /* of one audience */
    struct schema *schema;
    struct db_conn *conn;
    struct str rule;  /* p NULL: there are no rooms */
    struct rec *auth; /* of the client; NULL: a guest */
    bool has_lost_identity;
};

static void log_failure(const struct err *err, struct str name)
{
    log_warn("realtime.rule.failed", LOG_STR("subscription", name), LOG_STR("cause", err->cause));
}

static bool allows(const struct asking *asking, const struct audience *audience)
{
    struct arena *a = asking->question;
    const struct topic_options options = topic_options_of(a, audience->name);
    struct rec_actor actor = {.scope = {.schema = asking->schema, .now_ms = date_now_ms()},
                              .request = {.context = STR("realtime"),
                                          .method = STR("GET"),
                                          .query = options.query,
                                          .n_query = options.n_query,
                                          .headers = options.headers,
                                          .n_headers = options.n_headers}};
    bool may = false;
    struct err *err;

    rec_actor_set_auth(a, &actor, asking->auth);
    err = room_allows(a, asking->conn, &actor, asking->rule, room_heard(audience), &may);
    if (err)
        log_failure(err, audience->name);
    return !err && may;
}

static bool may_listen(const struct asking *asking, struct audience *audience)
{
    const unsigned round = asking->hub->rooms.round;

    if (!asking->rule.p || asking->has_lost_identity)
        return false;
    if (audience->room_round != round) {
        arena_reset(asking->question);
        audience->room_may = allows(asking, audience);
        audience->room_round = round;
    }
    return audience->room_may;
}

static struct str identify(struct asking *asking, const struct client *client)
{
    const struct identity *identity = &client->places[0].audience->identity;
    const struct schema_col *col = schema_find(asking->schema, identity->col);
    struct err *err = NULL;

    asking->auth = NULL;
    if (identity->col.n > 0)
        err = identity_find(asking->a, asking->conn, asking->schema, identity, &asking->auth);
    if (err)
        log_failure(err, client->places[0].audience->name);
    asking->has_lost_identity = identity->col.n > 0 && !asking->auth;
    return room_member(asking->a, (struct str){client->id, CLIENT_ID_CHARS},
                       col ? col->name : identity->col, identity->id);
}

static struct map find_seats(struct arena *a, const struct client *client)
{
    struct map seats = {0};

    for (struct member *member = client->rooms; member; member = member->next_of_client)
        for (struct seat **at = &member->seats; *at; at = &(*at)->next)
            map_put(a, &seats, key_of(&(*at)->audience), member);
    return seats;
}

static void stand_up(struct member *member, const struct audience *audience)
{
    struct seat **at = &member->seats;

    while ((*at)->audience != audience)
        at = &(*at)->next;
    room_drop_seat(at);
}

static void settle_client(struct asking *asking, struct client *client, bool is_other)
{
    struct hub *hub = asking->hub;
    struct str called;
    struct map seats;

    arena_reset(asking->a);
    called = identify(asking, client);
    if (client->rooms && !str_eq(client->rooms->called, called))
        room_leave_all(hub, client);
    seats = find_seats(asking->a, client);
    for (size_t i = 0; i < client->n_places; i++) {
        struct audience *audience = client->places[i].audience;
        struct member *member = (struct member *)map_find(&seats, key_of(&audience));
        bool may;

        if (!room_heard(audience).p || (member && !is_other))
            continue;
        may = may_listen(asking, audience);
        if (may && !member)
            room_take_seat(hub, client, audience, called);
        else if (!may && member)
            stand_up(member, audience);
    }
    room_leave_seatless(hub, client);
}

/* Limits are those of one client's questions. */
static void settle_clients(struct asking *asking)
{
    const struct db_limits limits = {.cpu_us = LIMIT_ROOM_CPU_US};
    struct rooms *rooms = &asking->hub->rooms;

    while (rooms->doubted) {
        struct client *client = rooms->doubted;
        const bool is_other = client->is_other;

        rooms->doubted = client->next_doubted;
        client->is_doubted = client->is_other = false;
        if (!room_is_among(client->places, client->n_places))
            continue;
        db_set_limits(asking->conn, &limits);
        settle_client(asking, client, is_other);
    }
}

/* Without a database they are asked again behind the next note. */
static void settle_doubted(struct hub *hub)
{
    AUTO(arena_free) struct arena *a = arena_new();
    AUTO(arena_free) struct arena *question = arena_new();
    AUTO(schema_return) struct schema *schema = schema_borrow(hub->conf.schemas);
    struct asking asking = {.hub = hub,
                            .a = a,
                            .question = question,
                            .schema = schema,
                            .rule = hub->rooms.settings->realtime.rooms};
    struct err *err = db_reader(a, hub->conf.db, &asking.conn);

    if (!err)
        err = db_read_begin(a, asking.conn);
    if (err) {
        log_error("realtime.failed", LOG_STR("cause", err->cause));
        return;
    }
    hub->rooms.round++;
    settle_clients(&asking);
    (void)db_read_end(asking.conn); /* what was read is told already */
    db_set_limits(asking.conn, NULL);
}

static bool rule_eq(struct str x, struct str y)
{
    return !x.p == !y.p && str_eq(x, y);
}

static void follow_settings(struct hub *hub)
{
    struct settings *former = hub->rooms.settings;

    if (former && former->snapshot.generation == settings_generation(hub->conf.settings))
        return;
    hub->rooms.settings = settings_current(hub->conf.settings);
    if (former && !rule_eq(former->realtime.rooms, hub->rooms.settings->realtime.rooms))
        for (struct client *client = hub->clients; client; client = client->next)
            rooms_doubt(client);
    settings_unref(former);
}

void rooms_settle(struct hub *hub)
{
    follow_settings(hub);
    if (hub->rooms.doubted)
        settle_doubted(hub);
    if (hub->rooms.counting && clock_us() >= hub->rooms.count_us)
        room_tell_counts(hub);
}
