/*
 * The table of providers, where a user is sent, PKCE and Apple's secret. tests/oauth/addresses.json
 * is what the real server says.
 */
#include "unit/unit.h"

#include "base/compiler.h"
#include "base/crypto.h"
#include "oauth/internal.h"
#include "oauth/provider.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#define CLIENT_ID "id \xc3\xa9&"

static void assert_text(struct str found, const char *want)
{
    if (!str_eq(found, str_of(want)))
        fail_msg("\"%.*s\", want \"%s\"", STR_ARG(found), want);
}

/* --- the table -------------------------------------------------------------------------------- */

static void providers_are_listed_as_by_the_real_server(void **state)
{
    struct arena *a = arena_new();
    const struct json *list = json_get(provider_file(a, "addresses.json"), STR("providers"));

    (void)state;
    assert_int_equal(oauth_provider_count(), list->n);
    for (size_t i = 0; i < oauth_provider_count(); i++) {
        const struct oauth_provider *provider = oauth_provider_at(i);

        assert_text(oauth_provider_name(provider), arena_cstr(a, list->items[i].items[0].text));
        assert_text(oauth_provider_display_name(provider),
                    arena_cstr(a, list->items[i].items[1].text));
        assert_ptr_equal(oauth_provider_find(oauth_provider_name(provider)), provider);
    }
    assert_null(oauth_provider_find(STR("")));
    assert_null(oauth_provider_find(STR("GitHub")));
    assert_null(oauth_provider_find(STR("oidc4")));
    arena_free(a);
}

static void rows_are_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < oauth_provider_count(); i++) {
        const struct oauth_provider *row = oauth_provider_at(i);
        const struct str urls[] = {row->auth_url, row->token_url, row->userinfo_url, row->keys_url};
        struct str logo = oauth_provider_logo(row);

        for (size_t k = 0; k < COUNT_OF(urls); k++)
            assert_true(urls[k].n == 0 || str_starts(urls[k], STR("https://")));
        assert_int_equal(row->auth_url.n > 0, row->token_url.n > 0);
        assert_non_null(row->id);
        assert_int_equal(row->proof != OAUTH_PROOF_NONE, row->proofs[0] != NULL);
        assert_true(!row->query || json_valid(str_of(row->query), &json_limits_strict));
        assert_true(str_starts(logo, STR("<svg xmlns=")) && str_ends(logo, STR("</svg>")));
        assert_true(logo.n < 1024 && utf8_valid(logo));
    }
}

static void an_unknown_provider_is_an_error(void **state)
{
    struct arena *a = arena_new();
    struct oauth_conf conf = {.name = STR("nobody"), .pkce = -1};
    struct oauth o;
    struct err *err = oauth_open(a, &conf, &o);

    (void)state;
    assert_non_null(err);
    assert_int_equal(err->kind, E_INTERNAL);
    arena_free(a);
}

/* --- where a user is sent --------------------------------------------------------------------- */

static void users_are_sent_where_the_real_server_sends_them(void **state)
{
    struct arena *a = arena_new();
    const struct json *list = json_get(provider_file(a, "addresses.json"), STR("addresses"));

    (void)state;
    assert_true(list->n > 40);
    for (uint32_t i = 0; i < list->n; i++) {
        const struct json *of = json_get(&list->items[i], STR("conf"));
        const struct json *pkce = json_get(of, STR("pkce"));
        struct oauth_conf conf = {
            .name = provider_text(of, "name"),
            .client_id = STR(CLIENT_ID),
            .auth_url = provider_text(of, "authURL"),
            .display_name = provider_text(of, "displayName"),
            .pkce = pkce ? pkce->truth : -1,
            .extra = json_get(of, STR("extra")),
        };
        struct oauth o;

        assert_null(oauth_open(a, &conf, &o));
        assert_text(o.display_name, arena_cstr(a, provider_text(&list->items[i], "display")));
        assert_text(oauth_auth_url(a, &o, STR("STATE"), STR("CHALLENGE")),
                    arena_cstr(a, provider_text(&list->items[i], "url")));
    }
    arena_free(a);
}

static void texts_cannot_leave_their_parameter(void **state)
{
    struct arena *a = arena_new();
    struct oauth_conf conf = {
        .name = STR("notion"), .client_id = STR("a&b=c#d+%\r\n\"<"), .pkce = 0};
    struct oauth o;

    (void)state;
    assert_null(oauth_open(a, &conf, &o));
    o.auth_url = STR("https://x/");
    assert_text(oauth_auth_url(a, &o, STR("s&t"), STR("none is sent")),
                "https://x/?client_id=a%26b%3Dc%23d%2B%25%0D%0A%22%3C&response_type=code&"
                "state=s%26t&redirect_uri=");
    o.pkce = true;
    assert_false(str_has(oauth_auth_url(a, &o, STR("s"), STR("")), STR("code_challenge")));
    arena_free(a);
}

/* RFC 7636, appendix B. */
static void challenges_are_those_of_the_standard(void **state)
{
    struct arena *a = arena_new();
    struct oauth_pkce one = oauth_pkce_new(a);
    struct oauth_pkce other = oauth_pkce_new(a);

    (void)state;
    assert_text(oauth_pkce_challenge(a, STR("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")),
                "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    assert_int_equal(one.verifier.n, 43);
    assert_int_equal(one.challenge.n, 43);
    assert_true(str_eq(one.challenge, oauth_pkce_challenge(a, one.verifier)));
    assert_false(str_eq(one.verifier, other.verifier));
    arena_free(a);
}

/* --- Apple ------------------------------------------------------------------------------------ */

/* Of nobody. */
#define P256_KEY                                                         \
    "-----BEGIN PRIVATE KEY-----\n"                                      \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg879hwaUWteiVsNgD\n" \
    "Ji01jfb1KF6Fb3WFT6fK9Kc1WRWhRANCAAQpqHrx4knkcUvE3ArvzzueR9minssZ\n" \
    "8q9kNYMbNTfvxgah2I33qirPlxB+RWP2Ovmp4AH1QobPpRGdG+BYpnV+\n"         \
    "-----END PRIVATE KEY-----\n"

static bool holds(struct str text, struct str signature)
{
    BIO *in = BIO_new_mem_buf(P256_KEY, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    ECDSA_SIG *sig = ECDSA_SIG_new();
    unsigned char *der = NULL;
    int n;
    bool ret;

    assert_int_equal(signature.n, 64);
    assert_int_equal(ECDSA_SIG_set0(sig, BN_bin2bn((const unsigned char *)signature.p, 32, NULL),
                                    BN_bin2bn((const unsigned char *)signature.p + 32, 32, NULL)),
                     1);
    n = i2d_ECDSA_SIG(sig, &der);
    assert_true(n > 0);
    assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
    ret = EVP_DigestVerify(ctx, der, (size_t)n, (const unsigned char *)text.p, text.n) == 1;
    OPENSSL_free(der);
    ECDSA_SIG_free(sig);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    (void)BIO_free(in);
    return ret;
}

static void apples_secret_is_signed(void **state)
{
    static const struct oauth_apple apple = {
        .client_id = STR_INIT("com.example.\"app\""),
        .team_id = STR_INIT("TEAM567890"),
        .key_id = STR_INIT("KEY4567890"),
        .private_key = STR_INIT("\n  \n" P256_KEY "\n"),
        .duration_s = 3600,
    };
    struct arena *a = arena_new();
    struct str secret, part;

    (void)state;
    /* a number of the signature that begins with zeros would show one time in 128 */
    for (int i = 0; i < 600; i++) {
        struct str text, rest, signature;

        assert_null(oauth_apple_secret(a, &apple, 1700000000, &secret));
        text = str_sub(secret, 0, str_find_last_byte(secret, '.'));
        assert_true(base64url_decode(a, str_from(secret, text.n + 1), &signature));
        assert_true(holds(text, signature));
        rest = text;
        assert_true(base64url_decode(a, str_split(&rest, '.'), &part));
        assert_text(part, "{\"alg\":\"ES256\",\"kid\":\"KEY4567890\",\"typ\":\"JWT\"}");
        assert_true(base64url_decode(a, rest, &part));
        assert_text(part, "{\"aud\":\"https://appleid.apple.com\",\"exp\":1700003600,\"iat\":"
                          "1700000000,\"iss\":\"TEAM567890\",\"sub\":\"com.example.\\\"app\\\"\"}");
    }
    arena_free(a);
}

static void what_is_no_key_does_not_sign(void **state)
{
    static const struct {
        struct str key;
        const char *words;
    } cases[] = {
        {STR_INIT(""), "PKCS8"},
        {STR_INIT("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), "PKCS8"},
        {STR_INIT("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"), "PKCS8"},
        /* Ed25519, the standard's own example (RFC 8410, 10.3) */
        {STR_INIT("-----BEGIN PRIVATE KEY-----\n"
                  "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
                  "-----END PRIVATE KEY-----\n"),
         "P-256"},
    };
    struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct oauth_apple apple = {.client_id = STR("c"), .private_key = cases[i].key};
        struct str secret = STR("untouched");
        struct err *err = oauth_apple_secret(a, &apple, 1, &secret);

        assert_non_null(err);
        assert_int_equal(err->kind, E_BAD_REQUEST);
        assert_true(str_has(err->cause, str_of(cases[i].words)));
        assert_text(secret, "untouched");
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(providers_are_listed_as_by_the_real_server),
        cmocka_unit_test(rows_are_whole),
        cmocka_unit_test(an_unknown_provider_is_an_error),
        cmocka_unit_test(users_are_sent_where_the_real_server_sends_them),
        cmocka_unit_test(texts_cannot_leave_their_parameter),
        cmocka_unit_test(challenges_are_those_of_the_standard),
        cmocka_unit_test(apples_secret_is_signed),
        cmocka_unit_test(what_is_no_key_does_not_sign),
    };

    return cmocka_run_group_tests_name("oauth", tests, NULL, NULL);
}
