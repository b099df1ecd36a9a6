#include "http/sink.h"

#include "base/limits.h"

/* A body that has this at the start of a piece is of no use any more. */
#define ENOUGH STR("enough!")

struct counter {
    struct pool *pool;
    struct buf bytes;
    uint64_t n, sum;
    bool done;
};

static void count_on_pool(struct job *job)
{
    struct req *req = (struct req *)(void *)((char *)job - offsetof(struct req, job));
    struct counter *counter = req->sink_user;

    counter->n += counter->bytes.n;
    for (size_t i = 0; i < counter->bytes.n; i++)
        counter->sum += (unsigned char)counter->bytes.p[i];
    counter->done = str_starts(buf_str(&counter->bytes), ENOUGH);
    buf_reset(&counter->bytes);
    req_sink_resume(req, counter->done ? SINK_IS_DONE : SINK_GOES_ON);
}

static enum sink_says to_pool(struct req *req)
{
    struct counter *counter = req->sink_user;

    req->job.run = count_on_pool;
    return pool_submit(counter->pool, POOL_WORK, &req->job) ? SINK_PAUSES : SINK_IS_DONE;
}

static enum sink_says take(struct req *req, struct str bytes)
{
    struct counter *counter = req->sink_user;

    buf_add(&counter->bytes, bytes);
    return counter->bytes.n < SINK_PIECE_BYTES ? SINK_GOES_ON : to_pool(req);
}

static enum sink_says end(struct req *req)
{
    return req->body_broken ? SINK_GOES_ON : to_pool(req);
}

static size_t held(const struct req *req)
{
    const struct counter *counter = req->sink_user;

    return counter->bytes.cap;
}

static void release(struct req *req)
{
    struct counter *counter = req->sink_user;

    buf_done(&counter->bytes);
}

static const struct req_sink sink = {take, end, held, release};

const struct req_sink *sink_for(struct pool *pool, struct req *req)
{
    struct counter *counter;

    if (!str_starts(req->content_type, STR("multipart/form-data")))
        return NULL;
    counter = ARENA_NEW(req->arena, struct counter);
    counter->pool = pool;
    buf_init(&counter->bytes, 8 * MIB);
    req->sink_user = counter;
    return &sink;
}

bool sink_seen(const struct req *req, uint64_t *ret_n, uint64_t *ret_sum)
{
    const struct counter *counter = req->sink_user;

    if (req->sink != &sink)
        return false;
    *ret_n = counter->n;
    *ret_sum = counter->sum;
    return true;
}
