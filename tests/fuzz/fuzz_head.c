/*
 * Request heads, and what follows as a chunked body, as the connection feeds them.
 */
#include "http/internal.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct http_route routes[] = {
    {"GET", "/api/{a}/x/{b}", NULL},
    {"POST", "/api/y", NULL},
    {"GET", "/{rest...}", NULL},
};

/* The bytes up to and with the first empty line, or 0. */
static size_t head_length(struct str text)
{
    size_t line = 0;

    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '\n')
            continue;
        if (line > 0 && (i == line || (i == line + 1 && text.p[line] == '\r')))
            return i + 1;
        line = i + 1;
    }
    return 0;
}

static void use(struct exchange *ex)
{
    struct str params[REQ_PARAMS_MAX];
    struct router *router = router_new(ex->req.arena, routes, COUNT_OF(routes));
    struct str clean = target_clean(ex->req.arena, ex->req.path);
    struct str again = target_clean(ex->req.arena, clean);

    if (again.p != clean.p)
        BUG("a cleaned path is not clean");
    (void)req_query(&ex->req);
    (void)router_match(router, ex->req.arena, ex->req.method, clean, params);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct exchange ex;
    struct str text = {(const char *)data, n};
    size_t head = head_length(text);

    if (head == 0)
        return 0;
    memset(&ex, 0, sizeof(ex));
    ex.req.arena = arena_new();
    buf_init(&ex.body, 1 << 16);
    if (head_parse(&ex, str_sub(text, 0, head)) == REFUSED_NOT)
        use(&ex);
    head_chunk_parser(&ex.chunks, &ex);
    (void)llhttp_execute(&ex.chunks, text.p + head, n - head); /* only that it is safe counts */
    buf_done(&ex.body);
    arena_free(ex.req.arena);
    return 0;
}
