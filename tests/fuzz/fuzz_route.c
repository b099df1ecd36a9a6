/* Routes: a path matches one pattern or none, and parameters hold no more than the path does. */
#include "fuzz/fuzz.h"

#include "base/compiler.h"
#include "http/req.h"
#include "http/router.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct http_route routes[] = {
        {"GET", "/api/health", NULL},
        {"GET", "/api/collections/{collection}/records", NULL},
        {"GET", "/api/collections/{collection}/records/{id}", NULL},
        {"GET", "/api/collections/meta/records/{id}", NULL},
        {"POST", "/api/collections/{collection}/auth-refresh", NULL},
    };
    AUTO(arena_free) struct arena *a = arena_new();
    struct str path = fuzz_text(data, size);
    struct str method = fuzz_first_line(&path);
    struct str params[REQ_PARAMS_MAX] = {{0}};
    struct router *router = router_new(a, routes, COUNT_OF(routes));

    if (path.n == 0 || path.p[0] != '/' || !router_match(router, a, method, path, params))
        return 0;
    for (size_t i = 0; i < REQ_PARAMS_MAX; i++)
        if (params[i].n > path.n)
            abort();
    return 0;
}
