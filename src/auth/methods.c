/*
 * GET …/auth-methods (auth.md 5.1). A method that is off shows none of its options.
 */
#include "auth/internal.h"

#include "base/limits.h"
#include "base/num.h"

#define ANSWER_MAX (64 * KIB)

static void write_truth(struct buf *out, bool truth)
{
    buf_add(out, truth ? STR("true") : STR("false"));
}

static void write_password(struct buf *out, const struct schema_auth *auth)
{
    BUF_ADD(out, "\"password\":{\"identityFields\":[");
    for (size_t i = 0; auth->password_enabled && i < auth->identity_fields.n; i++) {
        if (i > 0)
            BUF_ADD(out, ",");
        json_write_text(out, auth->identity_fields.items[i]);
    }
    BUF_ADD(out, "],\"enabled\":");
    write_truth(out, auth->password_enabled);
    BUF_ADD(out, "}");
}

static void write_timed(struct buf *out, const char *name, bool enabled, int64_t duration_s)
{
    buf_addf(out, ",\"%s\":{\"enabled\":", name);
    write_truth(out, enabled);
    buf_addf(out, ",\"duration\":%lld}", (long long)(enabled ? duration_s : 0));
}

static bool identifies_by(const struct schema_auth *auth, struct str name)
{
    for (size_t i = 0; auth->password_enabled && i < auth->identity_fields.n; i++)
        if (str_eq(auth->identity_fields.items[i], name))
            return true;
    return false;
}

static int64_t otp_duration_s(struct arena *a, const struct schema_col *col)
{
    const struct json *in = json_get(auth_option(a, col, "otp"), STR("duration"));
    int64_t seconds;

    return in && in->type == JSON_NUMBER && num_parse_i64(in->text, &seconds) ? seconds : 0;
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
    BUF_ADD(&out, "{");
    write_password(&out, auth);
    BUF_ADD(&out, ",\"oauth2\":{\"providers\":[],\"enabled\":");
    write_truth(&out, auth->oauth2_enabled);
    BUF_ADD(&out, "}");
    write_timed(&out, "mfa", auth->mfa_enabled, auth->mfa_duration_s);
    write_timed(&out, "otp", auth->otp_enabled, otp_duration_s(a, col));
    BUF_ADD(&out, ",\"authProviders\":[],\"usernamePassword\":");
    write_truth(&out, identifies_by(auth, STR("username")));
    BUF_ADD(&out, ",\"emailPassword\":");
    write_truth(&out, identifies_by(auth, STR("email")));
    BUF_ADD(&out, "}");
    if (out.full)
        return err_new(a, E_INTERNAL, NULL, "the answer is over its limit");
    *ret = (struct auth_answer){200, arena_dup(a, buf_str(&out))};
    return NULL;
}
