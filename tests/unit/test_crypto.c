#include "unit/unit.h"

#include "base/compiler.h"
#include "base/crypto.h"

#include <string.h>

static struct str hex(struct arena *a, const unsigned char *bytes, size_t n)
{
    char *out = arena_alloc(a, 2 * n + 1);

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    return (struct str){out, 2 * n};
}

static void hashes(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    unsigned char out[SHA256_LEN];

    (void)state;
    sha256(out, STR("abc"));
    assert_true(str_eq(hex(a, out, sizeof(out)),
                       STR("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")));
    sha256(out, STR_NONE);
    assert_true(str_eq(hex(a, out, sizeof(out)),
                       STR("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")));
}

/* RFC 4231, cases 2 and 6; a key may come in two parts. */
static void macs(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    unsigned char out[SHA256_LEN];
    char key[131];

    (void)state;
    hmac_sha256(out, STR("J"), STR("efe"), STR("what do ya want for nothing?"));
    assert_true(str_eq(hex(a, out, sizeof(out)),
                       STR("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")));
    memset(key, 0xaa, sizeof(key));
    hmac_sha256(out, (struct str){key, 60}, (struct str){key, 71},
                STR("Test Using Larger Than Block-Size Key - Hash Key First"));
    assert_true(str_eq(hex(a, out, sizeof(out)),
                       STR("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")));
}

static void base64_forms(void **state)
{
    static const struct {
        struct str bytes;
        const char *standard, *url;
    } cases[] = {{STR_INIT(""), "", ""},
                 {STR_INIT("f"), "Zg==", "Zg"},
                 {STR_INIT("fo"), "Zm8=", "Zm8"},
                 {STR_INIT("foo"), "Zm9v", "Zm9v"},
                 {STR_INIT("foobar"), "Zm9vYmFy", "Zm9vYmFy"},
                 {STR_INIT("\xfb\xff\0"), "+/8A", "-_8A"}};
    static const char *const bad[] = {"Z",        "Zg=",  "Zm9vZ", "Zm 8",
                                      "Zg==Zg==", "====", "=",     "Zm9v\n"};
    AUTO(arena_free) struct arena *a = arena_new();
    struct str out;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_true(str_eq(base64_encode(a, cases[i].bytes), str_of(cases[i].standard)));
        assert_true(str_eq(base64url_encode(a, cases[i].bytes), str_of(cases[i].url)));
        assert_true(base64_decode(a, str_of(cases[i].standard), &out));
        assert_true(str_eq(out, cases[i].bytes));
        assert_true(base64url_decode(a, str_of(cases[i].url), &out));
        assert_true(str_eq(out, cases[i].bytes));
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(base64_decode(a, str_of(bad[i]), &out));
    assert_false(base64url_decode(a, STR("Zg=="), &out));
    assert_false(base64url_decode(a, STR("+/8A"), &out));
}

static void sealing(void **state)
{
    static const size_t key_lengths[] = {16, 24, 32};
    AUTO(arena_free) struct arena *a = arena_new();
    struct str plain = STR("{\"settings\":true}");
    const char *key = "0123456789abcdef0123456789abcdef";
    struct str sealed, opened;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(key_lengths); i++) {
        struct str k = {key, key_lengths[i]};
        char *broken;

        assert_true(aes_gcm_seal(a, k, plain, &sealed));
        assert_int_equal(sealed.n, plain.n + 28);
        assert_true(aes_gcm_open(a, k, sealed, &opened));
        assert_true(str_eq(opened, plain));
        for (size_t at = 0; at < sealed.n; at++) {
            broken = arena_alloc(a, sealed.n);
            memcpy(broken, sealed.p, sealed.n);
            broken[at] = (char)(broken[at] ^ 1);
            assert_false(aes_gcm_open(a, k, (struct str){broken, sealed.n}, &opened));
        }
        assert_false(aes_gcm_open(a, k, str_sub(sealed, 0, 27), &opened));
        assert_false(aes_gcm_open(a, k, STR_NONE, &opened));
    }
    assert_false(aes_gcm_seal(a, STR("short"), plain, &sealed));
    assert_false(aes_gcm_open(a, STR("short"), sealed, &opened));
    assert_true(aes_gcm_seal(a, (struct str){key, 32}, STR_NONE, &sealed));
    assert_true(aes_gcm_open(a, (struct str){key, 32}, sealed, &opened) && opened.n == 0);
}

static void passwords(void **state)
{
    /* the first two are made by other implementations */
    static const struct {
        struct str password, hash;
        bool ok;
    } cases[] = {
        {STR_INIT("U*U"), STR_INIT("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
         true},
        {STR_INIT("\xff\xa3"
                  "345"),
         STR_INIT("$2a$05$/OK.fbVrR/bpIqNJ5ianF.nRht2l/HRhr6zmCp9vYUvvsqynflf9e"), true},
        {STR_INIT("u*u"), STR_INIT("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
         false},
        {STR_INIT(""), STR_INIT(""), false},
        {STR_INIT("a"), STR_INIT("$2a$05$CCCC"), false},
        {STR_INIT("a"), STR_INIT("$5$rounds=5000$salt$abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLM"),
         false},
    };
    AUTO(arena_free) struct arena *a = arena_new();
    char text[73];
    struct str hash;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(bcrypt_check(cases[i].password, cases[i].hash), cases[i].ok);
    memset(text, 'p', sizeof(text));
    assert_true(bcrypt_hash(a, (struct str){text, 72}, 4, &hash));
    assert_int_equal(hash.n, 60);
    assert_true(str_starts(hash, STR("$2a$04$")));
    assert_true(bcrypt_check((struct str){text, 72}, hash));
    assert_true(bcrypt_check((struct str){text, 73}, hash));
    assert_false(bcrypt_check((struct str){text, 71}, hash));
    assert_false(bcrypt_hash(a, (struct str){text, 73}, 4, &hash));
    assert_false(bcrypt_hash(a, STR("a\0b"), 4, &hash));
    assert_false(bcrypt_hash(a, STR("a"), 3, &hash) || bcrypt_hash(a, STR("a"), 32, &hash));
    assert_true(bcrypt_hash(a, STR_NONE, 4, &hash) && bcrypt_check(STR_NONE, hash));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes),  cmocka_unit_test(macs),      cmocka_unit_test(base64_forms),
        cmocka_unit_test(sealing), cmocka_unit_test(passwords),
    };

    return cmocka_run_group_tests_name("crypto", tests, NULL, NULL);
}
