/*
 * Addresses and CIDR ranges. An IPv4 address inside IPv6 (::ffff:1.2.3.4) is the IPv4 address.
 */
#include "base/num.h"
#include "settings/settings.h"

#include <arpa/inet.h>
#include <string.h>

struct ip {
    unsigned char bytes[16];
    unsigned bits; /* 32 or 128 */
};

static bool parse_ip(struct str text, struct ip *ret)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    char copy[INET6_ADDRSTRLEN];

    if (text.n == 0 || text.n >= sizeof(copy))
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    memset(ret, 0, sizeof(*ret));
    if (strlen(copy) != text.n)
        return false;
    ret->bits = 32;
    if (inet_pton(AF_INET, copy, ret->bytes) == 1)
        return true;
    ret->bits = 128;
    if (inet_pton(AF_INET6, copy, ret->bytes) != 1)
        return false;
    if (memcmp(ret->bytes, mapped, sizeof(mapped)) == 0) {
        memmove(ret->bytes, ret->bytes + 12, 4);
        ret->bits = 32;
    }
    return true;
}

uint64_t settings_ip_client(struct str ip)
{
    struct ip parsed;
    uint64_t hash;

    if (parse_ip(ip, &parsed))
        ip = (struct str){(const char *)parsed.bytes, parsed.bits == 32 ? 4 : 8};
    hash = str_hash(ip);
    return hash ? hash : 1;
}

/* An address, or one with "/" and a number of bits. */
static bool parse_range(struct str text, struct ip *ret, unsigned *ret_bits)
{
    size_t slash = str_find_byte(text, '/');
    struct str bits = str_from(text, slash + 1);
    uint64_t number;

    if (!parse_ip(str_sub(text, 0, slash), ret))
        return false;
    *ret_bits = ret->bits;
    if (slash == text.n)
        return true;
    if (!num_parse_u64(bits, &number) || (bits.n > 1 && bits.p[0] == '0') || bits.p[0] == '+')
        return false;
    /* the range of a mapped address counts the 96 bits before it */
    if (ret->bits == 32 && str_find_byte(text, ':') < text.n) {
        if (number < 96)
            return false;
        number -= 96;
    }
    *ret_bits = (unsigned)number;
    return number <= ret->bits;
}

static bool same_bits(const struct ip *x, const struct ip *y, unsigned bits)
{
    unsigned whole = bits / 8;
    unsigned rest = bits % 8;

    if (x->bits != y->bits || memcmp(x->bytes, y->bytes, whole) != 0)
        return false;
    return rest == 0 || (x->bytes[whole] ^ y->bytes[whole]) >> (8 - rest) == 0;
}

bool settings_ip_in(const struct form_texts *list, struct str ip)
{
    struct ip asked;

    if (!parse_ip(ip, &asked))
        return false;
    for (size_t i = 0; i < list->n; i++) {
        struct ip range;
        unsigned bits;

        if (parse_range(list->items[i], &range, &bits) && same_bits(&range, &asked, bits))
            return true;
    }
    return false;
}

bool settings_ip_valid(struct str text)
{
    struct ip ip;
    unsigned bits;

    return parse_range(text, &ip, &bits);
}
