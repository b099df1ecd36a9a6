/*
 * POST /api/reeve/rooms/{room}: a message to all clients that are in the room (realtime/README.md).
 * {"clientId": of the sender's stream, may be missing, "data": any JSON}: 204.
 */
#include "realtime/rooms.h"
#include "api/internal.h"
#include "base/limits.h"

struct form {
    struct str client;
    const struct json *data;
};

static const struct form_field fields[] = {
    {"clientId", FORM_TEXT, offsetof(struct form, client)},
    {"data", FORM_JSON, offsetof(struct form, data)},
};

/* The rule alone is asked: the sender need not be in the room. */
static struct err *check_rule(struct api_call *call, const struct json *body)
{
    struct rec_actor actor = call->caller.actor;
    bool may;
    struct err *err;

    actor.request.body = body && body->type == JSON_OBJECT ? body : NULL;
    err = room_allows(call->arena, call->conn, &actor, call->settings->realtime.rooms,
                      call->req->params[0], &may);
    if (err || may)
        return err;
    return err_new(call->arena, E_FORBIDDEN, NULL, "the rule of rooms is not satisfied");
}

static struct err *too_long(struct arena *a, const char *name, const char *params)
{
    struct err *items = NULL;

    err_add_item(a, &items, str_of(name), CODE_LENGTH_TOO_LONG, str_of(params));
    return items;
}

static struct err *read_sender(struct api_call *call, struct str client, struct str *ret)
{
    const struct rec *auth = call->caller.actor.auth;
    const struct hub_wish wish = {.client = client, .ip = call->caller.ip, .auth = auth};
    struct err *err = NULL;

    if (client.n == 0)
        return NULL;
    if (client.n > LIMIT_CLIENT_ID_BYTES)
        return too_long(call->arena, "clientId", "{\"max\":255,\"min\":0}");
    err = room_check_client(call->arena, call->api->hub, call->conn, call->schema, &wish);
    if (!err)
        *ret = room_member(call->arena, client, auth ? auth->col->name : STR_NONE,
                           auth ? rec_id(auth) : STR_NONE);
    return err;
}

static struct err *read_data(struct api_call *call, const struct json *data, struct str *ret)
{
    AUTO_BUF struct buf out;

    buf_init(&out, ROOM_DATA_BYTES);
    if (data)
        json_write(&out, data, false);
    else
        BUF_ADD(&out, "null");
    if (out.full)
        return too_long(call->arena, "data", "{\"max\":65536,\"min\":0}");
    *ret = arena_dup(call->arena, buf_str(&out));
    return NULL;
}

static struct err *read_message(struct api_call *call)
{
    struct room_message *message = ARENA_NEW(call->arena, struct room_message);
    struct form_input input;
    struct form form = {0};
    struct err *err;

    call->state = message;
    message->room = call->req->params[0];
    if (!call->settings->realtime.rooms.p || !room_is_name(message->room))
        return err_new(call->arena, E_NOT_FOUND, NULL, "no rooms, or no name of one");
    err = api_form(call, &input);
    if (!err)
        err = check_rule(call, input.body);
    if (!err && !form_decode(call->arena, fields, COUNT_OF(fields), &input, &form))
        err = err_new(call->arena, E_BAD_REQUEST, NULL, "not a message");
    if (!err)
        err = read_sender(call, form.client, &message->from);
    return err ? err : read_data(call, form.data, &message->data);
}

/* A step of its own: the one before may run again. */
static struct err *send_message(struct api_call *call)
{
    if (!room_send(call->api->hub, call->state))
        return err_new(call->arena, E_UNAVAILABLE, NULL, "too much waits to be delivered");
    req_answer_empty(call->req, 204);
    return NULL;
}

const struct api_work api_rooms_send = {
    .steps = {{.place = AT_READ, .run = read_message}, {.place = AT_LOOP, .run = send_message}}};
