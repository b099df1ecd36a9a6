/*
 * Rooms: who is in them, and what is told there.
 *
 * Invariants, behind each note
 *  1. A client is in a room exactly if one of its places is of it and was let in: such a place has
 *     a seat. Seats refer to audiences, which are there as long as the place is.
 *  2. What the others were told of a client is what it is called by: as another it has left before.
 *  3. A room without anybody is not there, but until its last number was told.
 */
#include "realtime/internal.h"

#include "base/crypto.h"
#include "base/date.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "base/memory.h"

#include <string.h>

#define TOPIC_ROOMS STR("@reeve/rooms/")
#define NAME_BYTES 100
#define LISTED 200                  /* of a room's members; of more, joins are not told singly */
#define COUNT_US UINT64_C(1000000)  /* between two numbers of one room */
#define SHARE (LIMIT_HUB_BYTES / 2) /* the rest is for changes: messages never cut streams */
#define EVENT_BYTES LIMIT_CLIENT_BYTES

/* A place from which a room is heard. */
struct seat {
    struct audience *audience;
    struct seat *next; /* of the member */
};

struct member {
    struct room *room;
    struct client *client;
    struct seat *seats;
    struct member *prev, *next;    /* of the room, in the order in which they came */
    struct member *next_of_client; /* its rooms */
    struct str called;             /* room_member() */
    char text[];
};

struct room {
    struct str name;
    struct member *first, *last;
    size_t n;
    struct room *next_in_bucket;
    struct room *next_counting;
    bool is_counting; /* it is of rooms.counting */
    char text[];
};

/* --- names ------------------------------------------------------------------------------------ */

static bool is_named(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == ':';
}

bool room_is_name(struct str name)
{
    bool is = name.n > 0 && name.n <= NAME_BYTES;

    for (size_t i = 0; i < name.n && is; i++)
        is = is_named(name.p[i]);
    return is;
}

/* p NULL: the topic is of no room. */
static struct str room_of_key(struct str key)
{
    const struct str name = str_starts(key, TOPIC_ROOMS) ? str_from(key, TOPIC_ROOMS.n) : STR_NONE;

    return room_is_name(name) ? name : STR_NONE;
}

static struct str room_of(const struct audience *audience)
{
    return room_of_key(audience->topic->key);
}

bool room_is_heard_by(struct str subscription)
{
    return room_of_key(topic_name_of(subscription).key).p != NULL;
}

static bool has_rooms(const struct place *places, size_t n)
{
    bool has = false;

    for (size_t i = 0; i < n && !has; i++)
        has = room_of(places[i].audience).p != NULL;
    return has;
}

struct str room_member(struct arena *a, struct str client, struct str col, struct str id)
{
    AUTO_BUF struct buf out;
    unsigned char hash[SHA256_LEN];
    struct str text;

    sha256(hash, client);
    text = base64url_encode(a, (struct str){(const char *)hash, SHA256_LEN});
    buf_init(&out, EVENT_BYTES);
    buf_addf(&out, "{\"client\":\"%.*s\",\"auth\":", STR_ARG(str_sub(text, 0, 8)));
    if (col.n == 0) {
        BUF_ADD(&out, "null}");
        return arena_dup(a, buf_str(&out));
    }
    BUF_ADD(&out, "{\"collectionName\":");
    json_write_text(&out, col);
    BUF_ADD(&out, ",\"id\":");
    json_write_text(&out, id);
    BUF_ADD(&out, "}}");
    return arena_dup(a, buf_str(&out));
}

/* --- telling ---------------------------------------------------------------------------------- */

/* From all of the member's seats. */
static void tell_member(const struct member *member, const struct buf *event)
{
    for (const struct seat *seat = member->seats; seat && !event->full; seat = seat->next)
        client_send(member->client, seat->audience->name, buf_str(event),
                    member->client->hub->last_change);
}

/* but: may be NULL. */
static void tell_room(const struct room *room, const struct member *but, const struct buf *event)
{
    for (const struct member *member = room->first; member; member = member->next)
        if (member != but)
            tell_member(member, event);
}

static void begin_event(struct buf *out, const struct room *room, const char *event)
{
    buf_init(out, EVENT_BYTES);
    buf_addf(out, "{\"room\":\"%.*s\",\"event\":\"%s\",", STR_ARG(room->name), event);
}

static void write_members(struct buf *out, const struct room *room)
{
    const struct member *member = room->first;
    size_t n = 0;

    begin_event(out, room, "members");
    BUF_ADD(out, "\"members\":[");
    for (; member && n < LISTED; member = member->next) {
        buf_add(out, n++ > 0 ? STR(",") : STR_NONE);
        buf_add(out, member->called);
    }
    BUF_ADD(out, "]");
    if (room->n > n)
        buf_addf(out, ",\"more\":%zu", room->n - n);
    BUF_ADD(out, "}");
}

/* One who has come or goes; of too many they hear how many they are, later. */
static void tell_presence(struct hub *hub, const struct member *member, const char *event,
                          bool is_many)
{
    struct rooms *rooms = &hub->rooms;
    struct room *room = member->room;
    AUTO_BUF struct buf out;

    begin_event(&out, room, event);
    buf_addf(&out, "\"member\":%.*s}", STR_ARG(member->called));
    if (!is_many && !room->is_counting) {
        tell_room(room, member, &out);
    } else if (!room->is_counting) {
        room->is_counting = true;
        room->next_counting = rooms->counting;
        rooms->counting = room;
    }
}

/* --- being there ------------------------------------------------------------------------------ */

static struct room **room_at(struct rooms *rooms, struct str name)
{
    struct room **at = &rooms->by_name[str_hash(name) % ROOM_BUCKETS];

    while (*at && !str_eq((*at)->name, name))
        at = &(*at)->next_in_bucket;
    return at;
}

static struct room *make_room(struct rooms *rooms, struct str name)
{
    struct room **at = room_at(rooms, name);

    if (*at)
        return *at;
    *at = memory_new(sizeof(**at) + name.n);
    memcpy((*at)->text, name.p, name.n);
    (*at)->name = (struct str){(*at)->text, name.n};
    return *at;
}

static void drop_room(struct rooms *rooms, struct room *room)
{
    struct room **at = room_at(rooms, room->name);

    *at = room->next_in_bucket;
    memory_free(room, sizeof(*room) + room->name.n);
}

static struct member *find_member(const struct client *client, const struct room *room)
{
    struct member *member = client->rooms;

    while (member && member->room != room)
        member = member->next_of_client;
    return member;
}

static struct member *join(struct client *client, struct room *room, struct str called)
{
    struct member *member = memory_new(sizeof(*member) + called.n);

    memcpy(member->text, called.p, called.n);
    member->called = (struct str){member->text, called.n};
    member->room = room;
    member->client = client;
    member->next_of_client = client->rooms;
    client->rooms = member;
    member->prev = room->last;
    if (room->last)
        room->last->next = member;
    else
        room->first = member;
    room->last = member;
    room->n++;
    return member;
}

static void drop_seat(struct seat **at)
{
    struct seat *seat = *at;

    *at = seat->next;
    memory_free(seat, sizeof(*seat));
}

/* It is the client's at `at`. */
static void leave(struct hub *hub, struct member **at)
{
    struct member *member = *at;
    struct room *room = member->room;

    *at = member->next_of_client;
    while (member->seats)
        drop_seat(&member->seats);
    if (member->next)
        member->next->prev = member->prev;
    else
        room->last = member->prev;
    if (member->prev)
        member->prev->next = member->next;
    else
        room->first = member->next;
    room->n--;
    tell_presence(hub, member, "leave", room->n >= LISTED);
    memory_free(member, sizeof(*member) + member->called.n);
    if (room->n == 0 && !room->is_counting)
        drop_room(&hub->rooms, room);
}

static void leave_all(struct hub *hub, struct client *client)
{
    while (client->rooms)
        leave(hub, &client->rooms);
}

/* Those of which it has no seat any more. */
static void leave_seatless(struct hub *hub, struct client *client)
{
    struct member **at = &client->rooms;

    while (*at) {
        if ((*at)->seats)
            at = &(*at)->next_of_client;
        else
            leave(hub, at);
    }
}

/* The newcomer hears who is there, and the others of it, unless it was there already. */
static void take_seat(struct hub *hub, struct client *client, struct audience *audience,
                      struct str called)
{
    struct room *room = make_room(&hub->rooms, room_of(audience));
    struct member *member = find_member(client, room);
    const bool is_new = !member;
    struct seat *seat = memory_new(sizeof(*seat));
    AUTO_BUF struct buf out;

    if (is_new)
        member = join(client, room, called);
    *seat = (struct seat){.audience = audience, .next = member->seats};
    member->seats = seat;
    write_members(&out, room);
    if (!out.full)
        client_send(client, audience->name, buf_str(&out), client->hub->last_change);
    if (is_new)
        tell_presence(hub, member, "join", room->n > LISTED);
}

/* Numbers, and to those who can keep a list again that list. */
static void tell_counts(struct hub *hub)
{
    struct room *room = hub->rooms.counting, *next;

    hub->rooms.counting = NULL;
    hub->rooms.count_us = clock_us() + COUNT_US;
    for (; room; room = next) {
        AUTO_BUF struct buf out;

        next = room->next_counting;
        room->is_counting = false;
        if (room->n == 0) {
            drop_room(&hub->rooms, room);
            continue;
        }
        begin_event(&out, room, "count");
        buf_addf(&out, "\"count\":%zu}", room->n);
        tell_room(room, NULL, &out);
        if (room->n > LISTED)
            continue;
        buf_done(&out);
        write_members(&out, room);
        tell_room(room, NULL, &out);
    }
}

uint64_t rooms_next_us(const struct hub *hub, uint64_t next_us)
{
    const struct rooms *rooms = &hub->rooms;

    return rooms->counting && rooms->count_us < next_us ? rooms->count_us : next_us;
}

/* --- places ----------------------------------------------------------------------------------- */

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
                drop_seat(at);
        }
}

/* Who is to be in no room leaves at once, as it may be gone behind the note; all else is asked
 * behind it, once no other question is. */
void rooms_place(struct hub *hub, struct client *client, const struct place *places, size_t n)
{
    const bool has = has_rooms(places, n);

    if (!has) {
        settle_without(client);
        leave_all(hub, client);
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
    err = room_allows(a, asking->conn, &actor, asking->rule, room_of(audience), &may);
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
    drop_seat(at);
}

static void settle_client(struct asking *asking, struct client *client, bool is_other)
{
    struct hub *hub = asking->hub;
    struct str called;
    struct map seats;

    arena_reset(asking->a);
    called = identify(asking, client);
    if (client->rooms && !str_eq(client->rooms->called, called))
        leave_all(hub, client);
    seats = find_seats(asking->a, client);
    for (size_t i = 0; i < client->n_places; i++) {
        struct audience *audience = client->places[i].audience;
        struct member *member = (struct member *)map_find(&seats, key_of(&audience));
        bool may;

        if (!room_of(audience).p || (member && !is_other))
            continue;
        may = may_listen(asking, audience);
        if (may && !member)
            take_seat(hub, client, audience, called);
        else if (!may && member)
            stand_up(member, audience);
    }
    leave_seatless(hub, client);
}

/* Limits are those of one client's questions. */
static void settle_clients(struct asking *asking)
{
    const struct db_limits limits = {.cpu_us = LIMIT_HUB_CPU_US};
    struct rooms *rooms = &asking->hub->rooms;

    while (rooms->doubted) {
        struct client *client = rooms->doubted;
        const bool is_other = client->is_other;

        rooms->doubted = client->next_doubted;
        client->is_doubted = client->is_other = false;
        if (!has_rooms(client->places, client->n_places))
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
        tell_counts(hub);
}

/* --- messages --------------------------------------------------------------------------------- */

/* In an arena of its own. */
struct message_note {
    struct note note;
    struct arena *arena;
    struct str room, data;
    size_t bytes;
};

static void run_message(struct hub *hub, struct note *note)
{
    const struct message_note *it = (const struct message_note *)(const void *)note;
    const struct room *room;
    AUTO_BUF struct buf out;

    rooms_settle(hub); /* the settings may have changed, which nobody tells the hub */
    room = *room_at(&hub->rooms, it->room);
    buf_init(&out, EVENT_BYTES);
    buf_add(&out, it->data);
    if (room)
        tell_room(room, NULL, &out);
    (void)pthread_mutex_lock(&hub->lock);
    hub->n_bytes -= it->bytes;
    (void)pthread_mutex_unlock(&hub->lock);
    arena_free(it->arena);
}

bool room_send(struct hub *hub, const struct room_message *message)
{
    struct arena *a = arena_new();
    struct message_note *it = ARENA_NEW(a, struct message_note);
    const struct str from = message->from.n > 0 ? message->from : STR("null");
    bool is_kept;

    *it = (struct message_note){
        .note = {.run = run_message},
        .arena = a,
        .room = arena_dup(a, message->room),
        .data =
            arena_printf(a, "{\"room\":\"%.*s\",\"event\":\"message\",\"from\":%.*s,\"data\":%.*s}",
                         STR_ARG(message->room), STR_ARG(from), STR_ARG(message->data))};
    it->bytes = arena_used(a);
    (void)pthread_mutex_lock(&hub->lock);
    is_kept = !hub->stopping && hub->n_bytes + it->bytes <= SHARE;
    if (is_kept) {
        hub->n_bytes += it->bytes;
        hub_tell(hub, &it->note);
    }
    (void)pthread_mutex_unlock(&hub->lock);
    if (!is_kept)
        arena_free(a);
    return is_kept;
}

struct err *room_check_client(struct arena *a, struct hub *hub, struct db_conn *conn,
                              const struct schema *schema, const struct hub_wish *wish)
{
    struct client *client;
    struct err *err = client_claim(a, hub, conn, schema, wish, &client);

    if (!err)
        client_unref(client);
    return err;
}
