/*
 * Logins: /api/collections/{collection}/auth-… (auth.md 5).
 */
#include "api/auth.h"
#include "api/rate.h"
#include "base/date.h"

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

/* Somebody's, or nobody's by a name: they are counted and slowed down alike. */
static uint64_t account_of(const struct auth_login *login)
{
    const uint64_t numbers[] = {str_hash(login->call->col->id), str_hash(login->identity)};

    return rate_key(numbers, COUNT_OF(numbers));
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

enum want { WANT_SESSION, WANT_ANSWER, WANT_ORIGIN };

/* Whether the login wants what the step's `what` says. */
static bool is_wanted(const struct api_call *call)
{
    const struct auth_login *login = call->state;
    const bool wanted[] = {[WANT_SESSION] = login->session != NULL,
                           [WANT_ANSWER] = login->answer.status == 0,
                           [WANT_ORIGIN] = login->origin != NULL};

    return wanted[call->step->what];
}

/* What it needs first; where that is nothing or is over, the answer. */
static struct err *read_login(struct api_call *call)
{
    struct auth_login *login = call->state;
    struct err *err = NULL;

    if (call->first != call->work->steps) /* the schema has changed since */
        err = auth_login_renew(call->arena, call->conn, api_auth_form(call), login);
    if (err)
        return err;
    if (call->step->what == WANT_ANSWER)
        return auth_login_write(call->arena, call->conn, login);
    return auth_login_admit(call->arena, call->conn, login);
}

static struct err *end_session(struct api_call *call)
{
    struct auth_login *login = call->state;

    if (login->session_is_over) { /* it begins anew here: so does its answer */
        login->answer = (struct auth_answer){0};
        return NULL;
    }
    login->session_is_over = true;
    return auth_session_ended(call->arena, login, call->out);
}

/* Once the note of the origin is over. It comes again when the mail about it is sent. */
static struct err *note_origin(struct api_call *call)
{
    struct auth_login *login = call->state;

    if (!auth_origin_noted(login, call->err, call->out))
        login->origin = NULL;
    call->err = NULL;
    return NULL;
}

static struct err *send_alert(struct api_call *call)
{
    return auth_origin_alert(call->arena, call->state, (clock_us() - call->queued_us) / 1000);
}

static struct err *drop_origin(struct api_call *call)
{
    struct auth_login *login = call->state;

    if (call->err)
        login->origin = NULL;
    call->err = NULL;
    return NULL;
}

/* The login stands, whatever became of its origin. */
static struct err *finish_login(struct api_call *call)
{
    struct auth_login *login = call->state;

    if (login->origin)
        (void)auth_origin_noted(login, call->err, call->out);
    return api_auth_send(call, &login->answer);
}

/* From somebody who has proved who he is to the answer. */
/* clang-format off */
#define LOGIN_STEPS \
    {.place = AT_READ, .run = read_login, .what = WANT_SESSION}, \
    {.place = AT_UNIT, .unit = auth_session_unit, .needed = is_wanted, .what = WANT_SESSION}, \
    {.place = AT_LOOP, .run = end_session, .needed = is_wanted, .what = WANT_SESSION}, \
    {.place = AT_READ, .run = read_login, .needed = is_wanted, .what = WANT_ANSWER}, \
    {.place = AT_UNIT, .unit = auth_origin_unit, .needed = is_wanted, .what = WANT_ORIGIN, \
     .may_fail = true}, \
    {.place = AT_LOOP, .run = note_origin, .needed = is_wanted, .what = WANT_ORIGIN}, \
    {.place = AT_MAIL, .run = send_alert, .needed = is_wanted, .what = WANT_ORIGIN, \
     .may_fail = true}, \
    {.place = AT_LOOP, .run = drop_origin, .needed = is_wanted, .what = WANT_ORIGIN}, \
    {.place = AT_UNIT, .unit = auth_origin_unit, .needed = is_wanted, .what = WANT_ORIGIN, \
     .may_fail = true}, \
    {.place = AT_LOOP, .run = finish_login}

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
