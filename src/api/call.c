/*
 * Who is asking, from where, and for what: the parts of a call that every endpoint needs.
 */
#include "api/rate.h"

#include "base/date.h"
#include "base/limits.h"

#include <arpa/inet.h>

void api_call_borrow(struct api_call *call)
{
    api_call_release(call);
    call->schema = call->loops.schema = schema_borrow(call->api->schemas);
    call->settings = call->loops.settings = settings_borrow(call->api->settings);
}

void api_call_renew(struct api_call *call)
{
    schema_unref(call->own.schema);
    settings_unref(call->own.settings);
    call->schema = call->own.schema = schema_current(call->api->schemas);
    call->settings = call->own.settings = settings_current(call->api->settings);
}

void api_call_release(struct api_call *call)
{
    schema_unref(TAKE(call->own.schema));
    settings_unref(TAKE(call->own.settings));
    schema_return(TAKE(call->loops.schema));
    settings_return(TAKE(call->loops.settings));
}

struct err *api_collection(struct api_call *call, const char *missing,
                           const struct schema_col **ret)
{
    *ret = schema_find(call->schema, call->req->params[0]);
    if (!*ret)
        return err_new(call->arena, E_NOT_FOUND, missing, "no such collection");
    return NULL;
}

/* services.md 13: an address as it is compared; IPv6 written out. p NULL: no address. */
static struct str canonical_ip(struct arena *a, struct str text)
{
    unsigned char six[16];
    unsigned char four[4];
    const char *c = arena_cstr(a, text);

    if (inet_pton(AF_INET, c, four) == 1)
        return text;
    if (inet_pton(AF_INET6, c, six) != 1)
        return STR_NONE;
    return arena_printf(a,
                        "%02x%02x:%02x%02x:%02x%02x:%02x%02x:%02x%02x:%02x%02x:%02x%02x:%02x%02x",
                        six[0], six[1], six[2], six[3], six[4], six[5], six[6], six[7], six[8],
                        six[9], six[10], six[11], six[12], six[13], six[14], six[15]);
}

/* Of the last header of that name, which proxies extend: the rightmost valid address, or the
 * leftmost. */
static struct str ip_of_header(struct arena *a, const struct req *req, struct str name,
                               bool leftmost)
{
    struct str found = STR_NONE, rest = STR_NONE;

    for (size_t i = 0; i < req->headers.n; i++)
        if (str_eq_nocase(req->headers.items[i].name, name))
            rest = req->headers.items[i].value;
    while (rest.p && !(found.p && leftmost)) {
        struct str ip = canonical_ip(a, str_trim_space(str_split(&rest, ',')));

        if (ip.p)
            found = ip;
    }
    return found;
}

struct str api_real_ip(struct arena *a, const struct req *req, const struct settings *settings)
{
    const struct form_texts *headers = &settings->trusted_proxy.headers;

    for (size_t i = 0; i < headers->n; i++) {
        struct str ip =
            ip_of_header(a, req, headers->items[i], settings->trusted_proxy.use_leftmost_ip);

        if (ip.p)
            return ip;
    }
    return req->peer;
}

uint64_t api_client(const struct api *api, const struct req *req)
{
    AUTO(settings_return) struct settings *settings = settings_borrow(api->settings);

    return settings_ip_client(api_real_ip(req->arena, req, settings));
}

struct str api_header_name(struct arena *a, struct str name)
{
    char *p = arena_alloc(a, name.n + 1);

    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c + ('a' - 'A'));
        else if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
            c = '_';
        p[i] = c;
    }
    return (struct str){p, name.n};
}

/* Go's server keeps these two to itself. */
bool api_header_is_seen(struct str name)
{
    return !str_eq_nocase(name, STR("Host")) && !str_eq_nocase(name, STR("Transfer-Encoding"));
}

static void fill_request(struct api_call *call)
{
    struct query_request *request = &call->caller.actor.request;
    const struct req_pairs *query = req_query(call->req);
    const struct req_pairs *headers = &call->req->headers;
    struct query_pair *out = ARENA_ARRAY(call->arena, struct query_pair, query->n + headers->n);

    request->context = STR("default");
    request->method = str_eq(call->req->method, STR("HEAD")) ? STR("HEAD") : call->req->method;
    request->query = out;
    request->n_query = query->n;
    for (size_t i = 0; i < query->n; i++)
        out[i] = (struct query_pair){query->items[i].name, query->items[i].value};
    out += query->n;
    request->headers = out;
    for (size_t i = 0; i < headers->n; i++)
        if (api_header_is_seen(headers->items[i].name))
            out[request->n_headers++] = (struct query_pair){
                api_header_name(call->arena, headers->items[i].name), headers->items[i].value};
}

/* Who has the token that the settings name for metrics is nobody, else. */
static bool is_scraper(const struct api_call *call)
{
    const struct str header = req_header(call->req, STR("Authorization"));
    const struct str token = call->settings->metrics.token;

    return token.n > 0 && str_starts_nocase(header, STR("Bearer ")) &&
           str_eq_secret(str_from(header, sizeof("Bearer ") - 1), token);
}

static struct err *check_guard(struct api_call *call)
{
    const enum api_guard guard = call->route ? call->route->guard : GUARD_NONE;
    const struct rec *caller = call->caller.token.rec;
    struct arena *a = call->arena;
    const struct schema_col *col = NULL;

    if (guard == GUARD_NONE || (guard == GUARD_SCRAPER && is_scraper(call)))
        return NULL;
    if (guard == GUARD_SAME_COLLECTION) {
        col = schema_find(call->schema, call->req->params[0]);
        if (!col)
            return err_new(a, E_NOT_FOUND, "Missing or invalid collection context.",
                           "no such collection");
    }
    if (!caller)
        return err_new(a, E_UNAUTHORIZED, "The request requires valid record authorization token.",
                       "a guest");
    if (guard == GUARD_SAME_COLLECTION && caller->col != col)
        return err_new(a, E_FORBIDDEN,
                       arena_printf(a, "The request requires auth record from %.*s collection.",
                                    STR_ARG(caller->col->name))
                           .p,
                       "a token of another collection");
    if ((guard == GUARD_SUPERUSER || guard == GUARD_SCRAPER) && !call->caller.actor.superuser)
        return err_new(a, E_FORBIDDEN,
                       "The authorized record is not allowed to perform this action.",
                       "not a superuser");
    return NULL;
}

struct err *api_check_query(struct arena *a, struct str query)
{
    if (req_pairs_fit(query, LIMIT_QUERY_PARAMS))
        return NULL;
    return err_new(a, E_BAD_REQUEST, "Too many query parameters.", "%zu bytes of query", query.n);
}

struct err *api_identify(struct api_call *call)
{
    struct str token = auth_header_token(req_header(call->req, STR("Authorization")));
    struct err *err;

    call->caller.actor = (struct rec_actor){.scope = {.schema = call->schema,
                                                      .now_ms = date_now_ms(),
                                                      .files = call->api->files,
                                                      .events = call->api->events,
                                                      .feed = call->api->feed}};
    call->caller.token = (struct auth_token){0};
    call->caller.ip = api_real_ip(call->arena, call->req, call->settings);
    call->caller.superuser_ip_allowed =
        call->settings->superuser_ips.n == 0 ||
        settings_ip_in(&call->settings->superuser_ips, call->caller.ip);
    if (token.n > 0) {
        call->identified_us = clock_us();
        err = auth_identify(call->arena, call->api->db, call->conn, call->schema, token,
                            call->caller.actor.scope.now_ms, &call->caller.token);
        if (err)
            return err;
    }
    fill_request(call);
    rec_actor_set_auth(call->arena, &call->caller.actor, call->caller.token.rec);
    if (call->caller.actor.superuser && !call->caller.superuser_ip_allowed)
        return err_new(call->arena, E_FORBIDDEN, NULL, "superuser from an address not listed");
    err = rate_check(call);
    if (!err)
        err = api_check_query(call->arena, call->req->query);
    if (err)
        return err;
    if (call->req->too_large && !(call->route && call->route->body == BODY_BATCH))
        return err_new(call->arena, E_TOO_LARGE, NULL, "the body is over the route's limit");
    return check_guard(call);
}

struct err *api_begin(struct api_call *call)
{
    (void)call;
    return NULL;
}
