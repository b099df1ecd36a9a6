/*
 * POST …/auth-with-oauth2 (auth.md 7): whose account somebody is that a provider has told of, and
 * the unit that links the two.
 *
 * A code is good once. So what the provider has said stays with the call, however often the steps
 * around it begin anew; what they have found does not.
 */
#include "auth/oauth2.h"

#include "base/date.h"
#include "base/limits.h"

#define PROVIDER_MAX 100 /* bytes */

/* --- what is asked for ------------------------------------------------------------------------ */

struct oauth2_form {
    struct str provider, code, verifier, redirect_url, redirect_url_before;
    const struct json *create_data;
};

static const struct oauth_conf *find_conf(const struct schema_oauth2 *oauth2, struct str name)
{
    for (size_t i = 0; i < oauth2->n_providers; i++)
        if (str_eq(oauth2->providers[i].name, name))
            return &oauth2->providers[i];
    return NULL;
}

static void check_provider(struct arena *a, const struct schema_oauth2 *oauth2, struct str name,
                           struct err **items)
{
    const struct str field = STR("provider");

    if (name.n == 0)
        err_add_item(a, items, field, CODE_REQUIRED, STR_NONE);
    else if (name.n > PROVIDER_MAX)
        err_add_item(a, items, field, CODE_LENGTH_TOO_LONG,
                     arena_printf(a, "{\"max\":%d,\"min\":0}", PROVIDER_MAX));
    else if (!find_conf(oauth2, name))
        err_add_raw_item(
            a, items, field, STR("validation_invalid_provider"),
            arena_printf(a, "Provider with name %.*s is missing or is not enabled.", STR_ARG(name)),
            err_params_text(a, "name", name));
}

static struct err *check_form(struct arena *a, const struct schema_oauth2 *oauth2,
                              const struct oauth2_form *form)
{
    struct err *items = NULL;

    check_provider(a, oauth2, form->provider, &items);
    if (form->code.n == 0)
        err_add_item(a, &items, STR("code"), CODE_REQUIRED, STR_NONE);
    return err_say(items, AUTH_MESSAGE_LOADING);
}

static struct err *read_form(struct arena *a, const struct auth_call *call, struct oauth2_form *ret)
{
    static const struct form_field fields[] = {
        {"provider", FORM_TEXT, offsetof(struct oauth2_form, provider)},
        {"code", FORM_TEXT, offsetof(struct oauth2_form, code)},
        {"codeVerifier", FORM_TEXT, offsetof(struct oauth2_form, verifier)},
        {"redirectURL", FORM_TEXT, offsetof(struct oauth2_form, redirect_url)},
        {"redirectUrl", FORM_TEXT, offsetof(struct oauth2_form, redirect_url_before)},
        {"createData", FORM_JSON, offsetof(struct oauth2_form, create_data)},
    };
    struct err *err = auth_check_collection(a, call->col);

    if (err)
        return err;
    if (!call->col->auth->oauth2.enabled || !call->caller->actor.scope.schema->external_auths)
        return err_new(a, E_FORBIDDEN,
                       "The collection is not configured to allow OAuth2 authentication.",
                       "signing in through other systems is off");
    err = auth_decode(a, call, fields, COUNT_OF(fields), true, ret, AUTH_MESSAGE_LOADING);
    if (!err && ret->create_data && ret->create_data->type != JSON_OBJECT)
        err = err_new(a, E_BAD_REQUEST, AUTH_MESSAGE_LOADING, "createData is no object");
    return err ? err : check_form(a, &call->col->auth->oauth2, ret);
}

struct err *auth_oauth2_read(struct arena *a, const struct auth_call *call, struct auth_oauth2 *it)
{
    struct oauth2_form form;
    struct err *err;

    call->caller->actor.request.context = STR("oauth2");
    err = read_form(a, call, &form);
    if (err)
        return err;
    it->call = call;
    it->code = form.code;
    it->verifier = form.verifier;
    it->redirect_url = form.redirect_url.n > 0 ? form.redirect_url : form.redirect_url_before;
    it->create_data = form.create_data;
    err = oauth_open(a, find_conf(&call->col->auth->oauth2, form.provider), &it->provider);
    if (err)
        return err_new(
            a, E_INTERNAL,
            arena_cstr(a, arena_printf(a, "Failed to init provider %.*s.", STR_ARG(form.provider))),
            "%.*s", STR_ARG(err->cause));
    return NULL;
}

/* --- who the provider says it is -------------------------------------------------------------- */

static struct str provider_name(const struct auth_oauth2 *it)
{
    return oauth_provider_name(it->provider.provider);
}

struct err *auth_oauth2_ask(struct arena *a, const struct auth_peers *peers, struct auth_oauth2 *it)
{
    static const char *const messages[] = {[OAUTH_TOKEN] = "Failed to fetch OAuth2 token.",
                                           [OAUTH_PROFILE] = "Failed to fetch OAuth2 user.",
                                           [OAUTH_NOBODY] = AUTH_MESSAGE_FAILED};
    const struct oauth_call call = {.net = peers->net,
                                    .keys = peers->keys,
                                    .code = it->code,
                                    .verifier = it->verifier,
                                    .redirect_url = it->redirect_url,
                                    .proxy = peers->proxy,
                                    .now_ms = date_now_ms(),
                                    .gone = peers->gone};
    enum oauth_step failed = OAUTH_TOKEN;
    struct err *err = oauth_sign_in(a, &it->provider, &call, &failed, &it->user);

    if (err && err->kind == E_GONE)
        return err;
    if (err)
        err = err_new(a, E_BAD_REQUEST, messages[failed], "%.*s", STR_ARG(err->cause));
    if (err && failed == OAUTH_NOBODY)
        err_add_item(a, &err, STR("providerId"), CODE_REQUIRED, STR_NONE);
    if (err)
        return err;
    if (it->user.name.n == 0 && str_eq(provider_name(it), STR("apple")))
        it->user.name = apple_names_take(a, peers->apple_names, it->code, clock_us() / 1000);
    it->is_known = true;
    return NULL;
}

/* --- whose account that is -------------------------------------------------------------------- */

/* *ret empty: nobody's. */
static struct err *find_link(struct arena *a, struct db_conn *conn, const struct auth_oauth2 *it,
                             struct str *ret)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    bool row = false;
    struct err *err;

    *ret = STR("");
    err = db_prepare(a, conn,
                     db_sql(a, conn,
                            "SELECT [recordRef] FROM [_externalAuths] WHERE [collectionRef] = {1} "
                            "AND [provider] = {2} AND [providerId] = {3}"),
                     &stmt);
    if (err)
        return err;
    db_bind(stmt, 1, DB_V_TEXT(it->call->col->id));
    db_bind(stmt, 2, DB_V_TEXT(provider_name(it)));
    db_bind(stmt, 3, DB_V_TEXT(it->user.id));
    err = db_step(a, stmt, &row);
    if (!err && row)
        *ret = arena_dup(a, db_column_text(stmt, 0));
    return err;
}

/* Whether the token that somebody came with is still good: the provider may have taken its time. */
static bool is_revoked(const struct rec *caller, const struct rec *now)
{
    const struct schema_field *key = now->col->auth->token_key;

    return !str_eq(auth_cell(caller, key), auth_cell(now, key));
}

static bool is_caller(const struct auth_oauth2 *it, const struct rec *rec)
{
    const struct rec *caller = it->call->caller->actor.auth;

    return caller && caller->col == it->call->col && str_eq(rec_id(caller), rec_id(rec)) &&
           !is_revoked(caller, rec);
}

/* It is there now, and is not what it was when the call began. */
static struct err *find_linked(struct arena *a, struct db_conn *conn, const struct auth_oauth2 *it,
                               struct str id, struct rec **ret)
{
    struct err *err = rec_find(a, conn, it->call->col, id, ret);

    if (!err && !*ret)
        return err_new(a, E_BAD_REQUEST, AUTH_MESSAGE_FAILED, "the linked record is gone");
    return err;
}

/* *ret NULL: nobody's yet. */
static struct err *find_account(struct arena *a, struct db_conn *conn, const struct auth_oauth2 *it,
                                struct rec **ret)
{
    const struct rec *caller = it->call->caller->actor.auth;
    struct str linked;
    struct err *err = find_link(a, conn, it, &linked);

    *ret = NULL;
    if (err)
        return err;
    if (linked.n > 0)
        return find_linked(a, conn, it, linked, ret);
    if (caller && caller->col == it->call->col) {
        err = find_linked(a, conn, it, rec_id(caller), ret);
        if (!err && is_revoked(caller, *ret))
            err = err_new(a, E_BAD_REQUEST, AUTH_MESSAGE_FAILED, "the caller's token was revoked");
        return err;
    }
    return it->user.email.n > 0 ? auth_find_email(a, conn, it->call->col, it->user.email, ret)
                                : NULL;
}

/* Whoever has registered with an address that was not his shall not keep his password: but for who
 * logs in with the record's own token. */
static bool replaces_password(struct arena *a, const struct auth_oauth2 *it, const struct rec *rec)
{
    return !is_caller(it, rec) && !rec_truth(a, rec, rec->col->auth->verified);
}

struct err *auth_oauth2_find(struct arena *a, struct db_conn *conn, struct auth_oauth2 *it)
{
    struct rec *rec = NULL;
    struct err *err = find_account(a, conn, it, &rec);

    if (err)
        return err;
    it->rec = rec;
    it->fixed = rec_fix(a, it->call->col);
    it->link = rec_fix(a, it->call->caller->actor.scope.schema->external_auths);
    it->needs_hash = rec && replaces_password(a, it, rec);
    return rec ? NULL : auth_oauth2_plan(a, conn, it);
}

struct err *auth_oauth2_hash(struct arena *a, struct auth_oauth2 *it)
{
    it->new_hash = auth_hash_random(a, it->call->col->auth->password);
    return NULL;
}

/* --- the unit --------------------------------------------------------------------------------- */

static struct err *add_link(struct arena *a, struct db_conn *tx, const struct auth_oauth2 *it,
                            const struct rec *rec)
{
    const struct rec_set sets[] = {
        {STR("collectionRef"), AUTH_TEXT(rec->col->id)},
        {STR("recordRef"), AUTH_TEXT(rec_id(rec))},
        {STR("provider"), AUTH_TEXT(provider_name(it))},
        {STR("providerId"), AUTH_TEXT(it->user.id)},
    };
    struct rec *row;

    return rec_insert(a, tx, &it->call->caller->actor.scope, &it->link, sets, COUNT_OF(sets), &row);
}

static struct err *change(struct arena *a, struct db_conn *tx, const struct auth_oauth2 *it,
                          const struct rec_set *sets, size_t n, struct rec **rec)
{
    return n == 0
               ? NULL
               : rec_change(a, tx, &it->call->caller->actor.scope, &it->fixed, *rec, sets, n, rec);
}

typedef VEC(struct str) id_list;

static struct err *list_links(struct arena *a, struct db_conn *tx, const struct rec *rec,
                              id_list *ret)
{
    AUTO(db_release) struct db_stmt *stmt = NULL;
    bool row = false;
    struct err *err;

    err = db_prepare(a, tx,
                     db_sql(a, tx,
                            "SELECT [id] FROM [_externalAuths] WHERE [collectionRef] = {1} AND "
                            "[recordRef] = {2}"),
                     &stmt);
    if (err)
        return err;
    db_bind(stmt, 1, DB_V_TEXT(rec->col->id));
    db_bind(stmt, 2, DB_V_TEXT(rec_id(rec)));
    while (!(err = db_step(a, stmt, &row)) && row)
        *VEC_PUSH(a, ret) = arena_dup(a, db_column_text(stmt, 0));
    return err;
}

/* Of a record whose address nobody had proved: they may be somebody else's. */
static struct err *drop_links(struct arena *a, struct db_conn *tx, const struct auth_oauth2 *it,
                              const struct rec *rec)
{
    const struct rec_scope *scope = &it->call->caller->actor.scope;
    id_list ids = {0};
    struct err *err = list_links(a, tx, rec, &ids);

    for (size_t i = 0; i < ids.n && !err; i++) {
        struct rec *row = NULL;

        err = rec_find(a, tx, scope->schema->external_auths, ids.items[i], &row);
        if (!err && row)
            err = rec_remove(a, tx, scope, NULL, row);
    }
    return err;
}

#define VERIFIED ((struct rec_set){STR("verified"), {.type = VALUE_BOOL, .truth = true}})

/* What the provider knows better than the record, which was there before. */
static struct err *update(struct arena *a, struct db_conn *tx, const struct auth_oauth2 *it,
                          struct rec **rec)
{
    const struct schema_auth *auth = (*rec)->col->auth;
    const bool was_verified = rec_truth(a, *rec, auth->verified);
    struct str email = auth_cell(*rec, auth->email);
    struct rec_set sets[3];
    size_t n = 0;
    struct err *err = was_verified ? NULL : drop_links(a, tx, it, *rec);

    if (err)
        return err;
    if (replaces_password(a, it, *rec)) {
        if (it->new_hash.text.n == 0)
            return err_new(a, E_STALE, NULL, "the record has changed");
        sets[n++] = (struct rec_set){STR("password"), it->new_hash};
    }
    if (email.n == 0 && it->user.email.n > 0) {
        email = it->user.email;
        sets[n++] = (struct rec_set){STR("email"), AUTH_TEXT(email)};
    }
    if (!was_verified && (email.n == 0 || str_eq(email, it->user.email)))
        sets[n++] = VERIFIED;
    return change(a, tx, it, sets, n, rec);
}

/* That the value of that field is another record's. */
static bool is_about(const struct err *err, struct str field)
{
    const struct str code = str_of(err_code(CODE_NOT_UNIQUE)->code);

    for (const struct err_item *item = err->items; item; item = item->next)
        if (str_eq(item->path, field) && str_eq(item->code, code))
            return true;
    return false;
}

static struct err *create(struct arena *a, struct db_conn *tx, const struct auth_oauth2 *it,
                          struct rec **rec)
{
    const struct schema_auth *auth = it->call->col->auth;
    const struct rec_written *written;
    void *out = NULL;
    struct err *err = rec_draft_run(tx, it->draft, a, &out);

    if (err && it->names_it && is_about(err, it->call->col->auth->oauth2.username_field))
        return err_new(a, E_STALE, NULL, "somebody has the username by now");
    if (err)
        return err;
    written = out;
    if (!written->now)
        return err_new(a, E_BAD_REQUEST, AUTH_MESSAGE_FAILED, "a listener keeps the record out");
    *rec = rec_copy(a, written->now);
    if (rec_truth(a, *rec, auth->verified) || !str_eq(auth_cell(*rec, auth->email), it->user.email))
        return NULL;
    return change(a, tx, it, &VERIFIED, 1, rec);
}

/* Whether it is as auth_oauth2_find() has found it; *ret as it is by now. */
static struct err *find_again(struct arena *a, struct db_conn *tx, const struct auth_oauth2 *it,
                              struct rec **ret)
{
    struct err *err = find_account(a, tx, it, ret);

    if (!err && (*ret ? !it->rec || !str_eq(rec_id(*ret), rec_id(it->rec)) : it->rec != NULL))
        return err_new(a, E_STALE, NULL, "it is another account by now");
    return err;
}

struct err *auth_oauth2_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out)
{
    const struct auth_login *login = in;
    const struct auth_oauth2 *it = login->oauth2;
    struct rec *rec = NULL;
    struct str linked = STR("");
    struct err *err = find_again(a, tx, it, &rec);

    if (!err && rec)
        err = err_say(update(a, tx, it, &rec), AUTH_MESSAGE_FAILED);
    else if (!err)
        err = create(a, tx, it, &rec);
    if (!err) /* it may have gone with the others of the record */
        err = find_link(a, tx, it, &linked);
    if (!err && linked.n == 0)
        err = err_say(add_link(a, tx, it, rec), AUTH_MESSAGE_FAILED);
    *ret_out = rec;
    return err;
}

/* --- the login -------------------------------------------------------------------------------- */

static void add_text(struct buf *out, const char *name, struct str text)
{
    buf_addf(out, ",\"%s\":", name);
    json_write_text(out, text);
}

/* What the client learns of the profile; nothing of it is stored. */
static struct str write_meta(struct arena *a, const struct auth_oauth2 *it)
{
    const struct oauth_user *user = &it->user;
    char expiry[DATE_TEXT_LEN + 1] = "";
    AUTO_BUF struct buf out;

    buf_init(&out, LIMIT_RESPONSE_BYTES);
    if (user->expiry_ms)
        date_format(expiry, user->expiry_ms);
    BUF_ADD(&out, "{\"accessToken\":");
    json_write_text(&out, user->access_token);
    add_text(&out, "avatarURL", user->avatar_url);
    add_text(&out, "avatarUrl", user->avatar_url);
    add_text(&out, "email", user->email);
    add_text(&out, "expiry", str_of(expiry));
    add_text(&out, "id", user->id);
    buf_addf(&out, ",\"isNew\":%s", it->rec ? "false" : "true");
    add_text(&out, "name", user->name);
    BUF_ADD(&out, ",\"rawUser\":");
    json_write(&out, user->raw, true);
    add_text(&out, "refreshToken", user->refresh_token);
    add_text(&out, "username", user->username);
    BUF_ADD(&out, "}");
    return arena_dup(a, buf_str(&out));
}

void auth_oauth2_take(struct arena *a, struct auth_login *login, const struct rec *rec)
{
    const struct auth_oauth2 *it = login->oauth2;

    login->oauth2 = NULL;
    login->call = it->call;
    login->method = STR("oauth2");
    login->rec = rec;
    login->id = rec_id(rec);
    login->meta = write_meta(a, it);
}
