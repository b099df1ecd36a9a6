/*
 * SHA-256 is called below EVP: the providers behind EVP take a millisecond and a megabyte to load,
 * which a server that only checks tokens never needs, and a lookup a call. Deprecated means there
 * that no other implementation can be plugged in; that is what we want.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/crypto.h"

#include "base/id.h"
#include "base/thread.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <crypt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define HMAC_BLOCK 64
#define GCM_NONCE 12
#define GCM_TAG 16

static void sha256_add(SHA256_CTX *ctx, struct str s)
{
    if (s.n && SHA256_Update(ctx, s.p, s.n) != 1)
        BUG("SHA-256 fails");
}

static void sha256_start(SHA256_CTX *ctx)
{
    if (SHA256_Init(ctx) != 1)
        BUG("SHA-256 fails");
}

static void sha256_end(SHA256_CTX *ctx, unsigned char out[SHA256_LEN])
{
    if (SHA256_Final(out, ctx) != 1)
        BUG("SHA-256 fails");
}

static void append(unsigned char *block, size_t *at, struct str s)
{
    if (s.n)
        memcpy(block + *at, s.p, s.n);
    *at += s.n;
}

/* The key as RFC 2104 wants it: one block, hashed first when it is longer. */
static void hmac_key(unsigned char block[HMAC_BLOCK], struct str key_a, struct str key_b)
{
    SHA256_CTX ctx;
    size_t at = 0;

    memset(block, 0, HMAC_BLOCK);
    if (key_a.n <= HMAC_BLOCK && key_b.n <= HMAC_BLOCK - key_a.n) {
        append(block, &at, key_a);
        append(block, &at, key_b);
        return;
    }
    sha256_start(&ctx);
    sha256_add(&ctx, key_a);
    sha256_add(&ctx, key_b);
    sha256_end(&ctx, block);
}

static void hash_padded(unsigned char out[SHA256_LEN], const unsigned char key[HMAC_BLOCK],
                        unsigned char pad, struct str data)
{
    unsigned char block[HMAC_BLOCK];
    SHA256_CTX ctx;

    for (size_t i = 0; i < HMAC_BLOCK; i++)
        block[i] = key[i] ^ pad;
    sha256_start(&ctx);
    sha256_add(&ctx, (struct str){(const char *)block, HMAC_BLOCK});
    sha256_add(&ctx, data);
    sha256_end(&ctx, out);
    explicit_bzero(block, sizeof(block));
    explicit_bzero(&ctx, sizeof(ctx));
}

void hmac_sha256(unsigned char out[SHA256_LEN], struct str key_a, struct str key_b, struct str data)
{
    unsigned char key[HMAC_BLOCK];
    unsigned char inner[SHA256_LEN];

    hmac_key(key, key_a, key_b);
    hash_padded(inner, key, 0x36, data);
    hash_padded(out, key, 0x5c, (struct str){(const char *)inner, SHA256_LEN});
    explicit_bzero(key, sizeof(key));
}

void sha256(unsigned char out[SHA256_LEN], struct str data)
{
    SHA256_CTX ctx;

    sha256_start(&ctx);
    sha256_add(&ctx, data);
    sha256_end(&ctx, out);
}

static const EVP_CIPHER *gcm_of(size_t key_bytes)
{
    switch (key_bytes) {
    case 16:
        return EVP_aes_128_gcm();
    case 24:
        return EVP_aes_192_gcm();
    case 32:
        return EVP_aes_256_gcm();
    default:
        return NULL;
    }
}

AUTO_DEFINE(EVP_CIPHER_CTX_free, EVP_CIPHER_CTX *)

/* A context for one message, or NULL when the key has no length of AES. */
static EVP_CIPHER_CTX *gcm_start(struct str key, const unsigned char *nonce, int encrypt)
{
    const EVP_CIPHER *cipher = gcm_of(key.n);
    EVP_CIPHER_CTX *ctx;

    if (!cipher)
        return NULL;
    ctx = EVP_CIPHER_CTX_new();
    if (!ctx)
        BUG("out of memory");
    if (EVP_CipherInit_ex(ctx, cipher, NULL, (const unsigned char *)key.p, nonce, encrypt) != 1)
        BUG("AES-GCM fails");
    return ctx;
}

bool aes_gcm_open(struct arena *a, struct str key, struct str sealed, struct str *ret_plain)
{
    AUTO(EVP_CIPHER_CTX_free) EVP_CIPHER_CTX *ctx = NULL;
    const unsigned char *in = (const unsigned char *)sealed.p;
    unsigned char tag[GCM_TAG];
    unsigned char *out;
    size_t n;
    int got = 0, rest = 0;

    if (sealed.n < GCM_NONCE + GCM_TAG || sealed.n > INT_MAX)
        return false;
    n = sealed.n - GCM_NONCE - GCM_TAG;
    ctx = gcm_start(key, in, 0);
    if (!ctx)
        return false;
    memcpy(tag, in + GCM_NONCE + n, GCM_TAG);
    out = arena_alloc(a, n + 1);
    if (EVP_CipherUpdate(ctx, out, &got, in + GCM_NONCE, (int)n) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, GCM_TAG, tag) != 1 ||
        EVP_CipherFinal_ex(ctx, out + got, &rest) != 1)
        return false;
    *ret_plain = (struct str){(const char *)out, n};
    return true;
}

bool aes_gcm_seal(struct arena *a, struct str key, struct str plain, struct str *ret_sealed)
{
    AUTO(EVP_CIPHER_CTX_free) EVP_CIPHER_CTX *ctx = NULL;
    unsigned char *out;
    int got = 0, rest = 0;

    if (plain.n > INT_MAX - GCM_NONCE - GCM_TAG)
        return false;
    out = arena_alloc(a, GCM_NONCE + plain.n + GCM_TAG);
    random_bytes(out, GCM_NONCE);
    ctx = gcm_start(key, out, 1);
    if (!ctx)
        return false;
    if (EVP_CipherUpdate(ctx, out + GCM_NONCE, &got, (const unsigned char *)plain.p,
                         (int)plain.n) != 1 ||
        EVP_CipherFinal_ex(ctx, out + GCM_NONCE + got, &rest) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, GCM_TAG, out + GCM_NONCE + plain.n) != 1)
        return false;
    *ret_sealed = (struct str){(const char *)out, GCM_NONCE + plain.n + GCM_TAG};
    return true;
}

#define BCRYPT_HASH_LEN 60
#define BCRYPT_SALT_LEN 29 /* "$2b$10$" and 22 characters */
#define BCRYPT_PASSWORD_MAX 72

struct crypt_call {
    const char *password, *setting;
    struct crypt_data *data;
    const char *hash;
};

static void run_crypt(void *arg)
{
    struct crypt_call *call = arg;

    call->hash = crypt_r(call->password, call->setting, call->data);
}

/*
 * `setting` starts with "$2b$10$" and a salt. libcrypt's own "$2a$" deviates on purpose for some
 * passwords beyond ASCII; what the rest of the world calls $2a$ is its $2b$.
 */
static bool bcrypt_raw(const char *password, const char *setting, char out[BCRYPT_HASH_LEN + 1])
{
    struct crypt_data *data = calloc(1, sizeof(*data)); /* 32 KiB: too much for a small stack */
    struct crypt_call call = {password, setting, data, NULL};
    const char *hash;
    bool ok;

    if (!data)
        BUG("out of memory");
    thread_compute(run_crypt, &call);
    hash = call.hash;
    ok = hash && strlen(hash) == BCRYPT_HASH_LEN && hash[0] == '$';
    if (ok)
        memcpy(out, hash, BCRYPT_HASH_LEN + 1);
    explicit_bzero(data, sizeof(*data));
    free(data);
    return ok;
}

bool bcrypt_hash(struct arena *a, struct str password, int cost, struct str *ret_hash)
{
    char text[BCRYPT_PASSWORD_MAX + 1] = {0};
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    char hash[BCRYPT_HASH_LEN + 1];
    char random[16];
    bool ok;

    if (password.n > BCRYPT_PASSWORD_MAX || str_find_byte(password, '\0') < password.n ||
        cost < 4 || cost > 31)
        return false;
    if (password.n)
        memcpy(text, password.p, password.n);
    random_bytes(random, sizeof(random));
    ok = crypt_gensalt_rn("$2b$", (unsigned long)cost, random, (int)sizeof(random), setting,
                          (int)sizeof(setting)) &&
         bcrypt_raw(text, setting, hash);
    explicit_bzero(text, sizeof(text));
    if (!ok)
        BUG("libcrypt has no bcrypt");
    hash[2] = 'a';
    *ret_hash = arena_dup(a, str_of(hash));
    return true;
}

bool bcrypt_check(struct str password, struct str hash)
{
    char text[BCRYPT_PASSWORD_MAX + 1] = {0};
    char setting[BCRYPT_SALT_LEN + 1] = {0};
    char again[BCRYPT_HASH_LEN + 1];
    bool ok;

    /* bcrypt looks at 72 bytes and no more; a longer password can have no hash of its own */
    password = str_sub(password, 0, BCRYPT_PASSWORD_MAX);
    if (hash.n != BCRYPT_HASH_LEN || !str_starts(hash, STR("$2")) || hash.p[3] != '$' ||
        str_find_byte(password, '\0') < password.n)
        return false;
    if (password.n)
        memcpy(text, password.p, password.n);
    memcpy(setting, hash.p, BCRYPT_SALT_LEN);
    setting[2] = 'b';
    ok = bcrypt_raw(text, setting, again) &&
         str_eq_secret(str_from(str_of(again), 4), str_from(hash, 4));
    explicit_bzero(text, sizeof(text));
    return ok;
}
