/*
 * A call on its way to the pool.
 */
#include "api/internal.h"
#include "base/date.h"
#include "base/log.h"

struct api_call *api_call_of(struct job *job)
{
    return ((struct req *)((char *)job - offsetof(struct req, job)))->user;
}

/* Said once a second: a server that is busy is so for many. */
struct err *api_busy(struct api_call *call, const char *cause)
{
    static struct log_pace pace;
    struct err *err = err_new(call->arena, E_UNAVAILABLE, NULL, "%s", cause);

    err->retry_after_s = 1;
    err->logged = true;
    log_seldom(&pace, LOG_WARN, "api.busy", LOG_STR("path", call->req->path),
               LOG_CSTR("cause", cause));
    return err;
}

bool api_to_pool(struct api_call *call, enum pool_lane lane, void (*run)(struct job *job))
{
    struct job *job = &call->req->job;

    job->owed = call->committed || call->ends;
    job->run = run;
    call->queued_us = clock_us();
    if (!job->client)
        job->client = settings_ip_client(api_real_ip(call->arena, call->req, call->settings));
    if (pool_submit(call->api->pool, lane, job))
        return true;
    call->err = api_busy(call, "the pool's queue is full");
    return false;
}
