/*
 * Storing in a bucket: with one request, or in parts where there is much.
 *
 * Invariant: an upload in parts that has begun is finished or aborted, else the server keeps its
 * parts for ever.
 */
#include "files/s3_internal.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "base/limits.h"
#include "base/log.h"
#include "files/s3_xml.h"

#include <fcntl.h>
#include <unistd.h>

#define PARTS_MAX 10000 /* S3's own */
#define PLAIN                                                                           \
    "-_.~$&+:=@" /* what Go's url.PathEscape leaves in a segment, as PocketBase uses it \
                  */

/* Content, opened. */
struct source {
    const struct file_content *content;
    int fd; /* -1: it is in memory */
};

static void set_body(struct s3_ask *ask, const struct source *source, uint64_t at, uint64_t n)
{
    if (source->fd < 0)
        ask->body = str_sub(source->content->data, (size_t)at, (size_t)n);
    ask->has_file = source->fd >= 0;
    ask->fd = source->fd;
    ask->at = at;
    ask->n = n;
}

static void set_info(struct arena *a, struct s3_ask *ask, const struct blob_info *info)
{
    s3_ask_header(ask, "content-type", info->type);
    if (info->original.p)
        s3_ask_header(ask, "x-amz-meta-original-filename",
                      s3_escape(a, blob_original(info->original), PLAIN));
}

static struct err *put_whole(struct arena *a, const struct s3 *s3, struct str key,
                             const struct source *source, const struct blob_info *info)
{
    const struct file_content *content = source->content;
    const struct str sum = {(const char *)content->md5, sizeof(content->md5)};
    struct s3_ask ask = {.method = STR("PUT"), .key = key};
    struct net_answer answer;

    set_info(a, &ask, info);
    s3_ask_header(&ask, "content-md5", base64_encode(a, sum));
    set_body(&ask, source, 0, content->size);
    return s3_call(a, s3, &ask, &answer);
}

/* --- in parts --------------------------------------------------------------------------------- */

struct upload {
    const struct s3 *s3;
    struct str key;
    struct str id;
    VEC(struct str) tags; /* of the parts, in order */
};

static struct err *begin(struct arena *a, struct upload *upload, const struct blob_info *info)
{
    struct s3_ask ask = {.method = STR("POST"), .key = upload->key, .once = true};
    struct net_answer answer;
    struct err *err;

    s3_ask_query(&ask, "uploads", STR(""));
    set_info(a, &ask, info);
    err = s3_call(a, upload->s3, &ask, &answer);
    if (err)
        return err;
    upload->id = s3_xml_find(a, answer.body, STR("UploadId"));
    if (upload->id.n == 0)
        return err_new(a, E_INTERNAL, NULL, "[key: %.*s] no upload's id in the answer",
                       STR_ARG(upload->key));
    return NULL;
}

static struct err *put_part(struct arena *a, const struct upload *upload,
                            const struct source *source, uint64_t at, uint64_t n,
                            struct str *ret_tag)
{
    struct s3_ask ask = {.method = STR("PUT"), .key = upload->key};
    struct net_answer answer;
    struct err *err;

    s3_ask_query(&ask, "partNumber", arena_printf(a, "%zu", upload->tags.n + 1));
    s3_ask_query(&ask, "uploadId", upload->id);
    set_body(&ask, source, at, n);
    err = s3_call(a, upload->s3, &ask, &answer);
    if (!err)
        *ret_tag = net_header(&answer.head, STR("etag"));
    return err;
}

static struct err *put_all_parts(struct arena *a, struct upload *upload,
                                 const struct source *source)
{
    uint64_t size = source->content->size;
    uint64_t least = (size + PARTS_MAX - 1) / PARTS_MAX;
    uint64_t part = least > LIMIT_S3_PART_BYTES ? least : LIMIT_S3_PART_BYTES;
    struct arena *turn = arena_child(a);
    struct err *err = NULL;

    for (uint64_t at = 0; at < size && !err; at += part) {
        struct str tag = STR_NONE;

        arena_reset(turn);
        err = err_copy(
            a, put_part(turn, upload, source, at, size - at < part ? size - at : part, &tag));
        *VEC_PUSH(a, &upload->tags) = arena_dup(a, tag);
    }
    arena_free(turn);
    return err;
}

static struct str finish_body(struct arena *a, const struct upload *upload)
{
    AUTO_BUF struct buf out;

    buf_init(&out, LIMIT_S3_PAGE_BYTES);
    BUF_ADD(&out, "<CompleteMultipartUpload>");
    for (size_t i = 0; i < upload->tags.n; i++) {
        buf_addf(&out, "<Part><PartNumber>%zu</PartNumber><ETag>", i + 1);
        s3_xml_add(&out, upload->tags.items[i]);
        BUF_ADD(&out, "</ETag></Part>");
    }
    BUF_ADD(&out, "</CompleteMultipartUpload>");
    return arena_dup(a, buf_str(&out));
}

/* May fail with a status of success: that is sent before the server knows. */
static struct err *finish(struct arena *a, const struct upload *upload)
{
    struct s3_ask ask = {.method = STR("POST"), .key = upload->key, .once = true};
    struct net_answer answer;
    struct err *err;
    struct str code;

    s3_ask_query(&ask, "uploadId", upload->id);
    s3_ask_header(&ask, "content-type", STR("application/xml"));
    ask.body = finish_body(a, upload);
    err = s3_call(a, upload->s3, &ask, &answer);
    if (err)
        return err;
    code = s3_xml_find(a, answer.body, STR("Code"));
    if (code.n == 0)
        return NULL;
    return err_new(a, str_eq(code, STR("InternalError")) ? E_UNAVAILABLE : E_INTERNAL, NULL,
                   "[key: %.*s] %.*s", STR_ARG(upload->key), STR_ARG(code));
}

static void give_up(struct arena *a, const struct upload *upload)
{
    struct s3_ask ask = {.method = STR("DELETE"), .key = upload->key, .total_ms = LIMIT_S3_UNDO_MS};
    struct net_answer answer;
    struct err *err;

    s3_ask_query(&ask, "uploadId", upload->id);
    err = s3_call(a, upload->s3, &ask, &answer);
    if (err && err->kind != E_NOT_FOUND) /* its parts stay, and cost, until somebody looks */
        log_error("files.abort.failed", LOG_STR("cause", err->cause));
}

static struct err *put_in_parts(struct arena *a, const struct s3 *s3, struct str key,
                                const struct source *source, const struct blob_info *info)
{
    struct upload upload = {.s3 = s3, .key = key};
    struct err *err = begin(a, &upload, info);

    if (err)
        return err;
    err = put_all_parts(a, &upload, source);
    if (!err)
        err = finish(a, &upload);
    if (err)
        give_up(a, &upload);
    return err;
}

/* --- either ----------------------------------------------------------------------------------- */

/* The server may have stored it before its answer was lost. Where it is still out of reach, the
 * error of storing says so. */
static void take_back(struct arena *a, const struct s3 *s3, struct str key)
{
    const struct s3_ask ask = {
        .method = STR("DELETE"), .key = key, .once = true, .total_ms = LIMIT_S3_UNDO_MS};
    struct net_answer answer;
    struct err *err = s3_call(a, s3, &ask, &answer);

    if (err && err->kind == E_INTERNAL)
        log_error("files.remove.failed", LOG_STR("cause", err->cause));
}

struct err *s3_put(struct arena *a, const void *own, struct str key,
                   const struct file_content *content, const struct blob_info *info)
{
    struct source source = {content, -1};
    struct err *err;

    if (!content->data.p) {
        const char *path = arena_cstr(a, content->path);

        source.fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (source.fd < 0)
            return disk_failed(a, "opening", path);
    }
    err = content->size > LIMIT_S3_WHOLE_BYTES ? put_in_parts(a, own, key, &source, info)
                                               : put_whole(a, own, key, &source, info);
    if (source.fd >= 0)
        (void)close(source.fd); /* nothing was written */
    if (err && err->kind == E_UNAVAILABLE)
        take_back(a, own, key);
    return err;
}
