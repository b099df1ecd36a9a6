/*
 * /api/settings, and /api/reeve/settings for our own (services.md 6.1).
 */
#include "api/internal.h"

#include "base/limits.h"
#include "realtime/rooms.h"

#define UNDECODABLE "An error occurred while loading the submitted data."
#define REFUSED "An error occurred while saving the new settings."

struct setting_write {
    struct api *api;
    const struct schema *schema;
    const struct rec_condition *condition;
    struct str rooms; /* the rule as it was */
    struct settings_change change;
    struct form_input form;
};

void api_settings_changed(void *user)
{
    struct api *api = user;

    api->settings_changed(api->user);
}

/* Of the settings as they are stored, whatever was published. */
static struct err *check_condition(struct arena *a, struct db_conn *conn,
                                   const struct setting_write *write)
{
    const enum settings_kind kind = write->change.kind;
    struct settings *stored;
    struct str version;
    struct err *err;

    if (!rec_condition_compares(write->condition))
        return NULL;
    err = settings_load(a, conn, write->change.key, &stored);
    if (err)
        return err;
    version = api_settings_version(a, write->schema, kind, stored);
    settings_unref(stored);
    return api_condition_check(a, write->condition, version, API_OTHER_SETTINGS);
}

/* A rule that is set is one; what has become none by a change of collections may stay. */
static struct err *check_rooms(struct arena *a, struct db_conn *tx,
                               const struct setting_write *write, const struct settings *settings)
{
    const struct str rule = settings->realtime.rooms;
    struct err *err, *refused = NULL;

    if (write->change.kind != SETTINGS_OWN || str_eq(rule, write->rooms))
        return NULL;
    err = room_check_rule(a, db_conn_dialect(tx), write->schema, rule, write->change.now_ms);
    if (err)
        err_add_raw_item(a, &refused, STR("realtime.rooms"), STR("validation_invalid_rule"),
                         arena_concat(a, STR("Invalid rule. Raw error: "), err->cause, STR_NONE),
                         STR_NONE);
    return refused;
}

static struct err *change_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct setting_write *write = in;
    struct err *err = check_condition(a, tx, write);
    struct rec_written *written;
    struct buf body;
    void *settings;

    if (!err)
        err = settings_change_unit(tx, &write->change, a, &settings);
    if (!err)
        err = check_rooms(a, tx, write, settings);
    if (err)
        return err_say(err, err->items ? REFUSED : UNDECODABLE);
    db_after_commit(tx, api_settings_changed, write->api);
    buf_init(&body, LIMIT_RESPONSE_BYTES);
    settings_write(&body, write->change.kind, settings, false);
    written = ARENA_NEW(a, struct rec_written);
    written->body = arena_dup(a, buf_str(&body));
    buf_done(&body);
    if (write->condition)
        written->version = api_settings_version(a, write->schema, write->change.kind, settings);
    *ret_out = written;
    return NULL;
}

/* What the change is made of, but for its body. */
static struct setting_write *make_write(struct api_call *call)
{
    struct setting_write *write = ARENA_NEW(call->arena, struct setting_write);

    write->api = call->api;
    write->schema = call->schema;
    write->condition = api_condition(call);
    write->rooms = call->settings->realtime.rooms;
    write->change = (struct settings_change){.kind = (enum settings_kind)call->step->what,
                                             .form = &write->form,
                                             .key = call->api->settings_key,
                                             .now_ms = call->caller.actor.scope.now_ms};
    return write;
}

static struct err *prepare(struct api_call *call)
{
    struct setting_write *write = make_write(call);
    struct err *err = check_condition(call->arena, call->conn, write);

    if (err)
        return err;
    err = api_form(call, &write->form);
    if (err && err->kind == E_BAD_REQUEST)
        err->message = UNDECODABLE;
    if (err)
        return err;
    if (write->form.body && write->form.body->type == JSON_NULL)
        return err_new(call->arena, E_BAD_REQUEST, UNDECODABLE, "the body is null");
    call->state = write;
    return NULL;
}

static struct err *view(struct api_call *call)
{
    const enum settings_kind kind = (enum settings_kind)call->step->what;
    const struct rec_condition *condition = api_condition(call);
    struct str version;

    settings_write(&call->req->resp.body, kind, call->settings, false);
    req_answer_json(call->req, 200);
    if (!condition)
        return NULL;
    version = api_settings_version(call->arena, call->schema, kind, call->settings);
    return api_etag_view(call, condition, version, API_OTHER_SETTINGS);
}

#define VIEW_WORK(kind)                                              \
    {                                                                \
        .steps = { {.place = AT_READ, .run = view, .what = (kind)} } \
    }
#define CHANGE_WORK(kind)                                       \
    {                                                           \
        .steps = {                                              \
            {.place = AT_READ, .run = prepare, .what = (kind)}, \
            {.place = AT_LEASE, .unit = change_unit},           \
            {.place = AT_LOOP, .run = api_send_written},        \
        },                                                      \
    }

const struct api_work api_settings_view = VIEW_WORK(SETTINGS_POCKETBASE);
const struct api_work api_settings_change = CHANGE_WORK(SETTINGS_POCKETBASE);
const struct api_work api_own_settings_view = VIEW_WORK(SETTINGS_OWN);
const struct api_work api_own_settings_change = CHANGE_WORK(SETTINGS_OWN);
