/*
 * GET /api/reeve/realtime?page=&perPage=: who listens, to what, and what came of it; superusers
 * alone.
 *
 *   {"clients": 2, "subscriptions": 3,                    connected, and what they subscribe to
 *    "topics": [{"topic": "posts",                        without options; the 100 that most have
 *                "subscriptions": 2}, …],
 *    "queue": {"changes": 0, "bytes": 0},                 of records, not delivered yet
 *    "delivered": {"events": 9, "bytes": 2048,            given to clients since the start
 *                  "lastMinute": {"events", "bytes"}},
 *    "ended": {"slow": 0,                                 streams whose client did not read,
 *              "idle": 0,                                 had no event for five minutes,
 *              "expired": 0,                              were open for thirty minutes,
 *              "behind": 0},                              for which the server itself was too slow
 *    "items": [{"id": "Xk3v9a",                           the beginning of the client's id
 *               "ip": "127.0.0.1",
 *               "auth": {"collectionId", "collectionName", "id"},    null: a guest
 *               "subscriptions": ["posts", …],            without options
 *               "moreSubscriptions": 0,                   that are not listed
 *               "connected": "2026-01-01 12:00:00.000Z",
 *               "waiting": 0}, …],                        bytes of events that it has not taken
 *    "page": 1, "perPage": 30, "totalItems": 2, "totalPages": 1}
 *
 * Items are clients, who came last first. Nothing in here lets one act as a client, and options are
 * left out since they may be secret. What does not end by itself is counted in `ended`, a client
 * that leaves is not.
 */
#include "api/internal.h"
#include "base/date.h"
#include "realtime/realtime.h"

static void write_number(struct buf *out, const char *name, uint64_t value)
{
    buf_addf(out, "\"%s\":", name);
    buf_add_u64(out, value);
}

static void write_topics(struct buf *out, const struct hub_report *report)
{
    BUF_ADD(out, ",\"topics\":[");
    for (size_t i = 0; i < report->n_topics; i++) {
        buf_add(out, i > 0 ? STR(",") : STR_NONE);
        BUF_ADD(out, "{\"topic\":");
        json_write_text(out, report->topics[i].name);
        BUF_ADD(out, ",");
        write_number(out, "subscriptions", report->topics[i].subscriptions);
        BUF_ADD(out, "}");
    }
    BUF_ADD(out, "]");
}

static void write_counts(struct buf *out, const struct hub_report *report)
{
    static const char *const ends[] = {[HUB_SLOW] = "slow",
                                       [HUB_QUIET] = "idle",
                                       [HUB_WHOLE] = "expired",
                                       [HUB_BEHIND] = "behind"};

    BUF_ADD(out, ",\"queue\":{");
    write_number(out, "changes", report->queued_changes);
    BUF_ADD(out, ",");
    write_number(out, "bytes", report->queued_bytes);
    BUF_ADD(out, "},\"delivered\":{");
    write_number(out, "events", report->events);
    BUF_ADD(out, ",");
    write_number(out, "bytes", report->bytes);
    BUF_ADD(out, ",\"lastMinute\":{");
    write_number(out, "events", report->minute_events);
    BUF_ADD(out, ",");
    write_number(out, "bytes", report->minute_bytes);
    BUF_ADD(out, "}},\"ended\":{");
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        buf_add(out, i > 0 ? STR(",") : STR_NONE);
        write_number(out, ends[i], report->ended[i]);
    }
    BUF_ADD(out, "}");
}

/* A collection may be gone before its clients are told to be guests. */
static void write_auth(struct buf *out, const struct schema *schema,
                       const struct hub_report_client *client)
{
    const struct schema_col *col = map_find(&schema->by_id, client->col);

    if (!col) {
        BUF_ADD(out, "null");
        return;
    }
    BUF_ADD(out, "{\"collectionId\":");
    json_write_text(out, col->id);
    BUF_ADD(out, ",\"collectionName\":");
    json_write_text(out, col->name);
    BUF_ADD(out, ",\"id\":");
    json_write_text(out, client->record);
    BUF_ADD(out, "}");
}

static void write_client(struct buf *out, const struct schema *schema,
                         const struct hub_report_client *client)
{
    char connected[DATE_TEXT_LEN + 1];

    date_format(connected, client->connected_ms);
    BUF_ADD(out, "{\"id\":");
    json_write_text(out, client->id);
    BUF_ADD(out, ",\"ip\":");
    json_write_text(out, client->ip);
    BUF_ADD(out, ",\"auth\":");
    write_auth(out, schema, client);
    BUF_ADD(out, ",\"subscriptions\":[");
    for (size_t i = 0; i < client->n_names; i++) {
        buf_add(out, i > 0 ? STR(",") : STR_NONE);
        json_write_text(out, client->names[i]);
    }
    BUF_ADD(out, "],");
    write_number(out, "moreSubscriptions", client->n_more);
    buf_addf(out, ",\"connected\":\"%s\",", connected);
    write_number(out, "waiting", client->waiting);
    BUF_ADD(out, "}");
}

static struct err *report(struct api_call *call)
{
    const struct rec_list_params params = {
        .page = req_query_get(call->req, STR("page")),
        .per_page = req_query_get(call->req, STR("perPage")),
    };
    struct hub_report *found = ARENA_NEW(call->arena, struct hub_report);
    struct buf *out = &call->req->resp.body;
    struct rec_page page;
    struct err *err = rec_page_read(call->arena, &params, &page);

    if (err)
        return err;
    hub_report(call->arena, call->api->hub, (size_t)page.offset, (size_t)page.per_page, found);
    BUF_ADD(out, "{");
    write_number(out, "clients", found->clients);
    BUF_ADD(out, ",");
    write_number(out, "subscriptions", found->subscriptions);
    write_topics(out, found);
    write_counts(out, found);
    BUF_ADD(out, ",\"items\":[");
    for (size_t i = 0; i < found->n_items; i++) {
        buf_add(out, i > 0 ? STR(",") : STR_NONE);
        write_client(out, call->schema, &found->items[i]);
    }
    rec_page_write(out, &page, (int64_t)found->clients);
    req_answer_json(call->req, 200);
    return NULL;
}

const struct api_work api_realtime_report = {.steps = {{.place = AT_POOL_READ, .run = report}}};
