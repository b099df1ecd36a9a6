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

/* auth.c, auth_mails.c */
extern const struct api_work api_auth_with_password;
extern const struct api_work api_auth_with_otp;
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
