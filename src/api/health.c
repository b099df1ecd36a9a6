/*
 * GET /api/health (services.md 4).
 */
#include "api/internal.h"

#include "backup/backup.h"

/* The first of these headers that the request has, configured ones before the usual ones. */
static struct str proxy_header(const struct api_call *call)
{
    static const struct str usual[] = {STR_INIT("CF-Connecting-IP"), STR_INIT("Fly-Client-IP"),
                                       STR_INIT("X-Forwarded-For")};
    const struct form_texts *own = &call->settings->trusted_proxy.headers;

    for (size_t i = 0; i < own->n; i++)
        if (req_header(call->req, own->items[i]).n > 0)
            return own->items[i];
    for (size_t i = 0; i < COUNT_OF(usual); i++)
        if (req_header(call->req, usual[i]).n > 0)
            return usual[i];
    return STR_NONE;
}

static struct err *write_health(struct api_call *call)
{
    struct buf *out = &call->req->resp.body;

    BUF_ADD(out, "{\"message\":\"API is healthy.\",\"code\":200,\"data\":{");
    if (call->caller.actor.superuser) {
        BUF_ADD(out, "\"canBackup\":");
        buf_add(out, backups_are_busy(call->api->backups) ? STR("false") : STR("true"));
        BUF_ADD(out, ",\"possibleProxyHeader\":");
        json_write_text(out, proxy_header(call));
        BUF_ADD(out, ",\"realIP\":");
        json_write_text(out, call->caller.ip);
    }
    BUF_ADD(out, "}}");
    req_answer_json(call->req, 200);
    return NULL;
}

const struct api_work api_health = {.steps = {{.place = AT_LOOP, .run = write_health}}};
