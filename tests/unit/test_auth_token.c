/*
 * Tokens without a database: what is made, and what is refused before anybody is looked up. Logins
 * and look-ups are in test_auth_flow.c.
 */
#include "unit/unit.h"

#include "auth/auth.h"

#include "base/compiler.h"
#include "base/crypto.h"

#include <string.h>

#define K50 "KKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKK"
#define S50 "SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS"
#define NOW_MS 1899999900000LL

/* The vector of auth.md 2.1: expires 100 s after NOW_MS. */
#define HEAD "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
#define CLAIMS                                                                                     \
    "eyJjb2xsZWN0aW9uSWQiOiJfcGJfdXNlcnNfYXV0aF8iLCJleHAiOjE5MDAwMDAwMDAsImlkIjoidTFhMmIzYzRkNWU2" \
    "ZjdnIiwicmVmcmVzaGFibGUiOnRydWUsInR5cGUiOiJhdXRoIn0"
#define VECTOR HEAD "." CLAIMS ".3mHDKm8iFarqkAh4cFW-rdPov4cDqmSkyieVjpJvd4E"

struct world {
    struct schema schema;
    struct schema_col col;
    struct schema_auth auth;
    struct schema_field fields[3];
    struct db_value cells[3];
    struct rec rec;
};

static void world_init(struct arena *a, struct world *w, const char *id, const char *email)
{
    static const char *const names[] = {"id", "tokenKey", "email"};

    memset(w, 0, sizeof(*w));
    for (unsigned i = 0; i < COUNT_OF(names); i++) {
        w->fields[i].name = str_of(names[i]);
        w->fields[i].at = i;
    }
    w->cells[0] = DB_V_TEXT(str_of(id));
    w->cells[1] = DB_V_TEXT(STR(K50));
    w->cells[2] = DB_V_TEXT(str_of(email));
    for (size_t i = 0; i < TOKEN_KINDS; i++)
        w->auth.tokens[i] = (struct schema_token){STR(S50), 100};
    w->auth.token_key = &w->fields[1];
    w->auth.email = &w->fields[2];
    w->col.id = STR("_pb_users_auth_");
    w->col.name = STR("users");
    w->col.type = SCHEMA_AUTH;
    w->col.auth = &w->auth;
    w->col.fields = w->fields;
    w->col.n_fields = COUNT_OF(w->fields);
    w->col.id_field = &w->fields[0];
    w->rec = (struct rec){&w->col, w->cells};
    map_put(a, &w->schema.by_id, STR("other"), &w->col);
}

static void vector_is_made(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct world w;

    (void)state;
    world_init(a, &w, "u1a2b3c4d5e6f7g", "");
    assert_true(str_eq(auth_token_new(a, &w.rec, TOKEN_AUTH, true, 0, NOW_MS), STR(VECTOR)));
}

static struct str claims_of(struct arena *a, struct str token)
{
    struct str rest = token;
    struct str claims;

    (void)str_split(&rest, '.');
    assert_true(base64url_decode(a, str_split(&rest, '.'), &claims));
    return claims;
}

static void claims_are_sorted_and_escaped(void **state)
{
    static const struct {
        enum schema_token_kind kind;
        bool refreshable;
        int64_t duration_s;
        const char *claims;
    } cases[] = {
        {TOKEN_AUTH, false, 0,
         "{\"collectionId\":\"_pb_users_auth_\",\"exp\":1900000000,\"id\":\"x\","
         "\"refreshable\":false,\"type\":\"auth\"}"},
        {TOKEN_AUTH, true, 7,
         "{\"collectionId\":\"_pb_users_auth_\",\"exp\":1899999907,\"id\":\"x\","
         "\"refreshable\":true,\"type\":\"auth\"}"},
        {TOKEN_FILE, true, 0,
         "{\"collectionId\":\"_pb_users_auth_\",\"exp\":1900000000,\"id\":\"x\","
         "\"type\":\"file\"}"},
        {TOKEN_VERIFICATION, false, 0,
         "{\"collectionId\":\"_pb_users_auth_\",\"email\":\"\\u003ca\\u003e\\u0026\\\"b@c.de\","
         "\"exp\":1900000000,\"id\":\"x\",\"type\":\"verification\"}"},
        {TOKEN_PASSWORD_RESET, false, 0,
         "{\"collectionId\":\"_pb_users_auth_\",\"email\":\"\\u003ca\\u003e\\u0026\\\"b@c.de\","
         "\"exp\":1900000000,\"id\":\"x\",\"type\":\"passwordReset\"}"},
    };
    AUTO(arena_free) struct arena *a = arena_new();
    struct world w;

    (void)state;
    world_init(a, &w, "x", "<a>&\"b@c.de");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str token = auth_token_new(a, &w.rec, cases[i].kind, cases[i].refreshable,
                                          cases[i].duration_s, NOW_MS);

        assert_true(str_eq(claims_of(a, token), str_of(cases[i].claims)));
    }
}

static void no_key_signs_nothing(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct world w;

    (void)state;
    world_init(a, &w, "x", "");
    w.cells[1] = DB_V_NULL;
    assert_int_equal(auth_token_new(a, &w.rec, TOKEN_AUTH, true, 0, NOW_MS).n, 0);
    world_init(a, &w, "x", "");
    w.auth.tokens[TOKEN_AUTH].secret = STR("");
    assert_int_equal(auth_token_new(a, &w.rec, TOKEN_AUTH, true, 0, NOW_MS).n, 0);
}

/* Nothing here may reach the database: there is none. */
static void refused(struct arena *a, struct world *w, struct str token)
{
    struct auth_token ret;

    assert_null(auth_token_verify(a, NULL, &w->schema, token, TOKEN_AUTH, NOW_MS, &ret));
    assert_null(ret.rec);
}

static struct str token_of(struct arena *a, const char *head, const char *claims)
{
    struct str left = base64url_encode(a, str_of(head));

    return arena_concat(a, arena_concat(a, left, STR("."), base64url_encode(a, str_of(claims))),
                        STR("."), STR("AAAA"));
}

static void odd_texts_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        ".",
        "..",
        "...",
        "a",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        VECTOR ".",
        VECTOR ".x",
        HEAD,
        HEAD ".",
        HEAD "..",
        HEAD "." CLAIMS,
        HEAD "." CLAIMS "==.",
        "." CLAIMS ".",
        " " VECTOR,
        "eyJhbGciOiJub25lIn0." CLAIMS ".",
        HEAD ".bnVsbA.AAAA",
        HEAD ".W10.AAAA",
        HEAD ".e30.AAAA",
        HEAD "." CLAIMS ".AAAA",
    };
    AUTO(arena_free) struct arena *a = arena_new();
    struct world w;

    (void)state;
    world_init(a, &w, "u1a2b3c4d5e6f7g", "");
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        refused(a, &w, str_of(texts[i]));
}

static void every_truncation_is_refused(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct str token = STR(VECTOR);
    struct world w;

    (void)state;
    world_init(a, &w, "u1a2b3c4d5e6f7g", "");
    for (size_t n = 0; n <= token.n; n++)
        refused(a, &w, str_sub(token, 0, n));
}

#define GOOD_IDS "\"collectionId\":\"other\",\"id\":\"x\""

/* All name a collection that exists, so what is refused is refused for what the case says. */
static void odd_claims_are_refused(void **state)
{
    static const char *const heads[] = {
        "{\"alg\":\"none\"}",
        "{\"alg\":\"hs256\"}",
        "{\"alg\":\"HS384\"}",
        "{\"alg\":\"RS256\"}",
        "{\"alg\":5}",
        "{\"ALG\":\"HS256\"}",
        "{}",
        "null",
        "[\"HS256\"]",
        "{\"alg\":\"HS256\"} x",
        "\"HS256\"",
        "{\"alg\":\"HS256\",\"alg\":\"none\"}",
    };
    static const char *const claims[] = {
        "{" GOOD_IDS "}",
        "{" GOOD_IDS ",\"type\":\"file\"}",
        "{" GOOD_IDS ",\"type\":\"Auth\"}",
        "{" GOOD_IDS ",\"type\":5}",
        "{" GOOD_IDS ",\"type\":\"auth\",\"exp\":1899999900}",
        "{" GOOD_IDS ",\"type\":\"auth\",\"exp\":-1}",
        "{" GOOD_IDS ",\"type\":\"auth\",\"exp\":null}",
        "{" GOOD_IDS ",\"type\":\"auth\",\"exp\":\"1900000000\"}",
        "{" GOOD_IDS ",\"type\":\"auth\",\"exp\":1e300}",
        "{" GOOD_IDS ",\"type\":\"auth\",\"exp\":1e400}",
        "{" GOOD_IDS ",\"type\":\"auth\",\"nbf\":1899999901}",
        "{" GOOD_IDS ",\"type\":\"auth\",\"nbf\":\"5\"}",
        "{" GOOD_IDS ",\"type\":\"auth\",\"iat\":1899999901}",
        "{" GOOD_IDS ",\"type\":\"auth\",\"iat\":null}",
        "{" GOOD_IDS ",\"type\":\"auth\"} x",
        "{" GOOD_IDS ",\"type\":\"auth\"",
        "{\"collectionId\":\"missing\",\"id\":\"x\",\"type\":\"auth\"}",
        "{\"collectionId\":\"other\",\"id\":\"\",\"type\":\"auth\"}",
        "{\"collectionId\":\"other\",\"id\":5,\"type\":\"auth\"}",
        "{\"collectionId\":\"other\",\"ID\":\"x\",\"type\":\"auth\"}",
    };
    AUTO(arena_free) struct arena *a = arena_new();
    struct world w;

    (void)state;
    world_init(a, &w, "x", "");
    for (size_t i = 0; i < COUNT_OF(heads); i++)
        refused(a, &w, token_of(a, heads[i], "{" GOOD_IDS ",\"type\":\"auth\"}"));
    for (size_t i = 0; i < COUNT_OF(claims); i++)
        refused(a, &w, token_of(a, "{\"alg\":\"HS256\"}", claims[i]));
    w.col.auth = NULL;
    refused(a, &w, token_of(a, "{\"alg\":\"HS256\"}", "{" GOOD_IDS ",\"type\":\"auth\"}"));
}

static void huge_tokens_are_refused(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    const size_t n = 1000 * 1000;
    char *brackets = arena_alloc(a, n + 1);
    struct world w;

    (void)state;
    world_init(a, &w, "x", "");
    memset(brackets, '[', n);
    brackets[n] = '\0';
    refused(a, &w, (struct str){brackets, n});
    refused(a, &w, token_of(a, "{\"alg\":\"HS256\"}", brackets));
    memset(brackets, '.', n);
    refused(a, &w, (struct str){brackets, n});
    memset(brackets, 'A', n);
    refused(a, &w, (struct str){brackets, n});
}

static void bearer_is_stripped_once(void **state)
{
    static const struct {
        const char *header, *token;
    } cases[] = {
        {"abc", "abc"},
        {"Bearer abc", "abc"},
        {"bEARER abc", "abc"},
        {"Bearer  abc", " abc"},
        {"Bearerabc", "Bearerabc"},
        {"Bearer\tabc", "Bearer\tabc"},
        {"Bearer ", ""},
        {"Bearer Bearer a", "Bearer a"},
        {"Basic abc", "Basic abc"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_true(str_eq(auth_header_token(str_of(cases[i].header)), str_of(cases[i].token)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vector_is_made),
        cmocka_unit_test(claims_are_sorted_and_escaped),
        cmocka_unit_test(no_key_signs_nothing),
        cmocka_unit_test(odd_texts_are_refused),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(odd_claims_are_refused),
        cmocka_unit_test(huge_tokens_are_refused),
        cmocka_unit_test(bearer_is_stripped_once),
    };

    return cmocka_run_group_tests_name("auth_token", tests, NULL, NULL);
}
