/*
 * A tree of path segments for each method. A literal is tried before a {name}, and both before a
 * {name...}; a branch that leads nowhere is left again.
 */
#include "http/router.h"

#include "base/map.h"
#include "http/req.h"

#include <string.h>

#define DEPTH_MAX 16 /* segments of a pattern */

struct node {
    struct map literals;           /* segment → struct node * */
    struct node *one;              /* {name} */
    const struct http_route *rest; /* {name...}: also an empty rest */
    const struct http_route *here;
};

struct method {
    struct str name;
    struct node root;
};

struct router {
    VEC(struct method) methods;
};

static struct method *find_method(const struct router *router, struct str name)
{
    for (size_t i = 0; i < router->methods.n; i++) {
        if (str_eq(router->methods.items[i].name, name))
            return &router->methods.items[i];
    }
    return NULL;
}

static struct node *descend(struct arena *a, struct node *node, struct str segment)
{
    struct node *child;

    if (segment.n && segment.p[0] == '{') {
        if (!node->one)
            node->one = ARENA_NEW(a, struct node);
        return node->one;
    }
    child = map_find(&node->literals, segment);
    if (!child) {
        child = ARENA_NEW(a, struct node);
        map_put(a, &node->literals, segment, child);
    }
    return child;
}

static void add(struct arena *a, struct node *node, const struct http_route *route)
{
    struct str rest = str_from(str_of(route->pattern), 1);
    const struct http_route **slot;
    int depth = 0;

    while (rest.p) {
        struct str segment = str_split(&rest, '/');

        if (++depth > DEPTH_MAX)
            BUG("a route's pattern is too deep");
        if (str_ends(segment, STR("...}")) || str_eq(segment, STR("{$}"))) {
            slot = str_eq(segment, STR("{$}")) ? &descend(a, node, STR(""))->here : &node->rest;
            if (*slot || rest.p)
                BUG("two routes clash");
            *slot = route;
            return;
        }
        node = descend(a, node, segment);
    }
    if (node->here)
        BUG("two routes clash");
    node->here = route;
}

struct router *router_new(struct arena *a, const struct http_route *routes, size_t n)
{
    struct router *router = ARENA_NEW(a, struct router);

    for (size_t i = 0; i < n; i++) {
        struct str name = str_of(routes[i].method);
        struct method *method = find_method(router, name);

        if (!method) {
            method = VEC_PUSH(a, &router->methods);
            method->name = name;
        }
        add(a, &method->root, &routes[i]);
    }
    return router;
}

/* What is asked for, decoded a segment at a time. */
struct search {
    struct arena *a;
    struct str params[REQ_PARAMS_MAX];
};

static const struct http_route *find(struct search *s, const struct node *node, struct str path,
                                     size_t n_params, int depth)
{
    struct str rest = path, raw, segment;
    const struct http_route *found = NULL;
    const struct node *child;

    if (!path.p)
        return node->here;
    raw = str_split(&rest, '/');
    if (depth < DEPTH_MAX && req_decode(s->a, raw, false, &segment)) {
        child = map_find(&node->literals, segment);
        if (child)
            found = find(s, child, rest, n_params, depth + 1);
        /* ServeMux takes an escaped slash alone for a trailing one: no value of a {name} */
        if (!found && node->one && segment.n && !str_eq(segment, STR("/")) &&
            n_params < REQ_PARAMS_MAX) {
            s->params[n_params] = segment;
            found = find(s, node->one, rest, n_params + 1, depth + 1);
        }
    }
    if (!found && node->rest && n_params < REQ_PARAMS_MAX &&
        req_decode(s->a, path, false, &s->params[n_params]))
        found = node->rest;
    return found;
}

const struct http_route *router_match(const struct router *router, struct arena *a,
                                      struct str method, struct str path, struct str *ret_params)
{
    const struct method *of = find_method(router, method);
    struct search s = {.a = a};
    const struct http_route *found = NULL;

    if (path.n == 0 || path.p[0] != '/')
        return NULL;
    path = str_from(path, 1);
    if (of)
        found = find(&s, &of->root, path, 0, 0);
    if (!found && str_eq(method, STR("HEAD"))) {
        of = find_method(router, STR("GET"));
        found = of ? find(&s, &of->root, path, 0, 0) : NULL;
    }
    if (found)
        memcpy(ret_params, s.params, sizeof(s.params));
    return found;
}
