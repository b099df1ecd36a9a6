/*
 * Where logins came from (auth.md 10): `_authOrigins` holds at most five fingerprints a record.
 *
 * A record that logs in from somewhere new, has been somewhere else before and has an address is
 * owed a mail, for which the login waits a while. One that was not sent leaves the fingerprint
 * unknown, so that the next login from there is new again.
 */
#include "auth/mails.h"

#include "base/id.h"
#include "base/log.h"
#include "base/md5.h"

#define ORIGINS_MAX 5
#define USER_AGENT_MAX 200
#define ALERT_MS 15000

struct auth_origin {
    struct rec_scope scope;
    const struct rec *rec;
    struct str fingerprint;
    struct str agent;
    bool is_alerted;
    struct str id; /* of a new row */
    struct rec_fixed fixed;
};

typedef VEC(struct str) id_list;

/* Cut to what counts of it. */
static struct str agent_of(struct arena *a, const struct auth_call *call)
{
    const struct query_request *request = &call->caller->actor.request;
    struct str agent = call->user_agent;

    for (size_t i = 0; i < request->n_headers && !agent.p; i++)
        if (str_eq(request->headers[i].name, STR("user_agent")))
            agent = request->headers[i].value;
    return agent.n > USER_AGENT_MAX
               ? arena_concat(a, str_sub(agent, 0, USER_AGENT_MAX), STR("..."), STR(""))
               : agent;
}

/* The record's rows, newest first; *ret_known is the one with the fingerprint, or empty. */
static struct err *list_origins(struct arena *a, struct db_conn *tx,
                                const struct auth_origin *origin, id_list *ret,
                                struct str *ret_known)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    bool row = false;
    struct err *err;

    *ret_known = STR("");
    err = db_prepare(a, tx,
                     db_sql(a, tx,
                            "SELECT [id], [fingerprint] FROM [_authOrigins] WHERE "
                            "[collectionRef] = {1} AND [recordRef] = {2} ORDER BY [created] DESC"),
                     &stmt);
    if (err)
        return err;
    db_bind(stmt, 1, DB_V_TEXT(origin->rec->col->id));
    db_bind(stmt, 2, DB_V_TEXT(rec_id(origin->rec)));
    while (!(err = db_step(a, stmt, &row)) && row) {
        struct str id = arena_dup(a, db_column_text(stmt, 0));

        *VEC_PUSH(a, ret) = id;
        if (ret_known->n == 0 && str_eq(db_column_text(stmt, 1), origin->fingerprint))
            *ret_known = id;
    }
    return err;
}

static struct err *touch_origin(struct arena *a, struct db_conn *tx,
                                const struct auth_origin *origin, struct str id)
{
    struct rec *row = NULL;
    struct rec *after;
    struct err *err;

    err = rec_find(a, tx, origin->scope.schema->auth_origins, id, &row);
    if (err || !row)
        return err;
    return rec_change(a, tx, &origin->scope, &origin->fixed, row, NULL, 0, &after);
}

/* Of more than one less than the most, the oldest go. */
static struct err *make_room(struct arena *a, struct db_conn *tx, const struct auth_origin *origin,
                             const id_list *origins)
{
    for (size_t i = ORIGINS_MAX - 1; i < origins->n; i++) {
        struct rec *row = NULL;
        struct err *err;

        err = rec_find(a, tx, origin->scope.schema->auth_origins, origins->items[i], &row);
        if (!err && row)
            err = rec_remove(a, tx, &origin->scope, NULL, row);
        if (err)
            return err;
    }
    return NULL;
}

static struct err *add_origin(struct arena *a, struct db_conn *tx, const struct auth_origin *origin)
{
    const struct rec_set sets[] = {
        {STR("id"), AUTH_TEXT(origin->id)},
        {STR("collectionRef"), AUTH_TEXT(origin->rec->col->id)},
        {STR("recordRef"), AUTH_TEXT(rec_id(origin->rec))},
        {STR("fingerprint"), AUTH_TEXT(origin->fingerprint)},
    };
    struct rec *row;

    return rec_insert(a, tx, &origin->scope, &origin->fixed, sets, COUNT_OF(sets), &row);
}

/* *ret_out: not NULL when a mail was due. */
struct err *auth_origin_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    static char due[] = "due";
    const struct auth_login *login = in;
    const struct auth_origin *origin = login->origin;
    id_list origins = {0};
    struct str known;
    struct err *err = list_origins(a, tx, origin, &origins, &known);

    *ret_out = NULL;
    if (err)
        return err;
    if (known.n > 0)
        return touch_origin(a, tx, origin, known);
    if (origins.n > 0 && !origin->is_alerted &&
        auth_cell(origin->rec, origin->rec->col->auth->email).n > 0) {
        *ret_out = due;
        return NULL;
    }
    err = make_room(a, tx, origin, &origins);
    return err ? err : add_origin(a, tx, origin);
}

struct auth_origin *auth_origin_new(struct arena *a, const struct auth_login *login)
{
    const struct auth_call *call = login->call;
    struct auth_origin *origin;
    struct str agent;

    if (!call->caller->actor.scope.schema->auth_origins || !login->rec->col->auth->alerts_enabled)
        return NULL;
    origin = ARENA_NEW(a, struct auth_origin);
    agent = agent_of(a, call);
    *origin = (struct auth_origin){
        .scope = call->caller->actor.scope,
        .rec = login->rec,
        .fingerprint = md5_hex(a, arena_concat(a, call->caller->ip, agent, STR(""))),
        .agent = agent,
        .id = random_text(a, ID_LEN, ALPHABET_ID),
        .fixed = rec_fix(a, call->caller->actor.scope.schema->auth_origins),
    };
    return origin;
}

bool auth_origin_noted(struct auth_login *login, const struct err *err, const void *out)
{
    const struct rec *rec = login->rec;

    if (err && !err->logged)
        log_warn("auth.origin_not_saved", LOG_STR("collection", rec->col->name),
                 LOG_STR("record", rec_id(rec)), LOG_STR("cause", err->cause));
    login->origin->is_alerted = !err && out;
    return login->origin->is_alerted;
}

struct err *auth_origin_alert(struct arena *a, const struct auth_login *login, uint64_t waited_ms)
{
    const struct auth_call *call = login->call;
    const struct auth_mail mail = {.kind = SCHEMA_MAIL_ALERT,
                                   .rec = login->rec,
                                   .alert_info =
                                       auth_alert_info(a, call->caller->actor.scope.now_ms,
                                                       call->caller->ip, login->origin->agent)};
    const struct mail_message *message = NULL;
    struct err *err = auth_mail_write(a, call->settings, &mail, &message);

    if (!err && waited_ms >= ALERT_MS)
        err = err_new(a, E_UNAVAILABLE, NULL, "too many wait for the mail server");
    if (!err)
        err = outbox_send(a, call->outbox, message, ALERT_MS - (unsigned)waited_ms);
    if (err)
        log_warn("auth.alert_not_sent", LOG_STR("collection", login->rec->col->name),
                 LOG_STR("record", rec_id(login->rec)), LOG_STR("cause", err->cause));
    return err;
}
