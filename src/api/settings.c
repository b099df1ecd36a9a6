/*
 * /api/settings, and /api/reeve/settings for our own (services.md 6.1).
 */
#include "api/internal.h"

#include "base/limits.h"

#define UNDECODABLE "An error occurred while loading the submitted data."
#define REFUSED "An error occurred while saving the new settings."

struct setting_write {
    struct api *api;
    struct settings_change change;
    struct form_input form;
};

void api_settings_changed(void *user)
{
    struct api *api = user;

    api->settings_changed(api->user);
}

static struct err *change_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct setting_write *write = in;
    void *settings;
    struct err *err = settings_change_unit(tx, &write->change, a, &settings);
    struct rec_written *written;
    struct buf body;

    if (err)
        return err_say(err, err->items ? REFUSED : UNDECODABLE);
    db_after_commit(tx, api_settings_changed, write->api);
    buf_init(&body, LIMIT_RESPONSE_BYTES);
    settings_write(&body, write->change.kind, settings, false);
    written = ARENA_NEW(a, struct rec_written);
    written->body = arena_dup(a, buf_str(&body));
    buf_done(&body);
    *ret_out = written;
    return NULL;
}

static struct err *prepare(struct api_call *call)
{
    struct setting_write *write = ARENA_NEW(call->arena, struct setting_write);
    struct err *err = api_form(call, &write->form);

    if (err && err->kind == E_BAD_REQUEST)
        err->message = UNDECODABLE;
    if (err)
        return err;
    if (write->form.body && write->form.body->type == JSON_NULL)
        return err_new(call->arena, E_BAD_REQUEST, UNDECODABLE, "the body is null");
    write->api = call->api;
    write->change = (struct settings_change){.kind = (enum settings_kind)call->step->what,
                                             .form = &write->form,
                                             .key = call->api->settings_key,
                                             .missing = call->api->missing,
                                             .n_missing = call->api->n_missing,
                                             .now_ms = call->caller.actor.scope.now_ms};
    call->state = write;
    return NULL;
}

static struct err *view(struct api_call *call)
{
    settings_write(&call->req->resp.body, (enum settings_kind)call->step->what, call->settings,
                   false);
    req_answer_json(call->req, 200);
    return NULL;
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
