/*
 * Logins: /api/collections/{collection}/auth-… (auth.md 5).
 */
#include "api/auth.h"
#include "api/rate.h"

struct auth_call *api_auth_call(struct api_call *call)
{
    struct auth_call *auth = ARENA_NEW(call->arena, struct auth_call);

    *auth = (struct auth_call){.caller = &call->caller,
                               .col = schema_find(call->schema, call->req->params[0]),
                               .id = call->req->params[1],
                               .mfa_id = req_query_get(call->req, STR("mfaId")),
                               .expand = req_query_get(call->req, STR("expand")),
                               .settings = call->settings,
                               .outbox = call->api->outbox,
                               .dev = call->api->dev};
    return auth;
}

struct auth_call *api_auth_form(struct api_call *call)
{
    struct auth_call *auth = api_auth_call(call);
    struct form_input *form = ARENA_NEW(call->arena, struct form_input);

    auth->body_err = api_form(call, form);
    auth->form = form;
    if (!auth->body_err)
        auth->rules_err = api_body(call, &auth->body);
    call->caller.actor.request.body = auth->body;
    return auth;
}

struct err *api_auth_send(struct api_call *call, const struct auth_answer *answer)
{
    buf_add(&call->req->resp.body, answer->body);
    req_answer_json(call->req, answer->status);
    if (answer->status == 401)
        call->hidden = "a second factor is wanted";
    return NULL;
}

/* --- without a login ------------------------------------------------------------------------ */

static struct err *list_methods(struct api_call *call)
{
    struct auth_answer answer;
    struct err *err =
        auth_methods(call->arena, schema_find(call->schema, call->req->params[0]), &answer);

    return err ? err : api_auth_send(call, &answer);
}

/* A body is ignored, but one that can't be decoded is refused. */
static struct err *refresh(struct api_call *call)
{
    struct auth_call *auth = api_auth_call(call);
    struct auth_answer answer;
    struct err *err = api_body(call, &auth->body);

    call->caller.actor.request.body = auth->body;
    if (!err)
        err = auth_refresh(call->arena, call->conn, auth, &answer);
    return err ? err : api_auth_send(call, &answer);
}

static struct err *impersonate(struct api_call *call)
{
    struct auth_answer answer;
    struct err *err = auth_impersonate(call->arena, call->conn, api_auth_form(call), &answer);

    return err ? err : api_auth_send(call, &answer);
}

const struct api_work api_auth_methods = {.steps = {{.place = AT_READ, .run = list_methods}}};
const struct api_work api_auth_refresh = {.steps = {{.place = AT_READ, .run = refresh}}};
const struct api_work api_auth_impersonate = {.steps = {{.place = AT_READ, .run = impersonate}}};

/* --- logins --------------------------------------------------------------------------------- */

static struct err *find_by_password(struct api_call *call)
{
    struct auth_login *login = NULL;
    struct err *err = auth_password_find(call->arena, call->conn, api_auth_form(call), &login);

    call->state = login;
    return err;
}

/* Somebody's, or nobody's: they are counted and slowed down alike. */
static uint64_t account_of(const struct auth_login *login)
{
    return rate_account(login->call->col, login->identity);
}

static struct err *compare_password(struct api_call *call)
{
    struct err *err = auth_password_compare(call->arena, call->state);

    if (err)
        call->wait_ms = rate_wrong_password_ms(call, account_of(call->state));
    return err;
}

static struct err *find_by_code(struct api_call *call)
{
    struct auth_login *login = NULL;
    struct err *err = auth_otp_find(call->arena, call->conn, api_auth_form(call), &login);

    call->state = login;
    return err;
}

/* The right one counts, too. */
static struct err *count_attempt(struct api_call *call)
{
    return rate_check_code(call, account_of(call->state));
}

static struct err *compare_code(struct api_call *call)
{
    return auth_otp_compare(call->arena, call->state);
}

/* The record may be another one by the use of its code. */
static struct err *take_record(struct api_call *call)
{
    struct auth_login *login = call->state;

    if (login->code)
        login->rec = call->out;
    login->code = NULL;
    return NULL;
}

/* clang-format off */
const struct api_work api_auth_with_password = {
    .steps = {
        {.place = AT_READ, .run = find_by_password},
        {.place = AT_HASH, .run = compare_password},
        LOGIN_STEPS,
    },
};

const struct api_work api_auth_with_otp = {
    .steps = {
        {.place = AT_READ, .run = find_by_code},
        {.place = AT_LOOP, .run = count_attempt},
        {.place = AT_HASH, .run = compare_code},
        {.place = AT_UNIT, .unit = auth_otp_unit},
        {.place = AT_LOOP, .run = take_record},
        LOGIN_STEPS,
    },
};
/* clang-format on */
