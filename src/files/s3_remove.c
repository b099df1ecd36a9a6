/*
 * Removing from a bucket: a thousand keys with one request where the server knows how.
 */
#include "files/s3_internal.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "base/limits.h"
#include "base/md5.h"
#include "files/s3_xml.h"

/* --- one -------------------------------------------------------------------------------------- */

static struct err *remove_one(struct arena *a, const struct s3 *s3, struct str key)
{
    const struct s3_ask ask = {.method = STR("DELETE"), .key = key};
    struct net_answer answer;
    struct err *err = s3_call(a, s3, &ask, &answer);

    return err && err->kind == E_NOT_FOUND ? NULL : err;
}

/* One that is out of reach is not tried a thousand times. */
static struct err *remove_singly(struct arena *a, const struct s3 *s3, const struct str *keys,
                                 size_t n)
{
    struct arena *turn = arena_child(a);
    struct err *first = NULL;

    for (size_t i = 0; i < n; i++) {
        struct err *err;

        arena_reset(turn);
        err = remove_one(turn, s3, keys[i]);
        if (!first)
            first = err_copy(a, err);
        if (err && err->kind == E_UNAVAILABLE)
            break;
    }
    arena_free(turn);
    return first;
}

/* --- many ------------------------------------------------------------------------------------- */

static struct str batch_body(struct arena *a, const struct str *keys, size_t n)
{
    AUTO_BUF struct buf out;

    buf_init(&out, LIMIT_S3_PAGE_BYTES);
    BUF_ADD(&out, "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                  "<Quiet>true</Quiet>");
    for (size_t i = 0; i < n; i++) {
        BUF_ADD(&out, "<Object><Key>");
        s3_xml_add(&out, keys[i]);
        BUF_ADD(&out, "</Key></Object>");
    }
    BUF_ADD(&out, "</Delete>");
    return arena_dup(a, buf_str(&out));
}

static struct str md5_text(struct arena *a, struct str data)
{
    unsigned char sum[MD5_LEN];

    md5(sum, data);
    return base64_encode(a, (struct str){(const char *)sum, sizeof(sum)});
}

/* The first key that a batch could not remove. */
static struct err *batch_err(struct arena *a, struct str xml)
{
    struct s3_xml at = {.rest = xml};
    struct str key = STR_NONE, code = STR_NONE, words = STR_NONE;

    while (s3_xml_next(&at)) {
        if (str_eq(at.name, STR("Key")))
            key = at.text;
        else if (str_eq(at.name, STR("Code")))
            code = at.text;
        else if (str_eq(at.name, STR("Message")))
            words = at.text;
        else if (str_eq(at.name, STR("Error")))
            return err_new(a, E_INTERNAL, NULL, "removing [key: %.*s] %.*s: %.*s", STR_ARG(key),
                           STR_ARG(code), STR_ARG(words));
    }
    return NULL;
}

static bool is_unknown(unsigned status)
{
    return status == 400 || status == 405 || status == 501;
}

/* At most S3_PAGE_KEYS. */
static struct err *remove_batch(struct arena *a, const struct s3 *s3, const struct str *keys,
                                size_t n)
{
    struct s3_ask ask = {.method = STR("POST"), .answer_size = LIMIT_S3_PAGE_BYTES};
    struct net_answer answer;
    struct err *err;

    if (n == 1)
        return remove_one(a, s3, keys[0]);
    ask.body = batch_body(a, keys, n);
    s3_ask_query(&ask, "delete", STR(""));
    s3_ask_header(&ask, "content-md5", md5_text(a, ask.body));
    s3_ask_header(&ask, "content-type", STR("application/xml"));
    err = s3_send(a, s3, &ask, &answer);
    if (err)
        return err;
    if (is_unknown(answer.head.status))
        return remove_singly(a, s3, keys, n);
    err = s3_refusal(a, &ask, &answer);
    return err ? err : batch_err(a, answer.body);
}

struct err *s3_remove(struct arena *a, const void *own, const struct str *keys, size_t n)
{
    struct arena *turn = arena_child(a);
    struct err *first = NULL;

    for (size_t at = 0; at < n; at += S3_PAGE_KEYS) {
        size_t left = n - at;
        struct err *err;

        arena_reset(turn);
        err = remove_batch(turn, own, keys + at, left < S3_PAGE_KEYS ? left : S3_PAGE_KEYS);
        if (!first)
            first = err_copy(a, err);
    }
    arena_free(turn);
    return first;
}

/* --- trees ------------------------------------------------------------------------------------ */

/*
 * Times are told in whole seconds, by a clock that may differ from ours: what was stored in the
 * second in question stays, and so does what has no time. Better that something is left than that
 * something new is lost.
 */
static bool is_young(const struct s3_page *page, const struct s3_entry *entry, int64_t before_ms)
{
    int64_t modified_s = entry->info.modified_s;

    if (before_ms == INT64_MAX)
        return false;
    return modified_s == 0 || (modified_s + 1) * 1000 > before_ms + page->clock_ms;
}

static struct err *remove_page(struct arena *a, const struct s3 *s3, const struct s3_page *page,
                               int64_t before_ms)
{
    struct str *keys = ARENA_ARRAY(a, struct str, page->entries.n);
    size_t n = 0;

    for (size_t i = 0; i < page->entries.n; i++)
        if (!is_young(page, &page->entries.items[i], before_ms))
            keys[n++] = page->entries.items[i].key;
    return n ? s3_remove(a, s3, keys, n) : NULL;
}

struct err *s3_remove_tree(struct arena *a, const void *own, struct str prefix, int64_t before_ms)
{
    struct arena *turn = arena_child(a);
    struct s3_page page = {0};
    struct err *first = NULL;
    struct err *err;

    do {
        struct str next = arena_dup(a, page.next);

        arena_reset(turn);
        err = s3_page(turn, own, prefix, next, &page);
        if (err)
            page.next = STR_NONE; /* *ret of it or not, nothing of it is removed */
        else
            err = remove_page(turn, own, &page, before_ms);
        if (!first)
            first = err_copy(a, err);
    } while (page.next.n);
    arena_free(turn);
    return first;
}
