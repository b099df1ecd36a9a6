/*
 * http/router: a table of routes, matched like Go's ServeMux (services.md 1.2): method and path,
 * {name} stands for one segment (decoded by itself, so %2F stays data), a literal segment wins over
 * a {name}; GET answers HEAD too; no trailing-slash tolerance.
 */
#ifndef REEVE_HTTP_ROUTER_H
#define REEVE_HTTP_ROUTER_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct http_route {
    const char *method;
    const char *pattern;
    const void *data; /* the row of the layer above */
};

struct router;
/* Built once, in `a`; routes must outlive it. Two routes that clash are a BUG. */
struct router *router_new(struct arena *a, const struct http_route *routes, size_t n);
/* Any thread. NULL: no such route. A segment that does not decode never gets here (400 before). */
const struct http_route *router_match(const struct router *router, struct arena *a,
                                      struct str method, struct str path, struct str *ret_params);

#endif
