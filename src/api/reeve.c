/*
 * GET /api/reeve: what this server is and can do beyond PocketBase's API.
 */
#include "api/internal.h"

#include "base/limits.h"
#include "base/version.h"

#include <inttypes.h>

/* Names that a client may ask for before it uses what they mean. */
static const char *const features[] = {
    "advice",      /* /api/reeve/advice */
    "aggregates",  /* groupBy, aggregate: lists of records */
    "backups",     /* /api/reeve/backups, and .../{key}/verify */
    "crons",       /* /api/reeve/crons */
    "cursor",      /* cursor, from: lists of records */
    "etags",       /* ETag, If-Match, If-None-Match of records, collections and settings */
    "export",      /* lists as application/x-ndjson and text/csv; /api/reeve/export/{collection} */
    "logs.cursor", /* cursor, from: /api/logs */
    "metrics",     /* /api/reeve/metrics */
    "realtime",    /* /api/reeve/realtime; the subscription @reeve/schema */
    "rooms",       /* the setting realtime.rooms, /api/reeve/rooms/{room}, @reeve/rooms/{room} */
    "rules.test",  /* POST /api/reeve/rules/test */
    "schema.plan", /* POST /api/reeve/schema/plan */
    "settings",    /* /api/reeve/settings */
    "sql",         /* readOnly, maxRows, params, timeout: POST /api/sql */
    "stats",       /* /api/reeve/stats */
};

static void write_features(struct buf *out)
{
    BUF_ADD(out, "[");
    for (size_t i = 0; i < COUNT_OF(features); i++)
        buf_addf(out, "%s\"%s\"", i ? "," : "", features[i]);
    BUF_ADD(out, "]");
}

static void write_limits(struct buf *out, const struct api_call *call)
{
    const struct {
        const char *name;
        uint64_t value;
    } limits[] = {
        {"bodyBytes", LIMIT_BODY_BYTES},
        {"answerBytes", LIMIT_RESPONSE_BYTES},
        {"queryTimeoutSeconds", call->api->query_timeout_s},
        {"rateLimitRules", LIMIT_RATE_RULES},
    };

    BUF_ADD(out, "{");
    for (size_t i = 0; i < COUNT_OF(limits); i++)
        buf_addf(out, "%s\"%s\":%" PRIu64, i ? "," : "", limits[i].name, limits[i].value);
    BUF_ADD(out, "}");
}

static struct err *describe(struct api_call *call)
{
    struct buf *out = &call->req->resp.body;

    buf_addf(out, "{\"version\":\"%s\",\"pocketbase\":\"%s\",\"engine\":\"%s\",\"features\":",
             REEVE_VERSION, POCKETBASE_VERSION, db_engine(call->api->db));
    write_features(out);
    BUF_ADD(out, ",\"limits\":");
    write_limits(out, call);
    BUF_ADD(out, ",\"settings\":");
    settings_describe(out, SETTINGS_OWN);
    BUF_ADD(out, "}");
    req_answer_json(call->req, 200);
    return NULL;
}

const struct api_work api_reeve = {.steps = {{.place = AT_LOOP, .run = describe}}};
