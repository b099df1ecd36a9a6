#include "api/upload.h"

#include "api/internal.h"
#include "base/limits.h"

#define MOST_BYTES                                                                \
    ((size_t)(8 * MIB)) /* a ceiling: a piece, and what is read at once beyond it \
                         */

struct upload {
    const struct api *api;
    struct spool_conf conf;
    struct buf bytes;    /* what came and is not on disk */
    struct spool *spool; /* NULL: all is in `bytes` */
    bool whole;
};

static struct err *temp_path(void *user, struct arena *a, struct str *ret)
{
    const struct upload *upload = user;

    return file_store_temp_dir(a, upload->api->files, ret);
}

static void remove_temp(void *user, struct str path)
{
    const struct upload *upload = user;

    file_store_remove_temp(upload->api->files, path);
}

static void feed_on_pool(struct job *job)
{
    struct req *req = (struct req *)(void *)((char *)job - offsetof(struct req, job));
    struct upload *upload = req->sink_user;

    spool_feed(upload->spool, &upload->bytes, upload->whole);
    req_sink_resume(req, spool_state(upload->spool) == SPOOL_GOOD ? SINK_GOES_ON : SINK_IS_DONE);
}

/* Hands what is there to a pool thread. */
static enum sink_says to_disk(struct req *req)
{
    struct upload *upload = req->sink_user;

    if (!upload->spool)
        upload->spool = spool_open(&upload->conf, req->content_type);
    if (!req->job.client)
        req->job.client = api_client(upload->api, req);
    req->job.run = feed_on_pool;
    if (pool_submit(upload->api->pool, POOL_WORK, &req->job))
        return SINK_PAUSES;
    spool_give_up(upload->spool);
    return SINK_IS_DONE;
}

static enum sink_says take(struct req *req, struct str bytes)
{
    struct upload *upload = req->sink_user;

    buf_add(&upload->bytes, bytes);
    if (upload->bytes.full) { /* memory is short */
        if (!upload->spool)
            upload->spool = spool_open(&upload->conf, req->content_type);
        spool_give_up(upload->spool);
        return SINK_IS_DONE;
    }
    return upload->bytes.n < LIMIT_SPOOL_BYTES ? SINK_GOES_ON : to_disk(req);
}

static enum sink_says end(struct req *req)
{
    struct upload *upload = req->sink_user;

    upload->whole = true;
    if (upload->spool && !req->body_broken)
        return to_disk(req);
    req->body = buf_str(&upload->bytes);
    return SINK_GOES_ON;
}

static size_t held(const struct req *req)
{
    const struct upload *upload = req->sink_user;

    return upload->bytes.cap + (upload->spool ? spool_held(upload->spool) : 0);
}

static void release(struct req *req)
{
    struct upload *upload = req->sink_user;

    spool_close(TAKE(upload->spool));
    buf_done(&upload->bytes);
}

static const struct req_sink sink = {take, end, held, release};

const struct req_sink *upload_sink(const struct api *api, struct req *req)
{
    struct upload *upload;

    if (!str_starts(req->content_type, STR("multipart/form-data")))
        return NULL;
    upload = ARENA_NEW(req->arena, struct upload);
    upload->api = api;
    upload->conf = (struct spool_conf){temp_path, remove_temp, upload};
    buf_init(&upload->bytes, MOST_BYTES);
    upload->bytes.asks = true;
    req->sink_user = upload;
    return &sink;
}

const struct spool *upload_spool(const struct req *req)
{
    const struct upload *upload = req->sink_user;

    return req->sink == &sink ? upload->spool : NULL;
}
