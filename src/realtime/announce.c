/*
 * Collections that have changed, told to superusers who have the topic @reeve/schema:
 *
 *   {"generation": 7, "collections": [{"id", "name"} that are new or other than before, …],
 *    "gone": [{"id", "name"} that are no more, …]}
 *
 * Each schema that is published is compared with the one before it, whoever has changed what: this
 * process or another one. It has its place in the queue: what was written under it comes later.
 * Generations count up in this process alone.
 */
#include "realtime/internal.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"

struct schema_note {
    struct note note;
    struct schema *schema; /* counted */
};

/* --- what has changed ------------------------------------------------------------------------ */

static void write_col(struct buf *out, const struct schema_col *col, size_t *n)
{
    if ((*n)++ > 0)
        BUF_ADD(out, ",");
    BUF_ADD(out, "{\"id\":");
    json_write_text(out, col->id);
    BUF_ADD(out, ",\"name\":");
    json_write_text(out, col->name);
    BUF_ADD(out, "}");
}

static bool is_same(const struct schema_col *col, const struct schema_col *before)
{
    return before && before->code == col->code;
}

/* before NULL: nothing was there. False: all is as it was. */
static bool write_changes(struct buf *out, const struct schema *before, const struct schema *now)
{
    static const struct schema nothing;
    size_t n_changed = 0, n_gone = 0;

    before = before ? before : &nothing;
    BUF_ADD(out, "{\"generation\":");
    buf_add_u64(out, now->snapshot.generation);
    BUF_ADD(out, ",\"collections\":[");
    for (size_t i = 0; i < now->n_cols; i++)
        if (!is_same(now->cols[i], map_find(&before->by_id, now->cols[i]->id)))
            write_col(out, now->cols[i], &n_changed);
    BUF_ADD(out, "],\"gone\":[");
    for (size_t i = 0; i < before->n_cols; i++)
        if (!map_find(&now->by_id, before->cols[i]->id))
            write_col(out, before->cols[i], &n_gone);
    BUF_ADD(out, "]}");
    return n_changed + n_gone > 0;
}

/* --- who hears of it ------------------------------------------------------------------------- */

/* Nobody but a superuser who is still the one that has subscribed. */
static struct err *may_hear(struct arena *a, struct hub *hub, const struct schema *schema,
                            const struct audience *audience, bool *ret)
{
    struct db_conn *conn;
    struct rec *found = NULL;
    struct err *err = NULL;

    *ret = false;
    if (!str_eq(audience->identity.col, schema->superusers->id))
        return NULL;
    err = db_reader(a, hub->conf.db, &conn);
    if (!err)
        err = identity_find(a, conn, schema, &audience->identity, &found);
    *ret = !err && found;
    return err;
}

/* Where it cannot be found out who they are they connect anew, and are asked then. */
static void tell_audience(struct arena *a, struct hub *hub, const struct schema *schema,
                          const struct audience *audience, struct str data)
{
    bool hears;
    struct err *err = may_hear(a, hub, schema, audience, &hears);

    if (err)
        log_warn("realtime.failed", LOG_STR("cause", err->cause));
    for (const struct place *place = audience->first; place; place = place->next) {
        if (err)
            hub->fresh.ended[HUB_BEHIND] += client_close(place->client);
        else if (hears)
            client_send(place->client, audience->name, data, hub->last_change);
    }
}

static void announce(struct hub *hub, const struct topic *topic, const struct schema *now)
{
    AUTO(arena_free) struct arena *a = arena_new();
    AUTO_BUF struct buf data;

    buf_init(&data, LIMIT_RESPONSE_BYTES);
    if (!write_changes(&data, hub->announced, now))
        return;
    for (const struct audience *it = topic->first; it; it = it->next)
        tell_audience(a, hub, now, it, buf_str(&data));
}

static void run_schema(struct hub *hub, struct note *note)
{
    struct schema_note *it = (struct schema_note *)note;
    const struct topic *topic = topics_find(&hub->topics, TOPIC_SCHEMA);

    if (topic)
        announce(hub, topic, it->schema);
    schema_unref(hub->announced);
    hub->announced = it->schema;
    memory_free(it, sizeof(*it));
}

/* --- any thread ------------------------------------------------------------------------------ */

void hub_schema_published(struct hub *hub, struct schema *schema)
{
    struct schema_note *it = memory_new(sizeof(*it));
    bool is_told;

    *it = (struct schema_note){.note = {.run = run_schema}, .schema = schema_ref(schema)};
    (void)pthread_mutex_lock(&hub->lock);
    is_told = !hub->stopping;
    if (is_told)
        hub_tell(hub, &it->note);
    (void)pthread_mutex_unlock(&hub->lock);
    if (is_told)
        return;
    schema_unref(it->schema);
    memory_free(it, sizeof(*it));
}
