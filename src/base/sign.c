#include "base/sign.h"

#include "base/compiler.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <limits.h>

#define RSA_EXPONENT_MAX_BYTES 8
#define ED25519_KEY_BYTES 32
#define P256_NUMBER_BYTES 32

AUTO_DEFINE(BIO_free_all, BIO *)
AUTO_DEFINE(BN_free, BIGNUM *)
AUTO_DEFINE(ECDSA_SIG_free, ECDSA_SIG *)
AUTO_DEFINE(EVP_MD_CTX_free, EVP_MD_CTX *)
AUTO_DEFINE(EVP_PKEY_free, EVP_PKEY *)
AUTO_DEFINE(EVP_PKEY_CTX_free, EVP_PKEY_CTX *)
AUTO_DEFINE(OSSL_PARAM_free, OSSL_PARAM *)
AUTO_DEFINE(OSSL_PARAM_BLD_free, OSSL_PARAM_BLD *)
AUTO_DEFINE(PKCS8_PRIV_KEY_INFO_free, PKCS8_PRIV_KEY_INFO *)

static const unsigned char *bytes(struct str s)
{
    return (const unsigned char *)s.p;
}

static const EVP_MD *md_of(enum sign_hash hash)
{
    switch (hash) {
    case SIGN_SHA256:
        return EVP_sha256();
    case SIGN_SHA384:
        return EVP_sha384();
    case SIGN_SHA512:
        return EVP_sha512();
    }
    BUG("no such hash");
}

static struct str without_zeros(struct str number)
{
    while (number.n && number.p[0] == '\0')
        number = str_from(number, 1);
    return number;
}

/* NULL: no such key. */
static EVP_PKEY *rsa_key(struct str n, struct str e)
{
    AUTO(BN_free) BIGNUM *modulus = NULL;
    AUTO(BN_free) BIGNUM *exponent = NULL;
    AUTO(OSSL_PARAM_BLD_free) OSSL_PARAM_BLD *build = NULL;
    AUTO(OSSL_PARAM_free) OSSL_PARAM *params = NULL;
    AUTO(EVP_PKEY_CTX_free) EVP_PKEY_CTX *ctx = NULL;
    EVP_PKEY *key = NULL;

    n = without_zeros(n);
    e = without_zeros(e);
    if (n.n < SIGN_RSA_MIN_BYTES || n.n > SIGN_RSA_MAX_BYTES || e.n < 1 ||
        e.n > RSA_EXPONENT_MAX_BYTES)
        return NULL;
    modulus = BN_bin2bn(bytes(n), (int)n.n, NULL);
    exponent = BN_bin2bn(bytes(e), (int)e.n, NULL);
    build = OSSL_PARAM_BLD_new();
    ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    if (!modulus || !exponent || !build || !ctx)
        BUG("out of memory");
    if (!BN_is_odd(modulus) || !BN_is_odd(exponent) || BN_is_one(exponent) ||
        !OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) ||
        !OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent))
        return NULL;
    params = OSSL_PARAM_BLD_to_param(build);
    if (!params || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        return NULL;
    return key;
}

bool sign_rsa_holds(struct str n, struct str e, enum sign_hash hash, bool pss, struct str data,
                    struct str signature)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *key = rsa_key(n, e);
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *ctx = NULL;
    EVP_PKEY_CTX *of_key; /* the ctx's */

    if (!key)
        return false;
    ctx = EVP_MD_CTX_new();
    if (!ctx)
        BUG("out of memory");
    if (EVP_DigestVerifyInit(ctx, &of_key, md_of(hash), NULL, key) != 1)
        return false;
    if (pss && (EVP_PKEY_CTX_set_rsa_padding(of_key, RSA_PKCS1_PSS_PADDING) != 1 ||
                EVP_PKEY_CTX_set_rsa_pss_saltlen(of_key, RSA_PSS_SALTLEN_DIGEST) != 1))
        return false;
    return EVP_DigestVerify(ctx, bytes(signature), signature.n, bytes(data), data.n) == 1;
}

bool sign_ed25519_holds(struct str x, struct str data, struct str signature)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *ctx = NULL;

    if (x.n != ED25519_KEY_BYTES)
        return false;
    key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes(x), x.n);
    ctx = EVP_MD_CTX_new();
    if (!ctx)
        BUG("out of memory");
    return key && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
           EVP_DigestVerify(ctx, bytes(signature), signature.n, bytes(data), data.n) == 1;
}

/* A key that says that it is encrypted is none: without this OpenSSL asks at the terminal. */
static int no_password(char *out, int size, int is_new, void *user)
{
    (void)out;
    (void)size;
    (void)is_new;
    (void)user;
    return -1;
}

/* Only the form without a password is read. */
static EVP_PKEY *private_key(struct str pem)
{
    AUTO(BIO_free_all) BIO *in = NULL;
    AUTO(PKCS8_PRIV_KEY_INFO_free) PKCS8_PRIV_KEY_INFO *info = NULL;

    if (pem.n > INT_MAX)
        return NULL;
    in = BIO_new_mem_buf(pem.n ? pem.p : "", (int)pem.n);
    if (!in)
        BUG("out of memory");
    info = PEM_read_bio_PKCS8_PRIV_KEY_INFO(in, NULL, no_password, NULL);
    return info ? EVP_PKCS82PKEY(info) : NULL;
}

static bool is_p256(const EVP_PKEY *key)
{
    char group[32] = {0};
    size_t n;

    return EVP_PKEY_is_a(key, "EC") &&
           EVP_PKEY_get_group_name(key, group, sizeof(group), &n) == 1 &&
           str_eq(str_of(group), STR("prime256v1"));
}

/* The two numbers of DER side by side. */
static bool numbers_of_der(struct arena *a, const unsigned char *der, size_t n, struct str *ret)
{
    AUTO(ECDSA_SIG_free) ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
    unsigned char *out = arena_alloc(a, (size_t)2 * P256_NUMBER_BYTES);

    if (!sig || BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, P256_NUMBER_BYTES) < 0 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + P256_NUMBER_BYTES, P256_NUMBER_BYTES) < 0)
        return false;
    *ret = (struct str){(const char *)out, (size_t)2 * P256_NUMBER_BYTES};
    return true;
}

const char *sign_es256(struct arena *a, struct str pem, struct str data, struct str *ret)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *key = private_key(pem);
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *ctx = NULL;
    unsigned char der[2 * P256_NUMBER_BYTES + 16];
    size_t n = sizeof(der);

    if (!key)
        return "no private key in the form of PKCS8";
    if (!is_p256(key))
        return "the key is not on the curve P-256";
    ctx = EVP_MD_CTX_new();
    if (!ctx)
        BUG("out of memory");
    if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) != 1 ||
        EVP_DigestSign(ctx, der, &n, bytes(data), data.n) != 1 || !numbers_of_der(a, der, n, ret))
        return "the key does not sign";
    return NULL;
}
