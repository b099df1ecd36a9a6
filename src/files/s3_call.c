/*
 * One request to a bucket, and what its answer means.
 */
#include "files/s3_internal.h"

#include "base/date.h"
#include "base/limits.h"
#include "files/s3_xml.h"

#include <time.h>

#define WORDS_MAX 500 /* of a server's message */

/* --- where the bucket is ---------------------------------------------------------------------- */

static struct str without_slashes(struct str text)
{
    while (str_ends(text, STR("/")))
        text = str_sub(text, 0, text.n - 1);
    return text;
}

void s3_init(struct arena *a, const struct s3_conf *conf, struct net *net, struct s3 *ret)
{
    struct str rest = without_slashes(arena_dup(a, conf->endpoint));
    struct str bucket = arena_dup(a, conf->bucket);
    size_t colon = str_find(rest, STR("://"));
    struct str scheme = STR("https://");
    struct str host, path;

    if (colon < rest.n) {
        scheme = str_sub(rest, 0, colon + 3);
        rest = str_from(rest, colon + 3);
    }
    host = str_sub(rest, 0, str_find_byte(rest, '/'));
    path = arena_concat(a, str_from(rest, host.n), STR("/"), STR_NONE);
    if (conf->force_path_style)
        path = arena_concat(a, path, bucket, STR("/"));
    else
        host = arena_concat(a, bucket, STR("."), host);
    *ret = (struct s3){
        .keys = {arena_dup(a, conf->region), arena_dup(a, conf->access_key),
                 arena_dup(a, conf->secret)},
        .origin = arena_concat(a, scheme, host, STR_NONE),
        .host = host,
        .base = path,
        .temp_dir = arena_dup(a, conf->temp_dir),
        .net = net,
    };
}

/* --- the request ------------------------------------------------------------------------------ */

void s3_ask_query(struct s3_ask *ask, const char *name, struct str value)
{
    if (ask->n_query == COUNT_OF(ask->query))
        BUG("a longer query than there is room for");
    ask->query[ask->n_query++] = (struct net_header){str_of(name), value};
}

void s3_ask_header(struct s3_ask *ask, const char *name, struct str value)
{
    if (ask->n_headers == COUNT_OF(ask->headers))
        BUG("more headers than there is room for");
    ask->headers[ask->n_headers++] = (struct net_header){str_of(name), value};
}

struct net_request s3_request(struct arena *a, const struct s3 *s3, const struct s3_ask *ask)
{
    const struct s3_request request = {
        .method = ask->method,
        .host = s3->host,
        .path = arena_concat(a, s3->base, ask->key, STR_NONE),
        .query = ask->query,
        .n_query = ask->n_query,
        .headers = ask->headers,
        .n_headers = ask->n_headers,
        .hash = ask->has_file ? S3_UNSIGNED : s3_hash(a, ask->body),
        .now_ms = date_now_ms(),
    };
    struct s3_signed sent = s3_sign(a, &s3->keys, &request);

    return (struct net_request){
        .method = ask->method,
        .url = arena_concat(a, s3->origin, sent.target, STR_NONE),
        .headers = sent.headers,
        .n_headers = sent.n_headers,
        .body = ask->body,
        .has_file = ask->has_file,
        .fd = ask->fd,
        .at = ask->at,
        .n = ask->n,
        .total_ms = ask->total_ms,
        .droppable = ask->reads,
        .gone = ask->gone,
        .max_answer = ask->answer_size ? ask->answer_size : LIMIT_S3_ANSWER_BYTES,
    };
}

/* --- the answer ------------------------------------------------------------------------------- */

static bool is_busy(unsigned status)
{
    return status == 429 || (status >= 500 && status != 501);
}

static void wait_a_moment(void)
{
    struct timespec left = {.tv_nsec = LIMIT_S3_RETRY_MS * 1000000L};

    while (nanosleep(&left, &left) != 0)
        continue; /* a signal: what is left is slept */
}

/* No error of the client's: what was wrong is a setting, or the server. */
static struct err *failed(struct arena *a, struct err *err)
{
    if (!err || err->kind == E_UNAVAILABLE || err->kind == E_GONE)
        return err;
    return err_new(a, E_INTERNAL, NULL, "%.*s", STR_ARG(err->cause));
}

/* For the bytes that go either way, at the least speed that is borne with. */
static unsigned enough_ms(const struct s3_ask *ask)
{
    uint64_t n = ask->n + ask->answer_size;

    return n / LIMIT_S3_LEAST_SPEED > UINT32_MAX - LIMIT_S3_TOTAL_MS
               ? UINT32_MAX
               : (unsigned)(LIMIT_S3_TOTAL_MS + n / LIMIT_S3_LEAST_SPEED);
}

struct err *s3_send(struct arena *a, const struct s3 *s3, const struct s3_ask *ask,
                    struct net_answer *ret)
{
    struct net_request request = s3_request(a, s3, ask);
    struct err *err;

    if (!request.total_ms)
        request.total_ms = enough_ms(ask);
    err = net_call(a, s3->net, &request, ret);
    if (!err && is_busy(ret->head.status) && !ask->once) {
        wait_a_moment();
        err = net_call(a, s3->net, &request, ret);
    }
    return failed(a, err);
}

struct err *s3_refusal(struct arena *a, const struct s3_ask *ask, const struct net_answer *answer)
{
    unsigned status = answer->head.status;
    struct str key = STR_NONE;
    struct str code, words;
    enum err_kind kind = E_INTERNAL;

    if (status >= 200 && status < 300)
        return NULL;
    if (ask->key.n)
        key = arena_printf(a, "[key: %.*s] ", STR_ARG(ask->key));
    code = s3_xml_find(a, answer->body, STR("Code"));
    words = s3_xml_find(a, answer->body, STR("Message"));
    if (is_busy(status))
        kind = E_UNAVAILABLE;
    else if (status == 404 && !str_eq(code, STR("NoSuchBucket")))
        kind = E_NOT_FOUND;
    return err_new(a, kind, NULL, "%.*s%u%s%.*s%s%.*s", STR_ARG(key), status, code.n ? " " : "",
                   STR_ARG(str_sub(code, 0, WORDS_MAX)), words.n ? ": " : "",
                   STR_ARG(str_sub(words, 0, WORDS_MAX)));
}

struct err *s3_call(struct arena *a, const struct s3 *s3, const struct s3_ask *ask,
                    struct net_answer *ret)
{
    struct net_answer answer;
    struct err *err = s3_send(a, s3, ask, &answer);

    if (!err)
        err = s3_refusal(a, ask, &answer);
    if (!err)
        *ret = answer;
    return err;
}
