/*
 * Sign-ins with a provider on loopback, as the samples of tests/oauth have them: profiles, tokens
 * and ID tokens. tests/oauth/reference.py holds the same samples against the real server.
 */
#include "unit/unit.h"

#include "base/compiler.h"
#include "net/site.h"
#include "oauth/internal.h"
#include "oauth/provider.h"

#include <stdlib.h>

#define NOW_MS INT64_C(1700000000000) /* as in id_tokens.py */
#define CLIENT_ID "id \xc3\xa9&"
#define CLIENT_SECRET "se+cr/et %:\xc3\xa9"

struct table {
    struct arena *a;
    struct net *net;
    struct provider *provider;
    struct str url; /* of the provider */
    unsigned n, n_wrong;
};

static struct table table_open(void)
{
    struct table t = {.a = arena_new(), .provider = provider_start()};
    struct net_conf conf = {{.running = 8, .per_host = 8, .waiting = 8}, module_folder(t.a)};

    t.net = net_new_with(&conf);
    t.url = arena_printf(t.a, "http://127.0.0.1:%u", t.provider->port);
    return t;
}

static void table_close(struct table *t)
{
    net_free(t->net);
    provider_stop(t->provider);
    arena_free(t->a);
}

PRINTF(3, 4)
static void wrong(struct table *t, const struct json *sample, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    print_error("%.*s, %.*s: %s\n", STR_ARG(provider_text(sample, "name")),
                STR_ARG(provider_text(sample, "about")), text);
    t->n_wrong++;
}

/* --- one sign-in ------------------------------------------------------------------------------ */

/* "{url}" is where the provider is. */
static struct str put_url(struct arena *a, const struct table *t, struct str text)
{
    return str_starts(text, STR("{url}"))
               ? arena_concat(a, t->url, str_from(text, sizeof("{url}") - 1), STR_NONE)
               : text;
}

static const struct json *put_urls(struct arena *a, const struct table *t,
                                   const struct json *object)
{
    struct json *ret = ARENA_NEW(a, struct json);

    if (!object)
        return NULL;
    *ret = json_of_object(ARENA_ARRAY(a, struct json_member, object->n), object->n);
    for (uint32_t i = 0; i < object->n; i++) {
        ret->members[i] = object->members[i];
        if (ret->members[i].value.type == JSON_TEXT)
            ret->members[i].value.text = put_url(a, t, ret->members[i].value.text);
    }
    return ret;
}

static struct str chosen(const struct json *from, const char *name, struct str otherwise)
{
    const struct json *value = json_get(from, str_of(name));

    return value ? value->text : otherwise;
}

static void configure(struct arena *a, const struct table *t, const struct json *sample,
                      struct oauth *ret)
{
    const struct json *conf = json_get(sample, STR("conf"));
    const struct json *pkce = json_get(conf, STR("pkce"));
    struct oauth_conf oauth_conf = {
        .name = provider_text(sample, "name"),
        .client_id = STR(CLIENT_ID),
        .client_secret = STR(CLIENT_SECRET),
        .token_url = chosen(conf, "tokenURL", arena_concat(a, t->url, STR("/token"), STR_NONE)),
        .userinfo_url =
            chosen(conf, "userInfoURL", arena_concat(a, t->url, STR("/user"), STR_NONE)),
        .pkce = pkce ? pkce->truth : -1,
        .extra = put_urls(a, t, json_get(conf, STR("extra"))),
    };

    assert_null(oauth_open(a, &oauth_conf, ret));
    if (provider_text(sample, "keys").n)
        ret->keys_url = put_url(a, t, provider_text(sample, "keys"));
}

/* The sample's answers, and the token's, which comes first. */
static const struct json *answers(struct arena *a, const struct json *sample)
{
    static struct json_member access = {STR_INIT("access_token"), {.type = JSON_TEXT}};
    const struct json *others = json_get(sample, STR("answers"));
    const struct json *token = json_get(sample, STR("token"));
    struct json plain;
    struct json *ret = ARENA_NEW(a, struct json);
    size_t n = 0;

    access.value.text = STR("at");
    plain = json_of_object(&access, 1);
    *ret = json_of_object(ARENA_ARRAY(a, struct json_member, (size_t)others->n + 1), others->n);
    if (!json_get(others, STR("/token")))
        ret->members[n++] = (struct json_member){STR("/token"), token ? *token : plain};
    for (uint32_t i = 0; i < others->n; i++)
        ret->members[n++] = others->members[i];
    ret->n = (uint32_t)n;
    return ret;
}

/* --- what came of it -------------------------------------------------------------------------- */

static void judge_user(struct table *t, const struct json *sample, const struct oauth_user *user)
{
    const struct json *want = json_get(sample, STR("want"));
    const struct json *raw = json_get(sample, STR("raw"));
    const struct json *expires = json_get(sample, STR("expires_s"));
    const struct {
        const char *name;
        struct str found, want;
    } texts[] = {
        {"id", user->id, provider_text(want, "id")},
        {"name", user->name, provider_text(want, "name")},
        {"username", user->username, provider_text(want, "username")},
        {"email", user->email, provider_text(want, "email")},
        {"avatar", user->avatar_url, provider_text(want, "avatarURL")},
        {"access", user->access_token, chosen(sample, "access", user->access_token)},
        {"refresh", user->refresh_token, chosen(sample, "refresh", user->refresh_token)},
    };
    int64_t expiry_ms =
        expires && expires->type == JSON_NUMBER ? NOW_MS + (int64_t)json_double(expires) * 1000 : 0;

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (!str_eq(texts[i].found, texts[i].want))
            wrong(t, sample, "%s: \"%.*s\", want \"%.*s\"", texts[i].name, STR_ARG(texts[i].found),
                  STR_ARG(texts[i].want));
    if (expires && user->expiry_ms != expiry_ms)
        wrong(t, sample, "expires at %lld, want %lld", (long long)user->expiry_ms,
              (long long)expiry_ms);
    if (user->raw->type != JSON_OBJECT)
        wrong(t, sample, "the profile is no object");
    for (uint32_t i = 0; raw && i < raw->n; i++) {
        const struct json *found = json_get(user->raw, raw->members[i].key);
        AUTO_BUF struct buf is;
        AUTO_BUF struct buf should;

        buf_init(&is, KIB);
        buf_init(&should, KIB);
        json_write(&is, found ? found : &(struct json){0}, false);
        json_write(&should, &raw->members[i].value, false);
        if (!str_eq(buf_str(&is), buf_str(&should)))
            wrong(t, sample, "raw: %s, want %s", is.p, should.p);
    }
}

/* What the provider was asked; the thread is at rest, since each sign-in has ended. */
static void judge_requests(struct table *t, const struct json *sample)
{
    const struct provider *p = t->provider;
    const struct json *asked = json_get(sample, STR("asked"));
    const struct json *sent = json_get(sample, STR("sent"));
    const struct json *headers = json_get(sample, STR("headers"));
    size_t n_token = 0;

    if (asked && asked->n != p->n_asked)
        wrong(t, sample, "asked %zu times, want %u", p->n_asked, asked->n);
    for (size_t i = 0; i < p->n_asked; i++) {
        const struct provider_request *request = &p->asked[i];
        const struct json *want = NULL;

        if (asked && i < asked->n && !str_eq(request->line, asked->items[i].text))
            wrong(t, sample, "asked %.*s", STR_ARG(request->line));
        if (provider_header(request, STR("User-Agent")).n == 0)
            wrong(t, sample, "no user agent");
        if (str_eq(request->line, STR("POST /token")) && sent && n_token < sent->n)
            want = &sent->items[n_token++];
        if (want && !str_eq(request->body, provider_text(want, "body")))
            wrong(t, sample, "sent %.*s", STR_ARG(request->body));
        if (want && !str_eq(provider_header(request, STR("Authorization")),
                            provider_text(want, "authorization")))
            wrong(t, sample, "authorization %.*s",
                  STR_ARG(provider_header(request, STR("Authorization"))));
        for (uint32_t k = 0; str_ends(request->line, STR(" /user")) && headers && k < headers->n;
             k++)
            if (!str_eq(provider_header(request, headers->members[k].key),
                        headers->members[k].value.text))
                wrong(t, sample, "header %.*s", STR_ARG(headers->members[k].key));
    }
    if (sent && n_token != sent->n)
        wrong(t, sample, "%zu tokens asked for, want %u", n_token, sent->n);
}

static void judge_error(struct table *t, const struct json *sample, const struct err *err,
                        enum oauth_step failed)
{
    static const char *const steps[] = {
        [OAUTH_TOKEN] = "token", [OAUTH_PROFILE] = "user", [OAUTH_NOBODY] = "nobody"};
    struct str want = provider_text(sample, "fails");

    if (err->kind != E_BAD_REQUEST || err->cause.n == 0)
        wrong(t, sample, "an error of kind %d, \"%.*s\"", err->kind, STR_ARG(err->cause));
    if (!str_eq(want, str_of(steps[failed])))
        wrong(t, sample, "%.*s at %d", STR_ARG(err->cause), failed);
}

static void sign_in(struct table *t, const struct json *sample)
{
    AUTO(arena_free) struct arena *a = arena_new();
    AUTO(oauth_keys_free) struct oauth_keys *keys = oauth_keys_new();
    const struct json *call_json = json_get(sample, STR("call"));
    struct oauth_call call = {
        .net = t->net,
        .keys = keys,
        .code = STR("co de+&"),
        .verifier = chosen(call_json, "codeVerifier", STR("ver~ifier")),
        .redirect_url = chosen(call_json, "redirectURL", STR("http://x/r?a=b")),
        .now_ms = NOW_MS,
    };
    enum oauth_step failed = OAUTH_TOKEN;
    struct oauth_user user = {0};
    struct oauth o;
    struct err *err;

    t->n++;
    configure(a, t, sample, &o);
    provider_says(t->provider, answers(a, sample));
    (void)setenv("PB_ID_TOKEN_LEEWAY", arena_cstr(a, provider_text(sample, "leeway")), 1);
    err = oauth_sign_in(a, &o, &call, &failed, &user);
    if (err && provider_text(sample, "fails").n)
        judge_error(t, sample, err, failed);
    else if (err)
        wrong(t, sample, "%.*s", STR_ARG(err->cause));
    else if (provider_text(sample, "fails").n)
        wrong(t, sample, "no error");
    else
        judge_user(t, sample, &user);
    judge_requests(t, sample);
}

static void run(const char *file, unsigned at_least)
{
    struct table t = table_open();
    const struct json *samples = provider_file(t.a, file);

    for (uint32_t i = 0; i < samples->n; i++)
        sign_in(&t, &samples->items[i]);
    table_close(&t);
    assert_true(t.n >= at_least);
    assert_int_equal(t.n_wrong, 0);
}

static void profiles_are_read_as_each_provider_writes_them(void **state)
{
    (void)state;
    run("samples.json", 90);
}

static void codes_become_tokens(void **state)
{
    (void)state;
    run("exchange.json", 50);
}

static void id_tokens_hold_or_not(void **state)
{
    (void)state;
    run("id_tokens.json", 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profiles_are_read_as_each_provider_writes_them),
        cmocka_unit_test(codes_become_tokens),
        cmocka_unit_test(id_tokens_hold_or_not),
    };

    return cmocka_run_group_tests_name("oauth_samples", tests, NULL, NULL);
}
