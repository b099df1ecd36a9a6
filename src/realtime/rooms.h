/*
 * realtime/rooms: who of the clients is there, and what they say to each other. Nothing of it is
 * stored.
 *
 * A room is there for as long as somebody is in it: who has a subscription of @reeve/rooms/{name}
 * that the rule of the setting realtime.rooms lets listen. What is sent to it needs no client.
 */
#ifndef REEVE_REALTIME_ROOMS_H
#define REEVE_REALTIME_ROOMS_H

#include "realtime/realtime.h"
#include "records/records.h"

#define ROOM_DATA_BYTES 65536 /* of a message, as it is told */

/* Whether a room may be called so. */
bool room_is_name(struct str name);
/* Whether a subscription is of a room, if there are any. */
bool room_is_heard_by(struct str subscription);

/* Whether the rule is one, under the schema: E_BAD_REQUEST, whose cause says why not. */
MUST_CHECK struct err *room_check_rule(struct arena *a, const struct db_dialect *dialect,
                                       const struct schema *schema, struct str rule,
                                       int64_t now_ms);
/* Whether the actor may, which listens with the method GET and sends with POST. What the rule says
 * of other tables is asked in the snapshot of conn. A rule that is none lets nobody in but
 * superusers. */
MUST_CHECK struct err *room_allows(struct arena *a, struct db_conn *conn,
                                   const struct rec_actor *actor, struct str rule, struct str room,
                                   bool *ret);

/* What a client is called in rooms: JSON, which does not tell its id. col, id: of the record that
 * it is bound to; col empty: a guest. */
struct str room_member(struct arena *a, struct str client, struct str col, struct str id);
/* Whether who asks may speak as the client: errors of hub_subscribe(). Any thread. */
MUST_CHECK struct err *room_check_client(struct arena *a, struct hub *hub, struct db_conn *conn,
                                         const struct schema *schema, const struct hub_wish *wish);

struct room_message {
    struct str room;
    struct str from; /* room_member(); empty: nobody's client */
    struct str data; /* JSON in one line */
};
/* To all who are in the room once all that was told before is. False: too much waits. Any thread.
 */
MUST_CHECK bool room_send(struct hub *hub, const struct room_message *message);

#endif
