/*
 * Invariants
 *  1. A fetch has two references: its handle's, and the transfer's from begin() to the end event.
 *     Its arena, in which the transfer is, is freed with the last.
 *  2. It has a reference to net, so that the lock behind resume and end is there as long as it.
 *  3. Between begin() and the end event its arena is the net thread's.
 */
#include "net/internal.h"

#include "base/limits.h"

#include <inttypes.h>
#include <string.h>

struct net_fetch {
    /* set by net_fetch(), constant after */
    struct arena *arena;
    struct net *net;
    struct net_transfer *transfer;
    const struct net_events *events;
    void *user;
    const char *method;
    struct str host; /* for causes */
    /* any thread */
    atomic_uint refs;
    /* the net thread's */
    struct net_lines lines;
    bool told; /* of the head */
};

static void fetch_unref(struct net_fetch *fetch)
{
    struct net *net = fetch->net;

    if (atomic_fetch_sub(&fetch->refs, 1) > 1)
        return;
    arena_free(fetch->arena);
    net_unref(net);
}

/* --- events: on the net thread --------------------------------------------------------------- */

static void tell_head(struct net_fetch *fetch)
{
    struct net_head head = net_lines_head(&fetch->lines);

    if (fetch->told)
        return;
    fetch->told = true;
    fetch->events->head(fetch->user, &head);
}

static bool on_line(void *user, const char *p, size_t n)
{
    struct net_fetch *fetch = user;

    if (!net_lines_add(&fetch->lines, (struct str){p, n}))
        return false;
    if (fetch->lines.whole)
        tell_head(fetch);
    return true;
}

static enum net_module_go on_data(void *user, const char *p, size_t n)
{
    static const enum net_module_go go[] = {[NET_TAKEN] = NET_MODULE_TAKEN,
                                            [NET_PAUSE] = NET_MODULE_PAUSE,
                                            [NET_ENOUGH] = NET_MODULE_ENOUGH};
    struct net_fetch *fetch = user;

    tell_head(fetch);
    return n > 0 ? go[fetch->events->data(fetch->user, (struct str){p, n})] : NET_MODULE_TAKEN;
}

static struct err *end_err(struct net_fetch *fetch, enum net_why why, const char *words)
{
    struct arena *a = fetch->arena;

    if (fetch->lines.n_bytes > LIMIT_NET_HEAD_BYTES)
        return err_new(a, E_TOO_LARGE, NULL, "%s %.*s: the answer's head is too long",
                       fetch->method, STR_ARG(fetch->host));
    switch (why) {
    case NET_WHY_DONE:
        return NULL;
    case NET_WHY_PAUSED:
        return err_new(a, E_GONE, NULL, "%s %.*s: the answer is not read on", fetch->method,
                       STR_ARG(fetch->host));
    case NET_WHY_ENDED:
    case NET_WHY_LEFT:
        return err_new(a, E_GONE, NULL, "%s %.*s: nobody wants the answer", fetch->method,
                       STR_ARG(fetch->host));
    case NET_WHY_STOPPED:
        return err_new(a, E_UNAVAILABLE, NULL, "%s %.*s: the server is stopping", fetch->method,
                       STR_ARG(fetch->host));
    case NET_WHY_REFUSED:
        return err_new(a, E_BAD_REQUEST, NULL, "%s %.*s: not an address of the public internet",
                       fetch->method, STR_ARG(fetch->host));
    case NET_WHY_URL:
    case NET_WHY_FAILED:
        return err_new(a, why == NET_WHY_URL ? E_BAD_REQUEST : E_UNAVAILABLE, NULL, "%s %.*s: %s",
                       fetch->method, STR_ARG(fetch->host), words);
    }
    BUG("not a reason to end");
}

static void on_end(void *user, enum net_why why, const char *words)
{
    struct net_fetch *fetch = user;
    struct err *err = end_err(fetch, why, words);

    if (!err)
        tell_head(fetch);
    fetch->events->end(fetch->user, err);
    fetch_unref(fetch);
}

/* --- what a request may be ------------------------------------------------------------------- */

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool alphanumeric = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');

        if (!alphanumeric && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return s.n > 0;
}

/* least: of the bytes that are allowed. */
static bool has_only(struct str s, unsigned char least)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if ((c < least && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

/* Of an URL; without name and password. */
static struct str host_of(struct str url)
{
    struct str host = str_from(url, str_find(url, STR("://")) + 3);
    size_t n = 0;

    while (n < host.n && !strchr("/?#\\", host.p[n]))
        n++;
    host = str_sub(host, 0, n);
    n = str_find_last_byte(host, '@');
    return n < host.n ? str_from(host, n + 1) : host;
}

static bool is_url(struct str s)
{
    bool is_http = str_starts_nocase(s, STR("http://")) || str_starts_nocase(s, STR("https://"));

    return is_http && host_of(s).n > 0 && has_only(s, '!') && str_find_byte(s, '\t') == s.n;
}

/* What is wrong with it; NULL: nothing. */
static const char *find_fault(const struct net_request *request)
{
    if (!is_token(request->method))
        return "not a method";
    if (!is_url(request->url))
        return "not an http or https URL";
    if (request->has_file && (request->at > INT64_MAX || request->n > INT64_MAX - request->at))
        return "not a part of a file";
    if (str_eq(request->method, STR("HEAD")) && (request->has_file || request->body.n > 0))
        return "a HEAD with a body";
    for (size_t i = 0; i < request->n_headers; i++)
        if (!is_token(request->headers[i].name) || !has_only(request->headers[i].value, ' '))
            return "not a header";
    return NULL;
}

/* --- orders ---------------------------------------------------------------------------------- */

static const char *header_line(struct arena *a, const struct net_header *header)
{
    struct str value = str_trim_space(header->value);

    if (value.n == 0) /* libcurl's way to say that it has none */
        return arena_cstr(a, arena_concat(a, header->name, STR(";"), STR_NONE));
    return arena_cstr(a, arena_concat(a, header->name, STR(": "), value));
}

static const char *const *header_lines(struct arena *a, const struct net_request *request)
{
    const char **lines = ARENA_ARRAY(a, const char *, request->n_headers);

    for (size_t i = 0; i < request->n_headers; i++)
        lines[i] = header_line(a, &request->headers[i]);
    return lines;
}

/* Methods that are sent with a body say so also where it is empty. */
static bool has_body(const struct net_request *request)
{
    static const struct str with_body[] = {STR_INIT("POST"), STR_INIT("PUT"), STR_INIT("PATCH")};

    for (size_t i = 0; i < COUNT_OF(with_body); i++)
        if (str_eq(request->method, with_body[i]))
            return true;
    return request->has_file || request->body.n > 0;
}

static struct net_order make_order(struct net_fetch *fetch, const struct net_request *request,
                                   bool is_call)
{
    struct net_order order = {
        .method = fetch->method,
        .url = arena_cstr(fetch->arena, request->url),
        .headers = header_lines(fetch->arena, request),
        .n_headers = request->n_headers,
        .has_body = has_body(request),
        .fd = -1,
        .connect_ms = request->connect_ms ? request->connect_ms : LIMIT_NET_CONNECT_MS,
        .idle_ms = request->idle_ms ? request->idle_ms : LIMIT_NET_IDLE_MS,
        .total_ms = request->total_ms,
        .pause_ms = request->pause_ms,
        .redirects = request->redirects,
        .only_public = request->only_public,
        .proxy = request->only_public ? "" : arena_cstr(fetch->arena, request->proxy),
        .is_call = is_call,
        .droppable = request->droppable,
        .gone = request->gone,
        .user = fetch,
        .line = on_line,
        .data = on_data,
        .end = on_end,
    };

    if (request->has_file) {
        order.fd = request->fd;
        order.at = request->at;
        order.n = request->n;
    } else {
        order.body = request->body.n > 0 ? request->body.p : "";
        order.n = request->body.n;
    }
    return order;
}

static struct net_fetch *make_fetch(struct net *net, const struct net_request *request,
                                    const struct net_events *events, void *user)
{
    struct arena *a = arena_new();
    struct net_fetch *fetch = ARENA_NEW(a, struct net_fetch);

    fetch->arena = a;
    fetch->net = net;
    fetch->transfer = arena_zalloc(a, net->module->transfer_size);
    fetch->events = events;
    fetch->user = user;
    fetch->method = arena_cstr(a, request->method);
    fetch->host = arena_dup(a, host_of(request->url));
    fetch->lines.arena = a;
    fetch->lines.follows = request->redirects > 0 && (str_eq(request->method, STR("GET")) ||
                                                      str_eq(request->method, STR("HEAD")));
    atomic_init(&fetch->refs, 2);
    atomic_fetch_add(&net->refs, 1);
    return fetch;
}

struct err *net_begin(struct arena *a, struct net *net, const struct net_request *request,
                      bool is_call, const struct net_events *events, void *user,
                      struct net_fetch **ret)
{
    const char *fault = find_fault(request);
    struct net_fetch *fetch;
    struct net_order order;
    struct err *err;

    if (fault)
        return err_new(a, E_BAD_REQUEST, NULL, "net: %s", fault);
    err = net_load(a, net);
    if (err)
        return err;
    fetch = make_fetch(net, request, events, user);
    order = make_order(fetch, request, is_call);
    *ret = fetch;
    if (net->module->begin(net->client, fetch->transfer, &order))
        return NULL;
    *ret = NULL;
    err = err_new(a, E_UNAVAILABLE, NULL,
                  "%s %.*s: too many requests wait already, or the server is stopping",
                  fetch->method, STR_ARG(fetch->host));
    fetch_unref(fetch);
    fetch_unref(fetch);
    return err;
}

struct err *net_fetch(struct arena *a, struct net *net, const struct net_request *request,
                      const struct net_events *events, void *user, struct net_fetch **ret)
{
    return net_begin(a, net, request, false, events, user, ret);
}

void net_fetch_resume(struct net_fetch *fetch)
{
    fetch->net->module->resume(fetch->net->client, fetch->transfer);
}

void net_fetch_unwatch(struct net_fetch *fetch)
{
    fetch->net->module->unwatch(fetch->net->client, fetch->transfer);
}

void net_fetch_end(struct net_fetch *fetch)
{
    fetch->net->module->end(fetch->net->client, fetch->transfer);
}

void net_fetch_free(struct net_fetch *fetch)
{
    if (!fetch)
        return;
    net_fetch_end(fetch);
    fetch_unref(fetch);
}
