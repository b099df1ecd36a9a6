/*
 * From somebody who has proved who he is to the answer: the steps that all logins end with, by
 * whatever method (auth.md 4).
 */
#include "api/auth.h"
#include "base/date.h"

/* Whether the login wants what the step's `what` says. */
bool login_wants(const struct api_call *call)
{
    const struct auth_login *login = call->state;
    const bool wanted[] = {[LOGIN_SESSION] = login->session != NULL,
                           [LOGIN_ANSWER] = login->answer.status == 0,
                           [LOGIN_ORIGIN] = login->origin != NULL};

    return wanted[call->step->what];
}

/* What it needs first; where that is nothing or is over, the answer. */
struct err *login_read(struct api_call *call)
{
    struct auth_login *login = call->state;
    struct err *err = NULL;

    if (call->first != call->work->steps) /* the schema has changed since */
        err = auth_login_renew(call->arena, call->conn, api_auth_form(call), login);
    if (err)
        return err;
    if (call->step->what == LOGIN_ANSWER)
        return auth_login_write(call->arena, call->conn, login);
    return auth_login_admit(call->arena, call->conn, login);
}

struct err *login_end_session(struct api_call *call)
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
struct err *login_note_origin(struct api_call *call)
{
    struct auth_login *login = call->state;

    if (!auth_origin_noted(login, call->err, call->out))
        login->origin = NULL;
    call->err = NULL;
    return NULL;
}

struct err *login_send_alert(struct api_call *call)
{
    return auth_origin_alert(call->arena, call->state, (clock_us() - call->queued_us) / 1000);
}

struct err *login_drop_origin(struct api_call *call)
{
    struct auth_login *login = call->state;

    if (call->err)
        login->origin = NULL;
    call->err = NULL;
    return NULL;
}

/* The login stands, whatever became of its origin. */
struct err *login_finish(struct api_call *call)
{
    struct auth_login *login = call->state;

    if (login->origin)
        (void)auth_origin_noted(login, call->err, call->out);
    return api_auth_send(call, &login->answer);
}
