/*
 * IANA's registries of special-purpose addresses (RFC 6890 and successors). Of IPv6 everything
 * outside of 2000::/3 is refused, so its table holds only what is special in there.
 */
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct range {
    unsigned char bytes[4]; /* the first four of an address: no range needs more */
    unsigned bits;
};

/* clang-format off */
static const struct range not_public_4[] = {
    {{0}, 8},              /* "this network" */
    {{10}, 8},             /* private */
    {{100, 64}, 10},       /* shared with the carrier */
    {{127}, 8},            /* loopback */
    {{169, 254}, 16},      /* link-local, metadata of clouds */
    {{172, 16}, 12},       /* private */
    {{192, 0, 0}, 24},     /* protocol assignments */
    {{192, 0, 2}, 24},     /* documentation */
    {{192, 88, 99}, 24},   /* 6to4 relays */
    {{192, 168}, 16},      /* private */
    {{198, 18}, 15},       /* benchmarks */
    {{198, 51, 100}, 24},  /* documentation */
    {{203, 0, 113}, 24},   /* documentation */
    {{224}, 3},            /* multicast, reserved, broadcast */
};
static const struct range global_unicast = {{0x20}, 3};
static const struct range not_public_6[] = {
    {{0x20, 0x01, 0x00}, 23},       /* protocol assignments, Teredo */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x20, 0x02}, 16},             /* 6to4 */
    {{0x3f, 0xff, 0x00}, 20},       /* documentation */
};
/* clang-format on */

static bool is_in(const unsigned char *address, const struct range *range)
{
    uint32_t x;
    uint32_t y;

    memcpy(&x, address, sizeof(x));
    memcpy(&y, range->bytes, sizeof(y));
    return (ntohl(x) ^ ntohl(y)) >> (32 - range->bits) == 0;
}

static bool is_in_any(const unsigned char *address, const struct range *ranges, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is_in(address, &ranges[i]))
            return true;
    return false;
}

static bool is_public_4(const unsigned char *address)
{
    return !is_in_any(address, not_public_4, sizeof(not_public_4) / sizeof(*not_public_4));
}

static bool is_public_6(const unsigned char *address)
{
    return is_in(address, &global_unicast) &&
           !is_in_any(address, not_public_6, sizeof(not_public_6) / sizeof(*not_public_6));
}

bool net_address_is_public(const struct sockaddr *address)
{
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;

    if (address->sa_family == AF_INET) {
        memcpy(&in4, address, sizeof(in4));
        return is_public_4((const unsigned char *)&in4.sin_addr);
    }
    if (address->sa_family == AF_INET6) {
        memcpy(&in6, address, sizeof(in6));
        return is_public_6(in6.sin6_addr.s6_addr);
    }
    return false;
}

bool net_address_text_is_public(const char *text)
{
    char copy[INET6_ADDRSTRLEN] = {0};
    size_t n = strcspn(text, "%");
    unsigned char bytes[sizeof(struct in6_addr)];

    if (n >= sizeof(copy))
        return false;
    memcpy(copy, text, n);
    if (inet_pton(AF_INET, copy, bytes) == 1)
        return is_public_4(bytes);
    return inet_pton(AF_INET6, copy, bytes) == 1 && is_public_6(bytes);
}
