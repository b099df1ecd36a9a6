/*
 * From a record that has proved who it is to the answer (auth.md 4): may it log in, is a second
 * factor wanted, and the JSON.
 */
#include "auth/internal.h"

#include "base/limits.h"

#define MESSAGE_RULE "The request doesn't satisfy the collection requirements to authenticate."

/* The rule is asked as the requester, who has not become the record yet. */
static struct err *check_rule(struct arena *a, struct db_conn *conn, const struct auth_call *call,
                              const struct rec *rec)
{
    const struct schema_rule *rule = &rec->col->auth->auth_rule;
    bool matches = false;
    struct err *err;

    if (call->caller->actor.superuser)
        return NULL;
    if (!rule->set)
        return err_new(a, E_FORBIDDEN, MESSAGE_RULE, "authRule: nobody may log in");
    if (rule->text.n == 0)
        return NULL;
    err = rec_matches(a, conn, &call->caller->actor, rec->col, rec_id(rec), rule->text, &matches);
    if (err && err->kind != E_BAD_REQUEST)
        return err;
    if (err)
        return err_new(a, E_FORBIDDEN, MESSAGE_RULE, "authRule: %.*s", STR_ARG(err->cause));
    return matches ? NULL : err_new(a, E_FORBIDDEN, MESSAGE_RULE, "authRule: not satisfied");
}

struct err *auth_admit(struct arena *a, struct db_conn *conn, const struct auth_call *call,
                       const struct rec *rec)
{
    if (rec->col == call->caller->actor.scope.schema->superusers &&
        !call->caller->superuser_ip_allowed)
        return err_new(a, E_FORBIDDEN, NULL, "superuser from an address not listed");
    if (call->rules_err)
        return err_copy(a, call->rules_err);
    return check_rule(a, conn, call, rec);
}

/* What the record may see and expand is its own business, not the requester's. */
struct err *auth_write(struct arena *a, struct db_conn *conn, const struct auth_call *call,
                       const struct rec *rec, struct str token, struct str meta,
                       struct auth_answer *ret)
{
    struct rec_actor self = call->caller->actor;
    AUTO_BUF struct buf out;
    struct err *err;

    buf_init(&out, LIMIT_RESPONSE_BYTES);
    rec_actor_set_auth(a, &self, rec);
    BUF_ADD(&out, "{");
    if (meta.n > 0) {
        BUF_ADD(&out, "\"meta\":");
        buf_add(&out, meta);
        BUF_ADD(&out, ",");
    }
    BUF_ADD(&out, "\"record\":");
    err = rec_write(a, conn, &self, rec, call->expand, REC_EMAIL_SHOWN, &out);
    if (err)
        return err;
    BUF_ADD(&out, ",\"token\":");
    json_write_text(&out, token);
    BUF_ADD(&out, "}");
    if (out.full)
        return err_new(a, E_INTERNAL, NULL, "the answer is over its limit");
    *ret = (struct auth_answer){200, arena_dup(a, buf_str(&out))};
    return NULL;
}

static struct err *new_token(struct arena *a, const struct auth_call *call, const struct rec *rec,
                             bool refreshable, int64_t duration_s, struct str *ret)
{
    *ret = auth_token_new(a, rec, TOKEN_AUTH, refreshable, duration_s,
                          call->caller->actor.scope.now_ms);
    if (ret->n == 0)
        return err_new(a, E_INTERNAL, "Failed to create auth token.", "no key to sign with");
    return NULL;
}

/* --- logins ---------------------------------------------------------------------------------- */

struct err *auth_login_renew(struct arena *a, struct db_conn *conn, const struct auth_call *call,
                             struct auth_login *login)
{
    struct rec *rec = NULL;
    struct err *err = auth_check_collection(a, call->col);

    if (!err)
        err = rec_find(a, conn, call->col, login->id, &rec);
    if (err)
        return err;
    if (!rec)
        return err_new(a, E_BAD_REQUEST, AUTH_MESSAGE_FAILED, "the record is gone");
    call->caller->actor.request.context = login->method;
    login->call = call;
    login->rec = rec;
    return NULL;
}

struct err *auth_login_admit(struct arena *a, struct db_conn *conn, struct auth_login *login)
{
    bool mfa = false;
    struct err *err;

    login->session = NULL;
    err = new_token(a, login->call, login->rec, true, 0, &login->token);

    if (!err)
        err = auth_admit(a, conn, login->call, login->rec);
    if (!err)
        err = auth_mfa_wanted(a, conn, login, &mfa);
    if (err)
        return err;
    return mfa ? auth_session_new(a, login, &login->session) : auth_login_write(a, conn, login);
}

struct err *auth_login_write(struct arena *a, struct db_conn *conn, struct auth_login *login)
{
    login->origin = auth_origin_new(a, login);
    return auth_write(a, conn, login->call, login->rec, login->token, login->meta, &login->answer);
}

/* --- refresh, impersonation ------------------------------------------------------------------ */

struct err *auth_refresh(struct arena *a, struct db_conn *conn, const struct auth_call *call,
                         struct auth_answer *ret)
{
    const struct auth_token *token = &call->caller->token;
    struct str text = token->text;
    struct err *err;

    call->caller->actor.request.context = STR("default");
    err = auth_check_collection(a, call->col);
    if (err)
        return err;
    if (call->body_err)
        return err_copy(a, call->body_err);
    if (token->refreshable) {
        err = new_token(a, call, token->rec, true, 0, &text);
        if (err)
            return err;
    }
    err = auth_admit(a, conn, call, token->rec);
    if (err)
        return err;
    return auth_write(a, conn, call, token->rec, text, STR(""), ret);
}

struct impersonation {
    int64_t duration; /* as submitted */
    int64_t token_s;
};

static struct err *read_impersonation(struct arena *a, const struct auth_call *call,
                                      struct impersonation *ret)
{
    static const struct form_field fields[] = {
        {"duration", FORM_INT, offsetof(struct impersonation, duration)},
    };
    struct err *err;
    int64_t ns;

    err = auth_decode(a, call, fields, COUNT_OF(fields), false, ret, AUTH_MESSAGE_LOADING);
    if (err)
        return err;
    /* taken through nanoseconds of 64 bits, as PocketBase does: what overflows to nothing or less
     * is the collection's default */
    ns = (int64_t)((uint64_t)ret->duration * 1000000000ULL);
    ret->token_s = ns > 0 ? ns / 1000000000 : 0;
    if (ret->duration < 0)
        err_add_item(a, &err, STR("duration"), CODE_MIN_THRESHOLD, STR("{\"threshold\":0}"));
    if (err)
        err->message = AUTH_MESSAGE_VALIDATING;
    return err;
}

struct err *auth_impersonate(struct arena *a, struct db_conn *conn, const struct auth_call *call,
                             struct auth_answer *ret)
{
    struct impersonation form;
    struct rec *rec = NULL;
    struct str token;
    struct err *err;

    call->caller->actor.request.context = STR("default");
    if (!call->col || !call->col->auth)
        return err_new(a, E_NOT_FOUND, "Missing or invalid auth collection context.",
                       "no such auth collection");
    err = rec_find(a, conn, call->col, call->id, &rec);
    if (err)
        return err;
    if (!rec)
        return err_new(a, E_NOT_FOUND, NULL, "no such record");
    err = read_impersonation(a, call, &form);
    if (!err)
        err = new_token(a, call, rec, false, form.token_s, &token);
    if (!err)
        err = auth_admit(a, conn, call, rec);
    if (err)
        return err;
    return auth_write(a, conn, call, rec, token, STR(""), ret);
}
