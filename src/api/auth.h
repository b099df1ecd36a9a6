/*
 * api/auth: what the files of the auth endpoints share.
 */
#ifndef REEVE_API_AUTH_H
#define REEVE_API_AUTH_H

#include "api/internal.h"

/* The call as auth/ sees it; the body is not looked at yet. */
struct auth_call *api_auth_call(struct api_call *call);
/* With the body as rules see it and as the endpoint decodes it; a failure of that is the endpoint's
 * to report. */
struct auth_call *api_auth_form(struct api_call *call);
struct err *api_auth_send(struct api_call *call, const struct auth_answer *answer);

/* auth_login.c: what every login ends with. call->state is its struct auth_login by then. */
enum login_want { LOGIN_SESSION, LOGIN_ANSWER, LOGIN_ORIGIN };
bool login_wants(const struct api_call *call); /* what the step's `what` says */
struct err *login_read(struct api_call *call);
struct err *login_end_session(struct api_call *call);
struct err *login_note_origin(struct api_call *call);
struct err *login_send_alert(struct api_call *call);
struct err *login_drop_origin(struct api_call *call);
struct err *login_finish(struct api_call *call);

/* clang-format off */
#define LOGIN_STEPS \
    {.place = AT_READ, .run = login_read, .what = LOGIN_SESSION}, \
    {.place = AT_UNIT, .unit = auth_session_unit, .needed = login_wants, .what = LOGIN_SESSION}, \
    {.place = AT_LOOP, .run = login_end_session, .needed = login_wants, .what = LOGIN_SESSION}, \
    {.place = AT_READ, .run = login_read, .needed = login_wants, .what = LOGIN_ANSWER}, \
    {.place = AT_UNIT, .unit = auth_origin_unit, .needed = login_wants, .what = LOGIN_ORIGIN, \
     .may_fail = true}, \
    {.place = AT_LOOP, .run = login_note_origin, .needed = login_wants, .what = LOGIN_ORIGIN}, \
    {.place = AT_MAIL, .run = login_send_alert, .needed = login_wants, .what = LOGIN_ORIGIN, \
     .may_fail = true}, \
    {.place = AT_LOOP, .run = login_drop_origin, .needed = login_wants, .what = LOGIN_ORIGIN}, \
    {.place = AT_UNIT, .unit = auth_origin_unit, .needed = login_wants, .what = LOGIN_ORIGIN, \
     .may_fail = true}, \
    {.place = AT_LOOP, .run = login_finish}
/* clang-format on */

/* auth.c, auth_mails.c, auth_oauth2.c */
extern const struct api_work api_auth_with_password;
extern const struct api_work api_auth_with_otp;
extern const struct api_work api_auth_with_oauth2;
extern const struct api_work api_auth_refresh;
extern const struct api_work api_auth_methods;
extern const struct api_work api_auth_impersonate;
extern const struct api_work api_auth_request_otp;
extern const struct api_work api_auth_request_verification;
extern const struct api_work api_auth_request_password_reset;
extern const struct api_work api_auth_request_email_change;
extern const struct api_work api_auth_confirm_verification;
extern const struct api_work api_auth_confirm_password_reset;
extern const struct api_work api_auth_confirm_email_change;

#endif
