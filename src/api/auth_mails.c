/*
 * Mails that are asked for, and what their links lead to: /api/collections/{collection}/request-…
 * and …/confirm-… (auth.md 5).
 */
#include "api/auth.h"
#include "api/rate.h"

static struct err *say_done(struct api_call *call)
{
    req_answer_empty(call->req, 204);
    return NULL;
}

/* --- request-… ------------------------------------------------------------------------------ */

enum asked { ASKED_VERIFICATION, ASKED_PASSWORD_RESET, ASKED_OTP };

static struct err *ask(struct api_call *call)
{
    static struct err *(*const asks[])(struct arena * a, struct db_conn * conn,
                                       const struct auth_call *auth, struct auth_asked **ret) = {
        [ASKED_VERIFICATION] = auth_ask_verification,
        [ASKED_PASSWORD_RESET] = auth_ask_password_reset,
        [ASKED_OTP] = auth_ask_otp,
    };
    struct auth_asked *asked = NULL;
    struct err *err = asks[call->step->what](call->arena, call->conn, api_auth_form(call), &asked);

    call->state = asked;
    return err;
}

static struct err *hash_code(struct api_call *call)
{
    return auth_asked_hash(call->arena, call->state);
}

static struct err *say_asked(struct api_call *call)
{
    call->hidden = auth_asked_hidden(call->state);
    if (!call->hidden)
        call->hidden = call->out;
    return say_done(call);
}

static struct err *tell_id(struct api_call *call)
{
    const struct auth_answer answer = auth_asked_otp_answer(call->arena, call->out);

    call->hidden = auth_asked_hidden(call->state);
    return api_auth_send(call, &answer);
}

/* clang-format off */
const struct api_work api_auth_request_verification = {
    .steps = {{.place = AT_READ, .run = ask, .what = ASKED_VERIFICATION},
              {.place = AT_UNIT, .unit = auth_asked_unit, .changes_schema = true},
              {.place = AT_LOOP, .run = say_asked}}};
const struct api_work api_auth_request_password_reset = {
    .steps = {{.place = AT_READ, .run = ask, .what = ASKED_PASSWORD_RESET},
              {.place = AT_UNIT, .unit = auth_asked_unit, .changes_schema = true},
              {.place = AT_LOOP, .run = say_asked}}};
const struct api_work api_auth_request_otp = {
    .steps = {{.place = AT_READ, .run = ask, .what = ASKED_OTP},
              {.place = AT_HASH, .run = hash_code},
              {.place = AT_UNIT, .unit = auth_asked_otp_unit, .changes_schema = true},
              {.place = AT_LOOP, .run = tell_id}}};
/* clang-format on */

/* --- request-email-change -------------------------------------------------------------------- */

struct email_change {
    const struct auth_call *auth;
    const struct mail_message *message;
};

static struct err *ask_email_change(struct api_call *call)
{
    struct email_change *change = ARENA_NEW(call->arena, struct email_change);

    change->auth = api_auth_form(call);
    call->state = change;
    return auth_ask_email_change(call->arena, call->conn, change->auth, &change->message);
}

static struct err *send_email_change(struct api_call *call)
{
    const struct email_change *change = call->state;

    return auth_send_email_change(call->arena, change->auth, change->message);
}

const struct api_work api_auth_request_email_change = {
    .steps = {{.place = AT_READ, .run = ask_email_change},
              {.place = AT_MAIL, .run = send_email_change},
              {.place = AT_LOOP, .run = say_done}}};

/* --- confirm-… ------------------------------------------------------------------------------ */

/* call->state is a struct auth_confirm. */
enum confirmed { CONFIRMED_VERIFICATION, CONFIRMED_PASSWORD_RESET, CONFIRMED_EMAIL_CHANGE };

static struct err *confirm(struct api_call *call)
{
    static struct err *(*const confirms[])(struct arena * a, struct db_conn * conn,
                                           const struct auth_call *auth,
                                           struct auth_confirm **ret) = {
        [CONFIRMED_VERIFICATION] = auth_confirm_verification,
        [CONFIRMED_PASSWORD_RESET] = auth_confirm_password_reset,
        [CONFIRMED_EMAIL_CHANGE] = auth_confirm_email_change,
    };
    struct auth_confirm *confirmed = NULL;
    struct err *err =
        confirms[call->step->what](call->arena, call->conn, api_auth_form(call), &confirmed);

    call->state = confirmed;
    return err;
}

static bool hashes(const struct api_call *call)
{
    return auth_confirm_hashes(call->state);
}

static struct err *hash_password(struct api_call *call)
{
    struct err *err = auth_confirm_hash(call->arena, call->state);

    if (err)
        call->wait_ms = rate_wrong_password_ms(
            call, rate_account(schema_find(call->schema, call->req->params[0]),
                               auth_confirm_account(call->state)));
    return err;
}

#define CONFIRM_STEPS(kind)                                                                     \
    {                                                                                           \
        {.place = AT_READ, .run = confirm, .what = (kind)},                                     \
            {.place = AT_HASH, .run = hash_password, .needed = hashes},                         \
            {.place = AT_UNIT, .unit = auth_confirm_unit}, {.place = AT_LOOP, .run = say_done}, \
    }
const struct api_work api_auth_confirm_verification = {.steps =
                                                           CONFIRM_STEPS(CONFIRMED_VERIFICATION)};
const struct api_work api_auth_confirm_password_reset = {
    .steps = CONFIRM_STEPS(CONFIRMED_PASSWORD_RESET)};
const struct api_work api_auth_confirm_email_change = {.steps =
                                                           CONFIRM_STEPS(CONFIRMED_EMAIL_CHANGE)};
