#include "oauth/internal.h"

#include "base/compiler.h"
#include "base/date.h"

const struct json_limits oauth_limits_strict = {.max_depth = LIMIT_JSON_DEPTH,
                                                .max_values = LIMIT_OAUTH_VALUES};
const struct json_limits oauth_limits_loose = {.max_depth = LIMIT_JSON_DEPTH,
                                               .max_values = LIMIT_OAUTH_VALUES,
                                               .allow_duplicates = true,
                                               .allow_range = true,
                                               .mend_texts = true};

struct err *oauth_refuse(struct arena *a, struct str url, const char *why)
{
    size_t at = str_find(url, STR("://"));
    struct str host = at < url.n ? str_from(url, at + 3) : url;

    host = str_sub(host, 0, str_find_byte(host, '/'));
    host = str_sub(host, 0, str_find_byte(host, '?'));
    at = str_find_last_byte(host, '@');
    if (at < host.n)
        host = str_from(host, at + 1);
    return err_new(a, E_BAD_REQUEST, NULL, "%.*s: %s", STR_ARG(host), why);
}

struct err *oauth_ask(struct oauth_work *work, struct net_request *request, struct net_answer *ret)
{
    uint64_t now_ms = clock_ms();

    if (now_ms >= work->end_ms)
        return err_new(work->a, E_UNAVAILABLE, NULL, "sign-on provider: out of time");
    request->total_ms = (unsigned)(work->end_ms - now_ms);
    request->gone = work->call->gone;
    request->proxy = work->call->proxy;
    return net_call(work->a, work->call->net, request, ret);
}

/* Some providers refuse who does not say what he is. */
#define USER_AGENT                                  \
    {                                               \
        STR_INIT("User-Agent"), STR_INIT("Reeve/1") \
    }

struct err *oauth_ask_as_user(struct oauth_work *work, struct str url, struct net_answer *ret)
{
    const struct oauth_provider *provider = work->o->provider;
    struct net_header headers[3 + COUNT_OF(provider->headers)] = {
        USER_AGENT,
        {STR_INIT("Authorization"),
         arena_concat(work->a, work->token_type, STR(" "), work->access_token)},
    };
    struct net_request request = {
        .method = STR("GET"),
        .url = url,
        .headers = headers,
        .n_headers = 2,
        .redirects = LIMIT_OAUTH_REDIRECTS,
        .max_answer = LIMIT_OAUTH_PROFILE_BYTES,
    };

    for (size_t i = 0; i < COUNT_OF(provider->headers) && provider->headers[i].name; i++) {
        struct str value = str_of(provider->headers[i].value);

        if (str_eq(value, STR("{clientId}")))
            value = work->o->client_id;
        headers[request.n_headers++] =
            (struct net_header){str_of(provider->headers[i].name), value};
    }
    if (provider->query && str_eq(url, work->o->userinfo_url)) {
        request.method = STR("POST");
        request.body = str_of(provider->query);
    }
    return oauth_ask(work, &request, ret);
}
