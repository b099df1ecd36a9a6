/*
 * Who may see a change, and what it looks like to them.
 */
#include "realtime/internal.h"

#include "base/date.h"
#include "base/limits.h"
#include "base/log.h"

/* --- who asks -------------------------------------------------------------------------------- */

/* What is deleted with the caller's record is told to it as that was. */
static struct err *find_auth(struct arena *a, const struct judge *judge,
                             const struct identity *identity, struct rec **ret)
{
    struct err *err = identity_find(a, judge->conn, judge->schema, identity, ret);

    if (!err && !*ret && judge->before)
        err = identity_find(a, judge->before, judge->schema, identity, ret);
    return err;
}

/* What the name says, and the record of who subscribed as it is by now; in audience->known. */
static struct err *read_audience(const struct judge *judge, struct audience *audience)
{
    struct arena *a = audience->known;
    struct topic_options *options = &audience->options;
    struct query_picker *picker = NULL;
    struct rec *auth = NULL;
    struct err *err = NULL;

    if (audience->identity.col.n > 0)
        err = find_auth(a, judge, &audience->identity, &auth);
    if (!err && audience->identity.col.n > 0 && !auth)
        err = err_new(a, E_FORBIDDEN, NULL, "who subscribed is no more");
    if (err)
        return err;
    *options = topic_options_of(a, audience->name);
    audience->picker = query_picker_parse(a, options->fields, &picker) ? NULL : picker;
    audience->schema = schema_ref(judge->schema);
    audience->actor = (struct rec_actor){.scope = {.schema = audience->schema},
                                         .request = {.context = STR("realtime"),
                                                     .method = STR("GET"),
                                                     .query = options->query,
                                                     .n_query = options->n_query,
                                                     .headers = options->headers,
                                                     .n_headers = options->n_headers}};
    rec_actor_set_auth(a, &audience->actor, auth);
    return NULL;
}

static struct err *know(const struct judge *judge, struct audience *audience)
{
    struct err *err;

    audience_forget(audience);
    audience->known = arena_new();
    err = err_copy(judge->a, read_audience(judge, audience));
    if (err)
        audience_forget(audience);
    return err;
}

static struct err *check_actor(struct judge *judge, struct audience *audience)
{
    struct err *err = NULL;

    if (audience->schema != judge->schema) {
        err = know(judge, audience);
        judge->cpu_at_us = clock_thread_cpu_us(); /* that comes once */
    }
    if (!err)
        audience->actor.scope.now_ms = judge->now_ms;
    return err;
}

/* --- the database ---------------------------------------------------------------------------- */

void desk_init(struct desk *desk)
{
    desk->scratch = arena_new();
    desk->kept = arena_new();
}

void desk_clear(struct desk *desk)
{
    arena_reset(desk->scratch);
    arena_reset(desk->kept);
}

void desk_free(struct desk *desk)
{
    arena_free(desk->scratch);
    arena_free(desk->kept);
}

bool judge_begin(struct judge *judge, struct hub *hub, const struct desk *desk,
                 struct rec_changes *changes, struct pin *pin)
{
    struct err *err;

    *judge = (struct judge){.hub = hub,
                            .a = desk->scratch,
                            .kept = desk->kept,
                            .schema = changes->schema,
                            .changes = changes,
                            .pin = pin,
                            .before = pin ? pin->conn : NULL,
                            .cpu_us = LIMIT_HUB_CPU_US,
                            .now_ms = date_now_ms()};
    err = db_reader(judge->a, hub->conf.db, &judge->conn);
    if (err)
        log_error("realtime.failed", LOG_STR("cause", err->cause));
    return !err;
}

static struct err *read_begin(struct judge *judge)
{
    struct err *err;

    if (judge->is_reading)
        return NULL;
    err = db_read_begin(judge->a, judge->conn);
    judge->is_reading = !err;
    return err;
}

/* From now on, for the next question. */
static void limit(const struct judge *judge, struct db_conn *conn)
{
    const struct db_limits limits = {.cpu_us = judge->cpu_us};

    db_set_limits(conn, &limits);
}

void judge_end(struct judge *judge)
{
    if (judge->is_reading)
        (void)db_read_end(judge->conn); /* what was read is told already */
    if (judge->conn)
        db_set_limits(judge->conn, NULL);
    if (judge->before)
        db_set_limits(judge->before, NULL);
}

/* --- questions ------------------------------------------------------------------------------- */

/* A rule or filter that is none is satisfied by nobody; all else is for whoever runs the server. */
static void fail(struct judge *judge, const struct audience *audience, const struct err *err)
{
    judge->is_slow |= err->kind == E_OVER_BUDGET;
    if (err->kind != E_BAD_REQUEST && err->kind != E_FORBIDDEN && err->kind != E_OVER_BUDGET)
        log_warn("realtime.rule.failed", LOG_STR("subscription", audience->name),
                 LOG_STR("cause", err->cause));
}

static struct err *sees(struct judge *judge, struct audience *audience, struct db_conn *conn,
                        struct rec_stored *stored, const struct schema_rule *rule,
                        enum query_verdict *ret)
{
    return rec_sees(judge->a, conn, stored, &audience->actor, judge->rec->col, judge->judged, rule,
                    audience->options.filter, ret);
}

/* Of the state before a delete, and of that after all else. */
static struct err *ask(struct judge *judge, struct audience *audience,
                       const struct schema_rule *rule, enum query_verdict *ret)
{
    const bool deletes = judge->action == REC_DELETE;
    struct db_conn *conn = deletes ? judge->before : judge->conn;
    struct err *err = deletes ? NULL : read_begin(judge);

    *ret = QUERY_NO;
    judge->is_cut |= !conn;
    if (err || !conn)
        return err;
    limit(judge, conn);
    return sees(judge, audience, conn, &judge->stored, rule, ret);
}

bool judge_sees(struct judge *judge, struct audience *audience, const struct schema_rule *rule)
{
    enum query_verdict verdict = QUERY_NO;
    struct err *err = check_actor(judge, audience);

    judge->is_slow = false;
    /* who asks may have gone with the record */
    judge->is_cut |= err && judge->action == REC_DELETE && !judge->before;
    if (!err)
        err = sees(judge, audience, judge->conn, NULL, rule, &verdict);
    if (!err && verdict == QUERY_CANNOT && audience->is_aside)
        judge->is_slow = true;
    else if (!err && verdict == QUERY_CANNOT)
        err = ask(judge, audience, rule, &verdict);
    if (err)
        fail(judge, audience, err);
    return !err && verdict == QUERY_YES;
}

static struct str message(struct judge *judge, const struct audience *audience)
{
    static const char *const actions[] = {
        [REC_CREATE] = "create", [REC_UPDATE] = "update", [REC_DELETE] = "delete"};
    const struct topic_options *options = &audience->options;
    struct str record;
    struct err *err = NULL;

    if (rec_show_asks(&audience->actor, judge->rec->col, options->expand)) {
        if (audience->is_aside) {
            judge->is_slow = true;
            return STR_NONE;
        }
        err = read_begin(judge);
        limit(judge, judge->conn);
    }
    if (!err)
        err = rec_show(judge->a, judge->conn, &audience->actor, judge->rec, options->expand,
                       audience->picker, &record);
    if (err) {
        fail(judge, audience, err);
        return STR_NONE;
    }
    return arena_printf(judge->kept, "{\"record\":%.*s,\"action\":\"%s\"}", STR_ARG(record),
                        actions[judge->action]);
}

/* It is the same for all who show it so. */
struct shape {
    bool superuser;
    struct str fields;
    struct str data;
};

/* Whether others see the same as the audience does, by who they are and what they ask for alone. */
static bool is_shared(const struct judge *judge, const struct audience *audience)
{
    return audience->options.expand.n == 0 && !judge->rec->col->auth;
}

struct str judge_message(struct judge *judge, struct audience *audience)
{
    const struct shape wanted = {.superuser = audience->actor.superuser,
                                 .fields = audience->options.fields};
    struct shape *shape;

    if (!is_shared(judge, audience))
        return message(judge, audience);
    for (size_t i = 0; i < judge->shapes.n; i++) {
        shape = &judge->shapes.items[i];
        if (shape->superuser == wanted.superuser && str_eq(shape->fields, wanted.fields))
            return shape->data;
    }
    shape = VEC_PUSH(judge->kept, &judge->shapes);
    *shape = wanted;
    shape->data = message(judge, audience);
    return shape->data;
}
