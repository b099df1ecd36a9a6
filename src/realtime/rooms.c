/*
 * Rooms: who is in them, and what is told there.
 *
 * Invariants, behind each note
 *  1. A client is in a room exactly if one of its places is of it and was let in: such a place has
 *     a seat. Seats refer to audiences, which are there as long as the place is.
 *  2. What the others were told of a client is what it is called by: as another it has left before.
 *  3. A room without anybody is not there, but until its last number was told.
 */
#include "realtime/room.h"

#include "base/crypto.h"
#include "base/date.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "base/memory.h"

#include <string.h>

#define TOPIC_ROOMS STR("@reeve/rooms/")
#define NAME_BYTES 100
#define LISTED 200                 /* of a room's members; of more, joins are not told singly */
#define COUNT_US UINT64_C(1000000) /* between two numbers of one room */

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

struct str room_heard(const struct audience *audience)
{
    return room_of_key(audience->topic->key);
}

bool room_is_heard_by(struct str subscription)
{
    return room_of_key(topic_name_of(subscription).key).p != NULL;
}

bool room_is_among(const struct place *places, size_t n)
{
    bool has = false;

    for (size_t i = 0; i < n && !has; i++)
        has = room_heard(places[i].audience).p != NULL;
    return has;
}

struct str room_member(struct arena *a, struct str client, struct str col, struct str id)
{
    AUTO_BUF struct buf out;
    unsigned char hash[SHA256_LEN];
    struct str text;

    sha256(hash, client);
    text = base64url_encode(a, (struct str){(const char *)hash, SHA256_LEN});
    buf_init(&out, ROOM_EVENT_BYTES);
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
void room_tell(const struct room *room, const struct member *but, const struct buf *event)
{
    for (const struct member *member = room->first; member; member = member->next)
        if (member != but)
            tell_member(member, event);
}

static void begin_event(struct buf *out, const struct room *room, const char *event)
{
    buf_init(out, ROOM_EVENT_BYTES);
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
        room_tell(room, member, &out);
    } else if (!room->is_counting) {
        room->is_counting = true;
        room->next_counting = rooms->counting;
        rooms->counting = room;
    }
}

/* --- being there ------------------------------------------------------------------------------ */

struct room **room_slot(struct rooms *rooms, struct str name)
{
    struct room **at = &rooms->by_name[str_hash(name) % ROOM_BUCKETS];

    while (*at && !str_eq((*at)->name, name))
        at = &(*at)->next_in_bucket;
    return at;
}

static struct room *make_room(struct rooms *rooms, struct str name)
{
    struct room **at = room_slot(rooms, name);

    if (*at)
        return *at;
    *at = memory_new(sizeof(**at) + name.n);
    memcpy((*at)->text, name.p, name.n);
    (*at)->name = (struct str){(*at)->text, name.n};
    return *at;
}

static void drop_room(struct rooms *rooms, struct room *room)
{
    struct room **at = room_slot(rooms, room->name);

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

void room_drop_seat(struct seat **at)
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
        room_drop_seat(&member->seats);
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

void room_leave_all(struct hub *hub, struct client *client)
{
    while (client->rooms)
        leave(hub, &client->rooms);
}

/* Those of which it has no seat any more. */
void room_leave_seatless(struct hub *hub, struct client *client)
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
void room_take_seat(struct hub *hub, struct client *client, struct audience *audience,
                    struct str called)
{
    struct room *room = make_room(&hub->rooms, room_heard(audience));
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
void room_tell_counts(struct hub *hub)
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
        room_tell(room, NULL, &out);
        if (room->n > LISTED)
            continue;
        buf_done(&out);
        write_members(&out, room);
        room_tell(room, NULL, &out);
    }
}

uint64_t rooms_next_us(const struct hub *hub, uint64_t next_us)
{
    const struct rooms *rooms = &hub->rooms;

    return rooms->counting && rooms->count_us < next_us ? rooms->count_us : next_us;
}
