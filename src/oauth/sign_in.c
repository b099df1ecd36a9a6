#include "oauth/internal.h"

#include "base/date.h"

struct err *oauth_sign_in(struct arena *a, const struct oauth *o, const struct oauth_call *call,
                          enum oauth_step *ret_failed, struct oauth_user *ret)
{
    struct oauth_work work = {
        .a = a, .o = o, .call = call, .end_ms = clock_ms() + LIMIT_OAUTH_TOTAL_MS};
    struct oauth_user user;
    struct err *err;

    *ret_failed = OAUTH_TOKEN;
    err = oauth_fetch_token(&work);
    if (err)
        return err;
    *ret_failed = OAUTH_PROFILE;
    err = oauth_fetch_profile(&work, &user);
    if (work.is_nobody)
        *ret_failed = OAUTH_NOBODY;
    if (err)
        return err;
    user.access_token = work.access_token;
    user.refresh_token = work.refresh_token;
    user.expiry_ms = work.expiry_ms;
    *ret = user;
    return NULL;
}
