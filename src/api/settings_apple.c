/*
 * POST /api/settings/apple/generate-client-secret: what a collection has as the client secret of
 * Sign in with Apple (services.md 6.2). Nothing is stored.
 */
#include "api/internal.h"
#include "base/date.h"
#include "oauth/oauth.h"

#define INVALID "Invalid client secret data."
#define FAILED "Failed to generate client secret. Raw error: \n"
#define ID_BYTES 10
#define DURATION_MOST_S 15777000 /* six months, as Apple has it */

static const struct form_field fields[] = {
    {"clientId", FORM_TEXT, offsetof(struct oauth_apple, client_id)},
    {"teamId", FORM_TEXT, offsetof(struct oauth_apple, team_id)},
    {"keyId", FORM_TEXT, offsetof(struct oauth_apple, key_id)},
    {"privateKey", FORM_TEXT, offsetof(struct oauth_apple, private_key)},
    {"duration", FORM_INT, offsetof(struct oauth_apple, duration_s)},
};

static void check_id(struct arena *a, const char *name, struct str id, struct err **items)
{
    if (id.n == 0)
        err_add_item(a, items, str_of(name), CODE_REQUIRED, STR_NONE);
    else if (id.n != ID_BYTES)
        err_add_item(a, items, str_of(name), CODE_LENGTH_EXACT,
                     arena_printf(a, "{\"max\":%d,\"min\":%d}", ID_BYTES, ID_BYTES));
}

static void check_key(struct arena *a, struct str key, struct err **items)
{
    const struct str begin = STR("-----BEGIN PRIVATE KEY----");
    const struct str end = STR("-----END PRIVATE KEY-----");
    const size_t at = str_find(key, begin);

    if (key.n == 0)
        err_add_item(a, items, STR("privateKey"), CODE_REQUIRED, STR_NONE);
    else if (at == key.n || str_find(str_sub(key, at, key.n - at), end) == key.n - at)
        err_add_item(a, items, STR("privateKey"), CODE_MATCH, STR_NONE);
}

static void check_duration(struct arena *a, int64_t duration_s, struct err **items)
{
    const struct str name = STR("duration");

    if (duration_s == 0)
        err_add_item(a, items, name, CODE_REQUIRED, STR_NONE);
    else if (duration_s < 1)
        err_add_item(a, items, name, CODE_MIN_THRESHOLD, STR("{\"threshold\":1}"));
    else if (duration_s > DURATION_MOST_S)
        err_add_item(a, items, name, CODE_MAX_THRESHOLD,
                     arena_printf(a, "{\"threshold\":%d}", DURATION_MOST_S));
}

static struct err *read_apple(struct api_call *call, struct oauth_apple *ret)
{
    struct arena *a = call->arena;
    struct err *items = NULL;
    struct form_input form;
    struct err *err = api_form(call, &form);

    if (err && err->kind != E_BAD_REQUEST)
        return err;
    if (err || !form_decode(a, fields, COUNT_OF(fields), &form, ret))
        return err_new(a, E_BAD_REQUEST, "An error occurred while loading the submitted data.",
                       "no such form");
    if (ret->client_id.n == 0)
        err_add_item(a, &items, STR("clientId"), CODE_REQUIRED, STR_NONE);
    check_id(a, "teamId", ret->team_id, &items);
    check_id(a, "keyId", ret->key_id, &items);
    check_key(a, ret->private_key, &items);
    check_duration(a, ret->duration_s, &items);
    return err_say(items, INVALID);
}

static struct err *make_secret(struct api_call *call)
{
    struct buf *out = &call->req->resp.body;
    struct oauth_apple apple;
    struct str secret;
    struct err *err = read_apple(call, &apple);

    if (err)
        return err;
    err = oauth_apple_secret(call->arena, &apple, date_now_ms() / 1000, &secret);
    if (err && err->kind == E_BAD_REQUEST)
        return err_new(
            call->arena, E_BAD_REQUEST,
            arena_cstr(call->arena, arena_printf(call->arena, FAILED "%.*s", STR_ARG(err->cause))),
            "%.*s", STR_ARG(err->cause));
    if (err)
        return err;
    BUF_ADD(out, "{\"secret\":");
    json_write_text(out, secret);
    BUF_ADD(out, "}");
    req_answer_json(call->req, 200);
    return NULL;
}

const struct api_work api_settings_apple_secret = {
    .steps = {{.place = AT_READ, .run = make_secret}}};
