/*
 * Called below EVP, as crypto.c's SHA-256 is and for the same reason.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/md5.h"

#include "base/compiler.h"

#include <openssl/md5.h>

void md5(unsigned char out[MD5_LEN], struct str data)
{
    MD5_CTX ctx;

    if (MD5_Init(&ctx) != 1 || (data.n > 0 && MD5_Update(&ctx, data.p, data.n) != 1) ||
        MD5_Final(out, &ctx) != 1)
        BUG("MD5 fails");
}

struct md5_sum {
    MD5_CTX ctx;
};

struct md5_sum *md5_start(struct arena *a)
{
    struct md5_sum *sum = ARENA_NEW(a, struct md5_sum);

    if (MD5_Init(&sum->ctx) != 1)
        BUG("MD5 fails");
    return sum;
}

void md5_add(struct md5_sum *sum, struct str piece)
{
    if (piece.n > 0 && MD5_Update(&sum->ctx, piece.p, piece.n) != 1)
        BUG("MD5 fails");
}

void md5_end(struct md5_sum *sum, unsigned char out[MD5_LEN])
{
    if (MD5_Final(out, &sum->ctx) != 1)
        BUG("MD5 fails");
}

struct str md5_hex(struct arena *a, struct str data)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char sum[MD5_LEN];
    char *text = arena_alloc(a, MD5_LEN * 2);

    md5(sum, data);
    for (size_t i = 0; i < MD5_LEN; i++) {
        text[2 * i] = digits[sum[i] >> 4];
        text[2 * i + 1] = digits[sum[i] & 15];
    }
    return (struct str){text, MD5_LEN * 2};
}
