/*
 * GET …/auth-methods (auth.md 5.1). A method that is off shows none of its options.
 */
#include "auth/internal.h"

#include "base/limits.h"

#define ANSWER_MAX (64 * KIB)

static const char *const truth[] = {"false", "true"};

static void write_timed(struct buf *out, const char *name, bool enabled, int64_t duration_s)
{
    buf_addf(out, ",\"%s\":{\"enabled\":%s,\"duration\":%lld}", name, truth[enabled],
             (long long)(enabled ? duration_s : 0));
}

struct err *auth_methods(struct arena *a, const struct schema_col *col, struct auth_answer *ret)
{
    const struct schema_auth *auth;
    AUTO_BUF struct buf out;
    struct err *err;

    buf_init(&out, ANSWER_MAX);
    err = auth_check_collection(a, col);
    if (err)
        return err;
    auth = col->auth;
    BUF_ADD(&out, "{\"password\":{\"identityFields\":[");
    for (size_t i = 0; auth->password_enabled && i < auth->identity_fields.n; i++) {
        if (i > 0)
            BUF_ADD(&out, ",");
        json_write_text(&out, auth->identity_fields.items[i]);
    }
    buf_addf(&out, "],\"enabled\":%s},\"oauth2\":{\"providers\":[],\"enabled\":%s}",
             truth[auth->password_enabled], truth[auth->oauth2_enabled]);
    write_timed(&out, "mfa", auth->mfa_enabled, auth->mfa_duration_s);
    write_timed(&out, "otp", auth->otp_enabled, auth->otp_duration_s);
    buf_addf(&out, ",\"authProviders\":[],\"usernamePassword\":%s,\"emailPassword\":%s}",
             truth[auth->password_enabled && auth_identifies_by(auth, STR("username"))],
             truth[auth->password_enabled && auth_identifies_by(auth, STR("email"))]);
    if (out.full)
        return err_new(a, E_INTERNAL, NULL, "the answer is over its limit");
    *ret = (struct auth_answer){200, arena_dup(a, buf_str(&out))};
    return NULL;
}
