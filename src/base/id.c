/*
 * Random texts. The kernel's generator is asked for a few hundred bytes at a time, kept per thread
 * and wiped as they are used.
 */
#include "base/id.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define POOL_BYTES 256 /* getrandom() gives so much in one piece */

struct random_pool {
    unsigned char bytes[POOL_BYTES];
    size_t left;
};

static _Thread_local struct random_pool pool;

static void from_kernel(unsigned char *out, size_t n)
{
    while (n) {
        ssize_t got = getrandom(out, n, 0);

        if (got < 0 && errno != EINTR)
            BUG("the kernel has no random bytes");
        if (got > 0) {
            out += got;
            n -= (size_t)got;
        }
    }
}

void random_bytes(void *out, size_t n)
{
    if (n > POOL_BYTES / 4) {
        from_kernel(out, n);
        return;
    }
    if (pool.left < n) {
        from_kernel(pool.bytes, POOL_BYTES);
        pool.left = POOL_BYTES;
    }
    pool.left -= n;
    memcpy(out, pool.bytes + pool.left, n);
    explicit_bzero(pool.bytes + pool.left, n);
}

uint32_t random_below(uint32_t bound)
{
    uint32_t unfair = -bound % bound; /* 2^32 mod bound: so many numbers would count twice */
    uint32_t number;

    do {
        random_bytes(&number, sizeof(number));
    } while (number < unfair);
    return number % bound;
}

struct str random_text(struct arena *a, size_t n, struct str alphabet)
{
    size_t fair = 256 / alphabet.n * alphabet.n;
    char *p = arena_alloc(a, n + 1);
    size_t made = 0;

    while (made < n) {
        unsigned char bytes[32];

        random_bytes(bytes, sizeof(bytes));
        for (size_t i = 0; i < sizeof(bytes) && made < n; i++) {
            if (bytes[i] < fair)
                p[made++] = alphabet.p[bytes[i] % alphabet.n];
        }
    }
    p[n] = '\0';
    return (struct str){p, n};
}

uint32_t crc32_ieee(struct str s)
{
    uint32_t crc = 0xffffffffU;

    for (size_t i = 0; i < s.n; i++) {
        crc ^= (unsigned char)s.p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0xedb88320U & -(crc & 1));
    }
    return ~crc;
}
