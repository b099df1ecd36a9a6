/*
 * /api/realtime (services.md 2.1, 2.2).
 */
#include "realtime/realtime.h"
#include "api/internal.h"
#include "base/limits.h"
#include "realtime/rooms.h"

/* --- connecting ------------------------------------------------------------------------------ */

/* What PocketBase knows nothing of: replay=1, and the id of the last event that was seen, which
 * browsers send in a header when they come back by themselves. */
static struct err *connect(struct api_call *call)
{
    struct hub_come *come = ARENA_NEW(call->arena, struct hub_come);
    const struct str last_id = req_query_get(call->req, STR("lastEventId"));

    come->ip = call->caller.ip;
    come->replay = str_eq(req_query_get(call->req, STR("replay")), STR("1"));
    come->last_id = last_id.n > 0 ? last_id : req_header(call->req, STR("Last-Event-ID"));
    if (str_find_byte(come->last_id, '.') == come->last_id.n)
        come->last_id = STR_NONE; /* of a client that has not asked for replay */
    call->connects = come;
    return NULL;
}

const struct api_work api_realtime_connect = {.is_quiet = true,
                                              .steps = {{.place = AT_LOOP, .run = connect}}};

/* --- subscribing ----------------------------------------------------------------------------- */

struct subscribe_form {
    struct str client;
    struct form_texts names;
};

static const struct form_field fields[] = {
    {"clientId", FORM_TEXT, offsetof(struct subscribe_form, client)},
    {"subscriptions", FORM_TEXTS, offsetof(struct subscribe_form, names)},
};

static size_t count_rooms(const struct form_texts *names)
{
    size_t n = 0;

    for (size_t i = 0; i < names->n; i++)
        n += room_is_heard_by(names->items[i]);
    return n;
}

static void check_names(struct arena *a, const struct form_texts *names, struct err **items)
{
    const int max = names->n > LIMIT_SUBSCRIPTIONS ? LIMIT_SUBSCRIPTIONS : LIMIT_ROOMS;

    if (names->n > LIMIT_SUBSCRIPTIONS || count_rooms(names) > LIMIT_ROOMS) {
        err_add_item(a, items, STR("subscriptions"), CODE_LENGTH_TOO_LONG,
                     arena_printf(a, "{\"max\":%d,\"min\":0}", max));
        return;
    }
    for (size_t i = 0; i < names->n; i++)
        if (names->items[i].n > LIMIT_SUBSCRIPTION_BYTES)
            err_add_item(a, items, arena_printf(a, "subscriptions.%zu", i), CODE_LENGTH_TOO_LONG,
                         arena_printf(a, "{\"max\":%d,\"min\":0}", LIMIT_SUBSCRIPTION_BYTES));
}

static struct err *check(struct arena *a, const struct subscribe_form *form)
{
    struct err *items = NULL;

    if (form->client.n == 0)
        err_add_item(a, &items, STR("clientId"), CODE_REQUIRED, STR_NONE);
    else if (form->client.n > LIMIT_CLIENT_ID_BYTES)
        err_add_item(a, &items, STR("clientId"), CODE_LENGTH_RANGE,
                     arena_printf(a, "{\"max\":%d,\"min\":1}", LIMIT_CLIENT_ID_BYTES));
    check_names(a, &form->names, &items);
    return items;
}

static struct err *read_form(struct api_call *call, struct subscribe_form *ret)
{
    struct form_input input;
    struct err *err = api_form(call, &input);

    *ret = (struct subscribe_form){0};
    if (err && err->kind == E_BAD_REQUEST) /* whatever is wrong with it, as upstream */
        err = err_new(call->arena, E_BAD_REQUEST, NULL, "%.*s", STR_ARG(err->cause));
    if (!err && !form_decode(call->arena, fields, COUNT_OF(fields), &input, ret))
        err = err_new(call->arena, E_BAD_REQUEST, NULL, "not a subscription");
    return err ? err : check(call->arena, ret);
}

static struct err *subscribe(struct api_call *call)
{
    const struct rec_actor *actor = &call->caller.actor;
    struct subscribe_form form;
    struct err *err = read_form(call, &form);
    const struct hub_wish wish = {.client = form.client,
                                  .ip = call->caller.ip,
                                  .auth = actor->auth,
                                  .names = form.names.items,
                                  .n_names = form.names.n};

    return err ? err
               : hub_subscribe(call->arena, call->api->hub, call->conn, call->schema, &wish,
                               &call->waits);
}

/* Behind all writes that may have been on their way without being told of. */
static bool is_late(const struct api_call *call)
{
    return call->waits;
}

static struct err *wait_for_writes(struct db_conn *tx, const void *in, struct arena *a,
                                   void **ret_out)
{
    (void)tx;
    (void)in;
    (void)a;
    (void)ret_out;
    return NULL;
}

static struct err *answer(struct api_call *call)
{
    req_answer_empty(call->req, 204);
    return NULL;
}

const struct api_work api_realtime_subscribe = {
    .steps = {{.place = AT_READ, .run = subscribe},
              {.place = AT_UNIT, .unit = wait_for_writes, .needed = is_late},
              {.place = AT_LOOP, .run = answer}}};
