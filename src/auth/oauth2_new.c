/*
 * A new record of who has come through another system (auth.md 7.4): a create as any other, of what
 * the client has sent along and what the provider knows.
 */
#include "auth/oauth2.h"

#include "base/id.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/md5.h"

#define PASSWORD_CHARS 30

/* --- its body --------------------------------------------------------------------------------- */

struct body {
    struct json_member *members;
    size_t n;
};

static struct json_member *member_of(const struct body *body, struct str key)
{
    for (size_t i = 0; i < body->n; i++)
        if (str_eq(body->members[i].key, key))
            return &body->members[i];
    return NULL;
}

/* What the client has said itself stays. */
static void add_absent(struct body *body, struct str key, struct str text)
{
    if (key.n > 0 && !member_of(body, key))
        body->members[body->n++] = (struct json_member){key, json_of_text(text)};
}

static void set(struct body *body, struct str key, struct str text)
{
    struct json_member *member = member_of(body, key);

    if (member)
        member->value = json_of_text(text);
    else
        add_absent(body, key, text);
}

static void set_email(struct body *body, struct str email)
{
    const struct json_member *member = member_of(body, STR("email"));

    if (!member || member->value.type != JSON_TEXT || member->value.text.n == 0)
        set(body, STR("email"), email);
}

/* One that nobody knows, as if it had been submitted: rules see it, too. */
static void set_random_password(struct arena *a, struct body *body)
{
    const struct str password = random_text(a, PASSWORD_CHARS, ALPHABET_SECRET);

    set(body, STR("password"), password);
    set(body, STR("passwordConfirm"), password);
}

/* Whether the field may hold it: else one is generated, where the field says how. */
static struct err *username_fits(struct arena *a, struct db_conn *conn,
                                 const struct schema_col *col, struct str name, struct str username,
                                 bool *ret)
{
    const struct schema_field *field = schema_field(col, name);
    const struct value value = AUTH_TEXT(username);
    struct err *items = NULL;
    struct rec *other = NULL;
    bool nocase = false;

    *ret = field && field->type->kind != FIELD_TEXT;
    if (!field || *ret)
        return NULL;
    field->type->check(a, field, &value, &items);
    if (items)
        return NULL;
    if (schema_is_unique(col, name, &nocase)) {
        struct err *err = rec_find_by(a, conn, col, field, username, nocase, &other);

        if (err)
            return err;
    }
    *ret = other == NULL;
    return NULL;
}

/* A file field gets the picture, any other one its address. */
static void map_avatar(struct auth_oauth2 *it, struct body *body)
{
    const struct str name = it->call->col->auth->oauth2.avatar_field;
    const struct schema_field *field = schema_field(it->call->col, name);

    it->wants_avatar = false;
    it->avatar = (struct rec_upload){0}; /* of a former try */
    if (!field || field->type->kind != FIELD_FILE)
        add_absent(body, name, it->user.avatar_url);
    else
        it->wants_avatar = it->user.avatar_url.n > 0 && !member_of(body, name);
}

struct err *auth_oauth2_plan(struct arena *a, struct db_conn *conn, struct auth_oauth2 *it)
{
    const struct schema_oauth2 *mapped = &it->call->col->auth->oauth2;
    const struct json *data = it->create_data;
    const size_t n = data ? data->n : 0;
    struct body body = {.members = ARENA_ARRAY(a, struct json_member, n + 7), .n = n};
    struct json *object = ARENA_NEW(a, struct json);
    bool username_is_free = false;
    struct err *err;

    for (size_t i = 0; i < n; i++)
        body.members[i] = data->members[i];
    set_email(&body, it->user.email);
    add_absent(&body, mapped->id_field, it->user.id);
    add_absent(&body, mapped->name_field, it->user.name);
    err = username_fits(a, conn, it->call->col, mapped->username_field, it->user.username,
                        &username_is_free);
    if (err)
        return err;
    it->names_it = username_is_free && !member_of(&body, mapped->username_field);
    if (username_is_free)
        add_absent(&body, mapped->username_field, it->user.username);
    map_avatar(it, &body);
    it->has_password = member_of(&body, STR("password"));
    if (!it->has_password)
        set_random_password(a, &body);
    *object = json_of_object(body.members, body.n);
    it->body = object;
    return NULL;
}

/* --- its picture ------------------------------------------------------------------------------ */

/* As a path ends, whatever it is the path of. */
static struct str name_of(struct str url)
{
    size_t end = url.n;
    size_t slash;

    while (end > 0 && url.p[end - 1] == '/')
        end--;
    url = str_sub(url, 0, end);
    slash = str_find_last_byte(url, '/');
    return slash < url.n ? str_sub(url, slash + 1, url.n - slash - 1) : url;
}

/* No more than the field may hold. */
static size_t most_bytes(const struct auth_oauth2 *it)
{
    const struct str name = it->call->col->auth->oauth2.avatar_field;
    const struct schema_field *field = schema_field(it->call->col, name);
    const uint64_t most = field ? (uint64_t)field_most_bytes(field) : 0;

    return most < LIMIT_AVATAR_BYTES ? (size_t)most : LIMIT_AVATAR_BYTES;
}

/* The address is the provider's, but what it says comes from its users. */
static struct err *fetch(struct arena *a, const struct auth_peers *peers,
                         const struct auth_oauth2 *it, struct str *ret)
{
    const struct str url = it->user.avatar_url;
    const struct net_request request = {.method = STR("GET"),
                                        .url = url,
                                        .redirects = LIMIT_AVATAR_REDIRECTS,
                                        .only_public = true,
                                        .total_ms = LIMIT_AVATAR_MS,
                                        .max_answer = most_bytes(it),
                                        .gone = peers->gone};
    struct net_answer answer;
    struct err *err = net_call(a, peers->net, &request, &answer);

    if (err)
        return err;
    if (answer.head.status >= 400)
        return err_new(a, E_UNAVAILABLE, NULL, "the answer is %u", answer.head.status);
    if (answer.body.n == 0)
        return err_new(a, E_UNAVAILABLE, NULL, "the answer is empty");
    *ret = answer.body;
    return NULL;
}

struct err *auth_oauth2_fetch_avatar(struct arena *a, const struct auth_peers *peers,
                                     struct auth_oauth2 *it)
{
    struct str data;
    struct err *err = fetch(a, peers, it, &data);

    it->wants_avatar = false;
    if (err && err->kind == E_GONE)
        return err;
    if (err) {
        log_warn("auth.oauth2.avatar", LOG_STR("collection", it->call->col->name),
                 LOG_STR("cause", err->cause));
        return NULL;
    }
    it->avatar = (struct rec_upload){.key = it->call->col->auth->oauth2.avatar_field,
                                     .name = name_of(it->user.avatar_url),
                                     .content = {.data = data, .size = data.n}};
    md5(it->avatar.content.md5, data);
    return NULL;
}

/* --- its draft -------------------------------------------------------------------------------- */

struct err *auth_oauth2_draft(struct arena *a, const struct auth_peers *peers,
                              struct auth_oauth2 *it)
{
    const struct rec_request request = {.action = REC_CREATE,
                                        .actor = &it->actor,
                                        .col = it->call->col,
                                        .body = it->body,
                                        .uploads = &it->avatar,
                                        .n_uploads = it->avatar.key.n > 0,
                                        .password_is_random = !it->has_password,
                                        .gone = peers->gone};

    if (it->call->col == it->call->caller->actor.scope.schema->superusers)
        return err_new(a, E_BAD_REQUEST, AUTH_MESSAGE_FAILED,
                       "superusers are not made by signing in");
    it->actor = it->call->caller->actor;
    it->actor.request.n_query = 0; /* the create is a request of its own, by the same client */
    it->actor.request.body = it->body;
    return rec_draft_new(a, &request, &it->draft);
}
