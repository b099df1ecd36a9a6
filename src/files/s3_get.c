/*
 * Reading from a bucket.
 *
 * A file is brought to disk in pieces, each a request of its own: one that fails is asked for
 * again by itself, and no more than one is in memory. What is stored under a key does not change.
 */
#include "files/s3_internal.h"

#include "base/limits.h"
#include "base/num.h"
#include "http/req.h"
#include "http/when.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAUSE_MS 1000 /* of whoever reads a part */

/* --- what is known of it ---------------------------------------------------------------------- */

static struct str header(const struct net_head *head, const char *name)
{
    return net_header(head, str_of(name));
}

static struct str original_name(struct arena *a, const struct net_head *head)
{
    struct str text = header(head, "x-amz-meta-original-filename");
    struct str name;

    return text.p && req_decode(a, text, false, &name) ? name : text;
}

struct err *s3_info(struct arena *a, const void *own, struct str key, const atomic_bool *gone,
                    struct blob_info *ret)
{
    const struct s3_ask ask = {.method = STR("HEAD"), .key = key, .reads = true, .gone = gone};
    struct blob_info info = {0};
    struct net_answer answer;
    struct err *err = s3_call(a, own, &ask, &answer);

    if (err)
        return err;
    if (!num_parse_u64(header(&answer.head, "content-length"), &info.size))
        return err_new(a, E_INTERNAL, NULL, "[key: %.*s] no size in the answer", STR_ARG(key));
    if (!http_when_read(header(&answer.head, "last-modified"), &info.modified_s))
        info.modified_s = 0;
    info.type = header(&answer.head, "content-type");
    if (info.type.n == 0)
        info.type = STR("application/octet-stream");
    info.original = original_name(a, &answer.head);
    *ret = info;
    return NULL;
}

/* --- parts of it ------------------------------------------------------------------------------ */

/* n > 0 */
static struct s3_ask ask_part(struct arena *a, struct str key, uint64_t at, uint64_t n)
{
    struct s3_ask ask = {.method = STR("GET"), .key = key, .reads = true};

    s3_ask_header(&ask, "range", arena_printf(a, "bytes=%" PRIu64 "-%" PRIu64, at, at + n - 1));
    return ask;
}

struct err *s3_fetch(struct arena *a, const void *own, struct str key, uint64_t at, uint64_t n,
                     const atomic_bool *gone, const struct net_events *events, void *user,
                     struct net_fetch **ret)
{
    const struct s3 *s3 = own;
    const struct s3_ask ask = ask_part(a, key, at, n);
    struct net_request request = s3_request(a, s3, &ask);

    request.gone = gone;
    request.pause_ms = PAUSE_MS;
    return net_fetch(a, s3->net, &request, events, user, ret);
}

/* --- all of it, on disk ----------------------------------------------------------------------- */

/* Without a name. */
static struct err *temp_file(struct arena *a, struct str dir, int *ret)
{
    static const struct str pattern = STR_INIT("/" FILE_TEMP_PREFIX "XXXXXX");
    const char *path = arena_cstr(a, dir);
    size_t size = dir.n + pattern.n + 1;
    char *name = arena_alloc(a, size);
    int fd;

    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return disk_failed(a, "making", path);
    fd = open(path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EOPNOTSUPP) {
        (void)snprintf(name, size, "%s%s", path, pattern.p);
        fd = mkostemp(name, O_CLOEXEC);
        if (fd >= 0)
            (void)unlink(name); /* or it is removed when the server starts again */
    }
    if (fd < 0)
        return disk_failed(a, "making a file in", path);
    *ret = fd;
    return NULL;
}

static struct err *write_at(struct arena *a, int fd, struct str data, uint64_t at)
{
    while (data.n > 0) {
        ssize_t n = pwrite(fd, data.p, data.n, (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return disk_failed(a, "writing", "a file from S3");
        data = str_from(data, (size_t)n);
        at += (uint64_t)n;
    }
    return NULL;
}

static struct err *bring_piece(struct arena *a, const struct s3 *s3, struct str key, int fd,
                               uint64_t at, uint64_t n)
{
    struct s3_ask ask = ask_part(a, key, at, n);
    struct net_answer answer;
    struct err *err;

    ask.answer_size = LIMIT_S3_PIECE_BYTES;
    err = s3_call(a, s3, &ask, &answer);
    if (err)
        return err;
    if (answer.body.n != n)
        return err_new(a, E_INTERNAL, NULL, "[key: %.*s] %zu bytes instead of %" PRIu64,
                       STR_ARG(key), answer.body.n, n);
    return write_at(a, fd, answer.body, at);
}

static struct err *bring(struct arena *a, const struct s3 *s3, struct str key, int fd,
                         uint64_t size)
{
    struct arena *turn = arena_child(a);
    struct err *err = NULL;

    for (uint64_t at = 0; at < size && !err; at += LIMIT_S3_PIECE_BYTES) {
        uint64_t n = size - at < LIMIT_S3_PIECE_BYTES ? size - at : LIMIT_S3_PIECE_BYTES;

        arena_reset(turn);
        err = err_copy(a, bring_piece(turn, s3, key, fd, at, n));
    }
    arena_free(turn);
    return err;
}

struct err *s3_open(struct arena *a, const void *own, struct str key, int *ret_fd,
                    struct blob_info *ret)
{
    const struct s3 *s3 = own;
    struct blob_info info;
    struct err *err = s3_info(a, s3, key, NULL, &info);
    int fd = -1;

    if (!err)
        err = temp_file(a, s3->temp_dir, &fd);
    if (!err)
        err = bring(a, s3, key, fd, info.size);
    if (err) {
        if (fd >= 0)
            (void)close(fd); /* it is dropped */
        return err;
    }
    *ret_fd = fd;
    *ret = info;
    return NULL;
}
