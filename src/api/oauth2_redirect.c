/*
 * GET and POST /api/oauth2-redirect: a provider of OAuth2 has sent a browser here, with what the
 * client that began the login waits for (auth.md 8).
 *
 * Of the answer nothing is the request's: neither its place nor its text. Why it is a failure is
 * not told: whether a client is there is nobody else's business.
 */
#include "api/internal.h"
#include "auth/apple_names.h"
#include "base/date.h"
#include "realtime/realtime.h"

/* From here to the dashboard's pages, wherever both are mounted. */
#define SUCCESS "../_/#/auth/oauth2-redirect-success"
#define FAILURE "../_/#/auth/oauth2-redirect-failure"

struct redirect {
    struct str state, code, error;
    struct str user; /* of Apple: what it tells of the name, once */
};

static const struct form_field fields[] = {
    {"state", FORM_TEXT, offsetof(struct redirect, state)},
    {"code", FORM_TEXT, offsetof(struct redirect, code)},
    {"error", FORM_TEXT, offsetof(struct redirect, error)},
};

/* Apple sends forms: in JSON nothing is meant by it, whatever it is. */
static const struct form_field form_fields[] = {
    {"user", FORM_TEXT, offsetof(struct redirect, user)},
};

/* What cannot be read is for nobody. */
static struct err *read_body(struct api_call *call, struct redirect *ret)
{
    struct form_input input;
    struct err *err = api_form(call, &input);

    if (err && err->kind != E_BAD_REQUEST)
        return err;
    if (err || !form_decode(call->arena, fields, COUNT_OF(fields), &input, ret) ||
        (!input.body && !form_merge(call->arena, form_fields, COUNT_OF(form_fields), &input, ret)))
        *ret = (struct redirect){0};
    return NULL;
}

/* A step of its own: this one may run again, and a code is handed over once. */
static struct err *read_redirect(struct api_call *call)
{
    struct redirect *it = ARENA_NEW(call->arena, struct redirect);

    call->state = it;
    if (str_eq(call->req->method, STR("POST")))
        return read_body(call, it);
    it->state = req_query_get(call->req, STR("state"));
    it->code = req_query_get(call->req, STR("code"));
    it->error = req_query_get(call->req, STR("error"));
    return NULL;
}

static struct err *hand_over(struct api_call *call)
{
    const struct redirect *it = call->state;
    const struct hub_code code = {
        .client = it->state, .ip = call->caller.ip, .code = it->code, .error = it->error};
    const bool is_told = hub_hand_over(call->api->hub, &code);
    const bool is_good = is_told && it->code.n > 0 && it->error.n == 0;

    if (is_good)
        apple_names_put(call->api->apple_names, it->code, it->user, clock_us() / 1000);
    req_add_header(call->req, "Location: %s", is_good ? SUCCESS : FAILURE);
    req_answer_empty(call->req, str_eq(call->req->method, STR("GET")) ? 307 : 303);
    return NULL;
}

const struct api_work api_oauth2_redirect = {
    .is_quiet = true,
    .steps = {{.place = AT_READ, .run = read_redirect}, {.place = AT_LOOP, .run = hand_over}}};
