/*
 * Which origins get CORS headers (services.md 12.2).
 */
#include "http/internal.h"

#include "base/limits.h"

void cors_init(struct arena *a, struct http_server *server)
{
    VEC(struct str) origins = {0};
    struct str rest = server->conf.origins;

    while (rest.p) {
        struct str origin = str_trim_space(str_split(&rest, ','));

        if (origin.n == 0)
            continue;
        server->any_origin |= str_eq(origin, STR("*"));
        *VEC_PUSH(a, &origins) = origin;
    }
    server->origins = origins.items;
    server->n_origins = origins.n;
}

/* '*' stands for any bytes, '?' for one. */
static bool glob(struct str pattern, struct str text)
{
    size_t p = 0, t = 0, star = pattern.n, resume = 0;

    while (t < text.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.n && (pattern.p[p] == '?' || pattern.p[p] == text.p[t])) {
            p++;
            t++;
        } else if (star < pattern.n) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}

struct str cors_origin(const struct http_server *server, struct str origin)
{
    if (origin.n == 0)
        return STR_NONE;
    if (server->any_origin)
        return STR("*");
    if (origin.n > LIMIT_ORIGIN_BYTES)
        return STR_NONE; /* it would be in the head of every answer */
    for (size_t i = 0; i < server->n_origins; i++) {
        if (glob(server->origins[i], origin))
            return origin;
    }
    return STR_NONE;
}
