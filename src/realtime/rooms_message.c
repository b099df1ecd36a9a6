/*
 * What is said in rooms, by clients and others.
 */
#include "realtime/room.h"

#include "base/limits.h"

#define SHARE (LIMIT_HUB_BYTES / 2) /* the rest is for changes: messages never cut streams */

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
    room = *room_slot(&hub->rooms, it->room);
    buf_init(&out, ROOM_EVENT_BYTES);
    buf_add(&out, it->data);
    if (room)
        room_tell(room, NULL, &out);
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
