/*
 * A second factor (auth.md 6): the first login leaves a row in `_mfas` and gets its id, the second
 * brings the id and takes the row away. Rows are looked at and removed in one unit of work, so one
 * session admits one login, however many come at once.
 */
#include "auth/internal.h"

#include "base/date.h"
#include "base/id.h"

struct err *auth_mfa_wanted(struct arena *a, struct db_conn *conn, const struct auth_login *login,
                            bool *ret)
{
    const struct rec *rec = login->rec;
    const struct schema_auth *auth = rec->col->auth;
    struct err *err;

    *ret = auth->mfa_enabled;
    if (!auth->mfa_enabled || auth->mfa_rule.n == 0)
        return NULL;
    err = rec_matches(a, conn, &login->call->caller->actor, rec->col, rec_id(rec), auth->mfa_rule,
                      ret);
    if (err && err->kind == E_BAD_REQUEST)
        return err_new(a, E_BAD_REQUEST, AUTH_MESSAGE_FAILED, "mfa rule: %.*s",
                       STR_ARG(err->cause));
    return err;
}

struct auth_session {
    struct rec_scope scope;
    const struct rec *rec; /* who logs in */
    struct str method;
    struct str id;  /* of the row: to be made, or as presented */
    bool is_second; /* it was presented: the second login */
    struct rec_fixed fixed;
};

/* --- the first login ------------------------------------------------------------------------- */

static struct err *begin_session(struct arena *a, struct db_conn *tx,
                                 const struct auth_session *session)
{
    const struct rec_set sets[] = {
        {STR("id"), AUTH_TEXT(session->id)},
        {STR("collectionRef"), AUTH_TEXT(session->rec->col->id)},
        {STR("recordRef"), AUTH_TEXT(rec_id(session->rec))},
        {STR("method"), AUTH_TEXT(session->method)},
    };
    struct rec *row;

    return rec_insert(a, tx, &session->scope, &session->fixed, sets, COUNT_OF(sets), &row);
}

/* --- the second login ------------------------------------------------------------------------ */

static bool has_expired(const struct auth_session *session, const struct rec *row)
{
    int64_t created_ms, duration_ms;

    if (!date_parse_stored(auth_cell_named(row, "created"), &created_ms))
        return true;
    if (__builtin_mul_overflow(session->rec->col->auth->mfa_duration_s, 1000, &duration_ms))
        return session->rec->col->auth->mfa_duration_s < 0;
    return session->scope.now_ms - created_ms > duration_ms;
}

/* How a session ended. A refusal is no error of the unit: what it deleted stays deleted. */
struct ending {
    const char *refusal; /* NULL: it was there and is used up */
};

static struct err *end_session(struct arena *a, struct db_conn *tx,
                               const struct auth_session *session, struct ending *ending)
{
    struct rec *row = NULL;
    struct err *err = rec_find(a, tx, session->scope.schema->mfas, session->id, &row);

    ending->refusal = "Invalid or expired MFA session.";
    if (err || !row)
        return err;
    if (has_expired(session, row))
        return rec_remove(a, tx, &session->scope, NULL, row);
    ending->refusal = NULL;
    if (!str_eq(auth_cell_named(row, "recordRef"), rec_id(session->rec)) ||
        !str_eq(auth_cell_named(row, "collectionRef"), session->rec->col->id))
        ending->refusal = "Invalid MFA session.";
    else if (str_eq(auth_cell_named(row, "method"), session->method))
        ending->refusal = "A different authentication method is required.";
    return ending->refusal ? NULL : rec_remove(a, tx, &session->scope, NULL, row);
}

/* --- either ---------------------------------------------------------------------------------- */

struct mfa_form {
    struct str id;
};

/* Of the query, else of the body. */
static struct err *read_id(struct arena *a, const struct auth_call *call, struct str *ret)
{
    static const struct form_field fields[] = {
        {"mfaId", FORM_TEXT, offsetof(struct mfa_form, id)},
    };
    struct mfa_form form = {0};
    struct err *err = NULL;

    if (call->mfa_id.n > 0)
        form.id = call->mfa_id;
    else
        err = auth_decode(a, call, fields, COUNT_OF(fields), true, &form, "Failed to read MFA Id.");
    *ret = form.id;
    return err;
}

struct err *auth_session_new(struct arena *a, const struct auth_login *login,
                             struct auth_session **ret)
{
    struct auth_session *session = ARENA_NEW(a, struct auth_session);
    const struct auth_call *call = login->call;
    struct err *err;

    session->scope = call->caller->actor.scope;
    session->rec = login->rec;
    session->method = login->method;
    if (!session->scope.schema->mfas)
        return err_new(a, E_INTERNAL, NULL, "there is no _mfas collection");
    session->fixed = rec_fix(a, session->scope.schema->mfas);
    err = read_id(a, call, &session->id);
    session->is_second = session->id.n > 0;
    if (!session->is_second)
        session->id = random_text(a, ID_LEN, ALPHABET_ID);
    *ret = session;
    return err;
}

struct err *auth_session_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct auth_login *login = in;
    struct ending *ending = ARENA_NEW(a, struct ending);

    *ret_out = ending;
    return login->session->is_second ? end_session(a, tx, login->session, ending)
                                     : begin_session(a, tx, login->session);
}

struct err *auth_session_ended(struct arena *a, struct auth_login *login, const void *out)
{
    const struct auth_session *session = login->session;
    const struct ending *ending = out;

    if (!session->is_second) {
        login->answer = (struct auth_answer){
            401, arena_printf(a, "{\"mfaId\":\"%.*s\"}", STR_ARG(session->id))};
        return NULL;
    }
    if (!ending->refusal)
        return NULL;
    return err_new(a, E_BAD_REQUEST, ending->refusal, "the mfa session is none, or another's");
}
