/*
 * A canonical text of the request is hashed; the hash, the time and the scope make another text,
 * which is signed with a key derived from the secret and that scope.
 */
#include "files/s3_sign.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "base/date.h"

#include <stdlib.h>
#include <string.h>

#define ALGORITHM "AWS4-HMAC-SHA256"
#define IN_QUERY "-_.~"
#define IN_PATH IN_QUERY "/"

/* Texts here are as long as what they are made of, which has its own bounds. */
#define NO_CEILING (SIZE_MAX / 4)

/* --- encodings -------------------------------------------------------------------------------- */

static struct str hex(struct arena *a, const unsigned char bytes[SHA256_LEN])
{
    static const char digits[] = "0123456789abcdef";
    char *out = arena_alloc(a, (size_t)2 * SHA256_LEN);

    for (size_t i = 0; i < SHA256_LEN; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    return (struct str){out, (size_t)2 * SHA256_LEN};
}

struct str s3_hash(struct arena *a, struct str body)
{
    unsigned char sum[SHA256_LEN];

    sha256(sum, body);
    return hex(a, sum);
}

struct str s3_escape(struct arena *a, struct str text, const char *plain)
{
    AUTO_BUF struct buf out;

    buf_init(&out, NO_CEILING);
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool alphanumeric = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');

        if (alphanumeric || (c != '\0' && strchr(plain, c)))
            buf_add_byte(&out, (char)c);
        else
            buf_addf(&out, "%%%02X", c);
    }
    return arena_dup(a, buf_str(&out));
}

static struct str lower(struct arena *a, struct str name)
{
    char *out = arena_alloc(a, name.n);

    for (size_t i = 0; i < name.n; i++)
        out[i] = (char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] | 0x20 : name.p[i]);
    return (struct str){out, name.n};
}

/* --- the parts of the canonical request ------------------------------------------------------- */

static int compare(const void *x, const void *y)
{
    const struct net_header *a = x, *b = y;
    int order = str_cmp(a->name, b->name);

    return order ? order : str_cmp(a->value, b->value);
}

static struct str query_text(struct arena *a, const struct s3_request *request)
{
    struct net_header *pairs = ARENA_ARRAY(a, struct net_header, request->n_query);
    AUTO_BUF struct buf out;

    for (size_t i = 0; i < request->n_query; i++) {
        pairs[i].name = s3_escape(a, request->query[i].name, IN_QUERY);
        pairs[i].value = s3_escape(a, request->query[i].value, IN_QUERY);
    }
    if (request->n_query)
        qsort(pairs, request->n_query, sizeof(*pairs), compare);
    buf_init(&out, NO_CEILING);
    for (size_t i = 0; i < request->n_query; i++)
        buf_addf(&out, "%s%.*s=%.*s", i ? "&" : "", STR_ARG(pairs[i].name),
                 STR_ARG(pairs[i].value));
    return arena_dup(a, buf_str(&out));
}

/* What is signed, in order; there is room for one more. */
static struct net_header *signed_headers(struct arena *a, const struct s3_request *request,
                                         struct str time, size_t *ret_n)
{
    const struct net_header ours[] = {{STR("host"), request->host},
                                      {STR("x-amz-content-sha256"), request->hash},
                                      {STR("x-amz-date"), time}};
    size_t n = 0;
    struct net_header *all =
        ARENA_ARRAY(a, struct net_header, COUNT_OF(ours) + request->n_headers + 1);

    for (size_t i = 0; i < COUNT_OF(ours); i++)
        all[n++] = ours[i];
    for (size_t i = 0; i < request->n_headers; i++)
        all[n++] = (struct net_header){lower(a, request->headers[i].name),
                                       str_trim_space(request->headers[i].value)};
    qsort(all, n, sizeof(*all), compare);
    *ret_n = n;
    return all;
}

/* Runs of blanks count as one. */
static void add_value(struct buf *out, struct str value)
{
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] != ' ' || value.p[i - 1] != ' ') /* it was trimmed: none is first */
            buf_add_byte(out, value.p[i]);
}

static struct str names_text(struct arena *a, const struct net_header *headers, size_t n)
{
    AUTO_BUF struct buf out;

    buf_init(&out, NO_CEILING);
    for (size_t i = 0; i < n; i++)
        buf_addf(&out, "%s%.*s", i ? ";" : "", STR_ARG(headers[i].name));
    return arena_dup(a, buf_str(&out));
}

/* --- signing ---------------------------------------------------------------------------------- */

static struct str time_text(struct arena *a, int64_t ms)
{
    struct date_parts d = date_split(ms);

    return arena_printf(a, "%04d%02d%02dT%02d%02d%02dZ", d.year, d.month, d.day, d.hour, d.minute,
                        d.second);
}

static struct str signature(struct arena *a, const struct s3_keys *keys, struct str day,
                            struct str text)
{
    const struct str steps[] = {day, keys->region, STR("s3"), STR("aws4_request"), text};
    unsigned char key[SHA256_LEN];
    struct str so_far = keys->secret;

    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        hmac_sha256(key, i ? STR_NONE : STR("AWS4"), so_far, steps[i]);
        so_far = (struct str){(const char *)key, sizeof(key)};
    }
    return hex(a, key);
}

struct s3_signed s3_sign(struct arena *a, const struct s3_keys *keys,
                         const struct s3_request *request)
{
    struct str time = time_text(a, request->now_ms);
    struct str day = str_sub(time, 0, str_find_byte(time, 'T'));
    struct str scope =
        arena_printf(a, "%.*s/%.*s/s3/aws4_request", STR_ARG(day), STR_ARG(keys->region));
    struct str path = s3_escape(a, request->path, IN_PATH);
    struct str query = query_text(a, request);
    size_t n;
    struct net_header *headers = signed_headers(a, request, time, &n);
    struct str names = names_text(a, headers, n);
    struct str hash, text, sum;
    AUTO_BUF struct buf canonical;

    buf_init(&canonical, NO_CEILING);
    buf_addf(&canonical, "%.*s\n%.*s\n%.*s\n", STR_ARG(request->method), STR_ARG(path),
             STR_ARG(query));
    for (size_t i = 0; i < n; i++) {
        buf_addf(&canonical, "%.*s:", STR_ARG(headers[i].name));
        add_value(&canonical, headers[i].value);
        BUF_ADD(&canonical, "\n");
    }
    buf_addf(&canonical, "\n%.*s\n%.*s", STR_ARG(names), STR_ARG(request->hash));
    hash = s3_hash(a, buf_str(&canonical));
    text = arena_printf(a, ALGORITHM "\n%.*s\n%.*s\n%.*s", STR_ARG(time), STR_ARG(scope),
                        STR_ARG(hash));
    sum = signature(a, keys, day, text);
    headers[n].name = STR("authorization");
    headers[n].value =
        arena_printf(a, ALGORITHM " Credential=%.*s/%.*s,SignedHeaders=%.*s,Signature=%.*s",
                     STR_ARG(keys->access_key), STR_ARG(scope), STR_ARG(names), STR_ARG(sum));
    return (struct s3_signed){
        .target = arena_concat(a, path, query.n ? STR("?") : STR_NONE, query),
        .headers = headers,
        .n_headers = n + 1,
    };
}
