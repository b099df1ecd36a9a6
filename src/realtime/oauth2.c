/*
 * What a provider of OAuth2 tells a browser, on its way to the client that has sent it there
 * (auth.md 8).
 *
 * Invariants
 *  1. Who asks takes client->hears_oauth2 away under hub->lock: of many at once one hands over.
 *  2. The hub's thread takes the place away after it has sent, behind the wish that the place is
 *     from and before any later one.
 */
#include "realtime/internal.h"

#include "base/json.h"
#include "base/limits.h"

/* Of one message: codes are short, and this is anybody's to send. */
#define MESSAGE_BYTES LIMIT_STREAM_BYTES

/* In an arena of its own. */
struct code_note {
    struct note note;
    struct arena *arena;
    struct client *client;
    struct str data; /* p NULL: there is nothing to send, and the subscription goes all the same */
};

/* --- the hub's thread ------------------------------------------------------------------------ */

static void run_code(struct hub *hub, struct note *note)
{
    struct code_note *it = (struct code_note *)note;

    if (!it->client->has_left) {
        if (it->data.p)
            client_send(it->client, TOPIC_OAUTH2, it->data, hub->last_change);
        hub_place_anew(hub, it->client, NULL, TOPIC_OAUTH2);
    }
    client_unref(it->client);
    arena_free(it->arena);
}

/* --- any thread ------------------------------------------------------------------------------ */

/* p NULL: there is none, of what is no text or too long. */
static struct str message(struct arena *a, const struct hub_code *code)
{
    AUTO_BUF struct buf out;

    buf_init(&out, MESSAGE_BYTES);
    if (code->code.n > MESSAGE_BYTES || code->error.n > MESSAGE_BYTES || !utf8_valid(code->code) ||
        !utf8_valid(code->error))
        return STR_NONE;
    BUF_ADD(&out, "{\"state\":");
    json_write_text(&out, code->client);
    BUF_ADD(&out, ",\"code\":");
    json_write_text(&out, code->code);
    if (code->error.n > 0) {
        BUF_ADD(&out, ",\"error\":");
        json_write_text(&out, code->error);
    }
    BUF_ADD(&out, "}");
    return out.full ? STR_NONE : arena_dup(a, buf_str(&out));
}

/* Somebody still reads it. */
static bool is_read(struct client *client)
{
    bool is_read;

    (void)pthread_mutex_lock(&client->lock);
    is_read = !client->over && !client->closing;
    (void)pthread_mutex_unlock(&client->lock);
    return is_read;
}

/* With hub->lock. The note is the hub's thread's where it has a client afterwards. */
static bool tell(struct hub *hub, struct code_note *note, const struct hub_code *code)
{
    struct client *client = hub_find_client(hub, code->client);

    if (!client || !client->hears_oauth2 || hub->stopping || !is_read(client))
        return false;
    client->hears_oauth2 = false;
    if (!str_eq(buf_str(&client->ip), code->ip))
        note->data = STR_NONE;
    atomic_fetch_add(&client->refs, 1);
    note->client = client;
    hub_tell(hub, &note->note);
    return note->data.p != NULL;
}

/* The message is made for whomever: an unknown client costs what a known one does. Of what is no
 * id, which may be as long as a body, nothing is looked at. */
bool hub_hand_over(struct hub *hub, const struct hub_code *code)
{
    struct code_note *note;
    struct arena *a;
    bool is_told, is_taken;

    if (code->client.n != CLIENT_ID_CHARS)
        return false;
    a = arena_new();
    note = ARENA_NEW(a, struct code_note);
    *note = (struct code_note){.note = {.run = run_code}, .arena = a, .data = message(a, code)};
    (void)pthread_mutex_lock(&hub->lock);
    is_told = tell(hub, note, code);
    is_taken = note->client != NULL;
    (void)pthread_mutex_unlock(&hub->lock);
    if (!is_taken)
        arena_free(a);
    return is_told;
}
