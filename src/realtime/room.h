/*
 * realtime/room: rooms from inside. Private to realtime/; the hub's thread alone.
 */
#ifndef REEVE_REALTIME_ROOM_H
#define REEVE_REALTIME_ROOM_H

#include "realtime/internal.h"

#define ROOM_EVENT_BYTES LIMIT_CLIENT_BYTES

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

/* Where the room of that name is, or belongs; points to NULL: nobody is there. */
struct room **room_slot(struct rooms *rooms, struct str name);
/* The room that the audience would hear; p NULL: it is of none. */
struct str room_heard(const struct audience *audience);
bool room_is_among(const struct place *places, size_t n);

/* To all who are there, but one (NULL: to all). */
void room_tell(const struct room *room, const struct member *but, const struct buf *event);
/* Of rooms that are too large to tell each member, where it is time. */
void room_tell_counts(struct hub *hub);

/* A place of the client is let in; the first makes it a member, called so. */
void room_take_seat(struct hub *hub, struct client *client, struct audience *audience,
                    struct str called);
void room_drop_seat(struct seat **at);
/* The client is a member of nothing any more; of what it has no seats in. */
void room_leave_all(struct hub *hub, struct client *client);
void room_leave_seatless(struct hub *hub, struct client *client);

#endif
