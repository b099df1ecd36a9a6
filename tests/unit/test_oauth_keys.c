/*
 * Keys of ID tokens: how often they are asked for, how they are shared and turned over; and
 * providers that are slow, endless or gone.
 */
#include "unit/unit.h"

#include "base/compiler.h"
#include "base/date.h"
#include "net/site.h"
#include "oauth/internal.h"
#include "oauth/provider.h"

#define SOON_MS 300  /* the end of a sign-in with a provider that keeps it waiting */
#define LATE_MS 8000 /* long after it, on a busy machine */

struct place {
    struct net_site site;
    struct arena *a;
    struct provider *provider;
    struct oauth_keys *keys;
    struct oauth_call call;
    struct oauth o;
    struct oauth_work work;
};

static void place_open(struct place *p)
{
    struct oauth_conf conf = {.name = STR("oidc"), .client_id = STR("c"), .pkce = -1};

    *p = (struct place){.site = net_site(), .provider = provider_start()};
    p->a = p->site.a;
    p->keys = oauth_keys_new();
    p->call = (struct oauth_call){.net = p->site.net, .keys = p->keys, .code = STR("code")};
    assert_null(oauth_open(p->a, &conf, &p->o));
    p->work = (struct oauth_work){.a = p->a, .o = &p->o, .call = &p->call};
    p->work.token_type = STR("Bearer");
    p->work.access_token = STR("at");
    p->work.end_ms = clock_ms() + LATE_MS;
}

static void place_close(struct place *p)
{
    oauth_keys_free(p->keys);
    provider_stop(p->provider);
    net_site_done(&p->site);
}

static struct str keys_url(struct place *p, unsigned at)
{
    return arena_printf(p->a, "http://127.0.0.1:%u/keys%u", p->provider->port, at);
}

/* Answers at /keys0 and so on, n of them: one key, of that name. */
static void says_key(struct place *p, unsigned n, const char *kid)
{
    struct json *answers = ARENA_NEW(p->a, struct json);

    *answers = json_of_object(ARENA_ARRAY(p->a, struct json_member, n), n);
    for (unsigned i = 0; i < n; i++) {
        const struct json *keys;
        struct str text = arena_printf(
            p->a, "{\"keys\":[{\"kid\":\"%s\",\"kty\":\"RSA\",\"alg\":\"RS256\",\"n\":\"%u\"}]}",
            kid, i);

        assert_true(json_read(p->a, text, &json_limits_strict, &keys, NULL));
        answers->members[i] = (struct json_member){arena_printf(p->a, "/keys%u", i), *keys};
    }
    provider_says(p->provider, answers);
}

static struct err *get(struct place *p, unsigned at, const char *kid, uint64_t now_ms,
                       const struct json **ret)
{
    return oauth_keys_get(&p->work, keys_url(p, at), str_of(kid), now_ms, ret);
}

static void assert_found(struct place *p, unsigned at, const char *kid, uint64_t now_ms, int line)
{
    const struct json *key = NULL;
    struct err *err = get(p, at, kid, now_ms, &key);

    if (err)
        fail_msg("line %d: %.*s", line, STR_ARG(err->cause));
    if (!str_eq(provider_text(key, "kid"), str_of(kid)) ||
        !str_eq(provider_text(key, "n"), arena_printf(p->a, "%u", at)))
        fail_msg("line %d: another key", line);
}
#define assert_found(p, at, kid, now_ms) assert_found(p, at, kid, now_ms, __LINE__)

static void assert_missing(struct place *p, unsigned at, const char *kid, uint64_t now_ms,
                           enum err_kind kind)
{
    const struct json *key;
    struct err *err = get(p, at, kid, now_ms, &key);

    assert_non_null(err);
    assert_int_equal(err->kind, kind);
}

/* --- how often -------------------------------------------------------------------------------- */

static void keys_are_asked_for_once(void **state)
{
    struct place p;

    (void)state;
    place_open(&p);
    says_key(&p, 1, "a");
    for (uint64_t now_ms = 1; now_ms < OAUTH_KEYS_MS; now_ms += 50000)
        assert_found(&p, 0, "a", now_ms);
    assert_int_equal(provider_asked(p.provider), 1);
    assert_found(&p, 0, "a", OAUTH_KEYS_MS + 1);
    assert_int_equal(provider_asked(p.provider), 2);
    place_close(&p);
}

static void a_key_turned_over_is_found(void **state)
{
    struct place p;

    (void)state;
    place_open(&p);
    says_key(&p, 1, "old");
    assert_found(&p, 0, "old", 1);
    says_key(&p, 1, "new");
    assert_missing(&p, 0, "new", OAUTH_KEYS_AGAIN_MS, E_BAD_REQUEST);
    assert_int_equal(provider_asked(p.provider), 0);
    assert_found(&p, 0, "new", OAUTH_KEYS_AGAIN_MS + 1);
    assert_int_equal(provider_asked(p.provider), 1);
    assert_missing(&p, 0, "old", 2 * OAUTH_KEYS_AGAIN_MS, E_BAD_REQUEST);
    place_close(&p);
}

static void made_up_keys_cost_the_provider_nothing(void **state)
{
    struct place p;

    (void)state;
    place_open(&p);
    says_key(&p, 1, "a");
    assert_missing(&p, 0, "b", 1, E_BAD_REQUEST);
    for (uint64_t i = 0; i < 500; i++)
        assert_missing(&p, 0, arena_cstr(p.a, arena_printf(p.a, "x%u", (unsigned)i)), 2 + i * 10,
                       E_BAD_REQUEST);
    assert_found(&p, 0, "a", 6000);
    assert_int_equal(provider_asked(p.provider), 1);
    place_close(&p);
}

/* A fetch that failed counts, and the keys that are there stay good. */
static void keys_outlive_a_failure(void **state)
{
    struct place p;

    (void)state;
    place_open(&p);
    says_key(&p, 1, "a");
    assert_found(&p, 0, "a", 1);
    says_key(&p, 0, "a");
    assert_missing(&p, 0, "b", 20000, E_BAD_REQUEST);
    assert_missing(&p, 0, "b", 20001, E_BAD_REQUEST);
    assert_int_equal(provider_asked(p.provider), 1);
    assert_found(&p, 0, "a", 20002);
    assert_missing(&p, 0, "a", OAUTH_KEYS_MS + 20000, E_BAD_REQUEST);
    says_key(&p, 1, "a");
    assert_found(&p, 0, "a", OAUTH_KEYS_MS + 20001);
    place_close(&p);
}

static void the_address_longest_unused_goes(void **state)
{
    struct place p;

    (void)state;
    place_open(&p);
    says_key(&p, OAUTH_KEYS_URLS < PROVIDER_ANSWERS ? OAUTH_KEYS_URLS : PROVIDER_ANSWERS, "a");
    assert_found(&p, 0, "a", 1);
    assert_found(&p, 1, "a", 2);
    /* the others fail, and yet take a place each */
    for (unsigned i = 2; i < OAUTH_KEYS_URLS; i++)
        assert_missing(&p, i + PROVIDER_ANSWERS, "a", 3, E_BAD_REQUEST);
    assert_found(&p, 0, "a", 4);
    provider_says(p.provider, p.provider->answers);
    assert_found(&p, 2, "a", 5);
    assert_found(&p, 0, "a", 6);
    assert_int_equal(provider_asked(p.provider), 1);
    assert_found(&p, 1, "a", 7);
    assert_int_equal(provider_asked(p.provider), 2);
    place_close(&p);
}

static void of_many_keys_the_first_are_kept(void **state)
{
    struct place p;
    AUTO_BUF struct buf text;
    const struct json *keys;
    struct json_member member = {STR("/keys0"), {0}};
    struct json answers = json_of_object(&member, 1);

    (void)state;
    place_open(&p);
    buf_init(&text, MIB);
    BUF_ADD(&text, "{\"keys\":[5,{\"kid\":7},{\"kty\":\"RSA\"}");
    for (unsigned i = 0; i <= OAUTH_KEYS_MOST; i++)
        buf_addf(&text, ",{\"kid\":\"k%u\",\"n\":\"0\",\"x5c\":[[]]}", i);
    BUF_ADD(&text, "]}");
    assert_true(json_read(p.a, buf_str(&text), &json_limits_strict, &keys, NULL));
    member.value = *keys;
    provider_says(p.provider, &answers);
    assert_found(&p, 0, "k0", 1);
    assert_found(&p, 0, arena_cstr(p.a, arena_printf(p.a, "k%u", OAUTH_KEYS_MOST - 1)), 1);
    assert_missing(&p, 0, arena_cstr(p.a, arena_printf(p.a, "k%u", OAUTH_KEYS_MOST)), 1,
                   E_BAD_REQUEST);
    place_close(&p);
}

/* --- many at once ----------------------------------------------------------------------------- */

#define CROWD 8

struct one {
    struct place *place;
    pthread_t thread;
    unsigned n_found;
};

static void *of_crowd(void *user)
{
    struct one *one = user;
    struct oauth_work work = one->place->work;

    work.a = arena_new();
    for (unsigned i = 0; i < 200; i++) {
        struct str url =
            arena_printf(work.a, "http://127.0.0.1:%u/keys%u", one->place->provider->port, i % 4);
        const struct json *key;
        struct err *err =
            oauth_keys_get(&work, url, i % 7 ? STR("a") : STR("none"), clock_ms(), &key);

        one->n_found += !err && str_eq(provider_text(key, "kid"), STR("a"));
    }
    arena_free(work.a);
    return NULL;
}

static void threads_share_what_one_of_them_fetches(void **state)
{
    struct one crowd[CROWD] = {0};
    struct place p;

    (void)state;
    place_open(&p);
    says_key(&p, 4, "a");
    for (size_t i = 0; i < CROWD; i++) {
        crowd[i].place = &p;
        assert_int_equal(pthread_create(&crowd[i].thread, NULL, of_crowd, &crowd[i]), 0);
    }
    for (size_t i = 0; i < CROWD; i++) {
        assert_int_equal(pthread_join(crowd[i].thread, NULL), 0);
        assert_int_equal(crowd[i].n_found, 171);
    }
    assert_int_equal(provider_asked(p.provider), 4);
    place_close(&p);
}

/* --- bad providers ---------------------------------------------------------------------------- */

/* What a provider may do instead of answering, at the address of tokens, of a profile, of keys. */
static const struct {
    const char *path;
    enum err_kind kind;
} bad[] = {
    {"/silent", E_UNAVAILABLE},      {"/half", E_UNAVAILABLE},    {"/drip", E_UNAVAILABLE},
    {"/reset", E_UNAVAILABLE},       {"/garbage", E_UNAVAILABLE}, {"/long-head", E_TOO_LARGE},
    {"/big?100000000", E_TOO_LARGE}, {"/chunked", E_BAD_REQUEST}, {"/status?500", E_BAD_REQUEST},
    {"/nowhere", E_BAD_REQUEST},
};

static void assert_fails(struct place *p, struct err *err, enum err_kind kind, const char *path,
                         uint64_t since_ms)
{
    if (!err || err->kind != kind)
        fail_msg("%s: %d, want %d", path, err ? (int)err->kind : -1, kind);
    if (clock_ms() - since_ms > LATE_MS)
        fail_msg("%s: it took %llu ms", path, (unsigned long long)(clock_ms() - since_ms));
    if (!str_has(err->cause, STR("127.0.0.1")) || str_has(err->cause, STR("hello")) ||
        str_has(err->cause, STR("SSH")))
        fail_msg("%s: %.*s", path, STR_ARG(err->cause));
    (void)p;
}

static void bad_providers_are_left_in_time(void **state)
{
    struct place p;

    (void)state;
    place_open(&p);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct str url = site_url(&p.site, bad[i].path);
        uint64_t since_ms = clock_ms();
        struct oauth_user user;
        const struct json *key;

        p.o.token_url = url;
        p.o.userinfo_url = url;
        p.work.end_ms = since_ms + SOON_MS;
        assert_fails(&p, oauth_fetch_token(&p.work), bad[i].kind, bad[i].path, since_ms);
        p.work.end_ms = clock_ms() + SOON_MS;
        assert_fails(&p, oauth_fetch_profile(&p.work, &user), bad[i].kind, bad[i].path, since_ms);
        p.work.end_ms = clock_ms() + SOON_MS;
        assert_fails(&p, oauth_keys_get(&p.work, url, STR("a"), 1, &key), bad[i].kind, bad[i].path,
                     since_ms);
    }
    place_close(&p);
}

static void who_is_out_of_reach_or_time_is_an_error(void **state)
{
    enum oauth_step failed = OAUTH_PROFILE;
    struct oauth_user user;
    const struct json *key;
    struct err *err;
    struct place p;

    (void)state;
    place_open(&p);
    p.o.token_url = STR("http://127.0.0.1:1/token");
    err = oauth_sign_in(p.a, &p.o, &p.call, &failed, &user);
    assert_non_null(err);
    assert_int_equal(err->kind, E_UNAVAILABLE);
    assert_int_equal(failed, OAUTH_TOKEN);
    p.work.end_ms = clock_ms();
    err = oauth_keys_get(&p.work, keys_url(&p, 0), STR("a"), 1, &key);
    assert_non_null(err);
    assert_int_equal(err->kind, E_UNAVAILABLE);
    assert_int_equal(provider_asked(p.provider), 0);
    place_close(&p);
}

static void who_has_gone_is_not_waited_for(void **state)
{
    atomic_bool gone = true;
    enum oauth_step failed;
    struct oauth_user user;
    struct err *err;
    struct place p;

    (void)state;
    place_open(&p);
    p.call.gone = &gone;
    p.o.token_url = site_url(&p.site, "/silent");
    err = oauth_sign_in(p.a, &p.o, &p.call, &failed, &user);
    assert_non_null(err);
    assert_int_equal(err->kind, E_GONE);
    place_close(&p);
}

/* The token goes to the host that it is for, and to no other that this one names. */
static void a_redirect_does_not_carry_the_token_away(void **state)
{
    struct oauth_user user;
    struct err *err;
    struct place p;

    (void)state;
    place_open(&p);
    says_key(&p, 1, "a");
    p.o.userinfo_url =
        site_url(&p.site, arena_cstr(p.a, arena_printf(p.a, "/redirect?http://localhost:%u/keys0",
                                                       p.provider->port)));
    err = oauth_fetch_profile(&p.work, &user);
    assert_non_null(err);
    assert_int_equal(provider_asked(p.provider), 1);
    assert_null(provider_header(&p.provider->asked[0], STR("Authorization")).p);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_asked_for_once),
        cmocka_unit_test(a_key_turned_over_is_found),
        cmocka_unit_test(made_up_keys_cost_the_provider_nothing),
        cmocka_unit_test(keys_outlive_a_failure),
        cmocka_unit_test(the_address_longest_unused_goes),
        cmocka_unit_test(of_many_keys_the_first_are_kept),
        cmocka_unit_test(threads_share_what_one_of_them_fetches),
        cmocka_unit_test(bad_providers_are_left_in_time),
        cmocka_unit_test(who_is_out_of_reach_or_time_is_an_error),
        cmocka_unit_test(who_has_gone_is_not_waited_for),
        cmocka_unit_test(a_redirect_does_not_carry_the_token_away),
    };

    return cmocka_run_group_tests_name("oauth_keys", tests, NULL, NULL);
}
