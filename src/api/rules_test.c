/*
 * POST /api/reeve/rules/test: may somebody do something, and why not; superusers alone.
 *
 *   {"collection": "posts",          name or id
 *    "action": "update",             list, view, create, update, delete; of auth collections, too:
 *                                    manage, and auth, which asks whether the record may log in
 *    "rule": "author = @request.auth.id",   tried in place of the stored one; null: superusers only
 *    "as": "users/RECORD_ID",        who asks; null, or missing: a guest
 *    "record": "RECORD_ID",          of all but list and create
 *    "body": {…},                    @request.body; of a create the new record, of an update its
 *                                    changes
 *    "query": {"name": "text"},      @request.query
 *    "headers": {"X-Name": "text"},  @request.headers
 *    "method": "PATCH",              else the one of the action
 *    "context": "default"}           else "default", and "password" of auth
 *
 *   {"allowed": false,               of a list: whether he may ask; `ids` are what he sees
 *    "reason": "The record does not satisfy the rule.",
 *    "rule": "…",                    the one that was tried; null: superusers only
 *    "parts": [{"text": "author = @request.auth.id",
 *               "op": null,          how it joins what stands before it: "&&", "||"
 *               "value": false,      of the record, by itself; null: it was not asked, or has none
 *               "matches": 3, "more": false,   of a list: so many records, 1,000 at most
 *               "error": "…",        only where it gave no answer
 *               "parts": []}, …],    of a group
 *    "ids": [], "totalItems": 0,     of a list the first 100; else the record, where it is allowed
 *    "sql": "SELECT …", "params": […], "plan": ["…"], "ms": 0.123}     of the whole rule; null and
 *                                    empty where the database has nothing to say
 *
 * Nothing is written. A create and an update are judged by the functions that judge them before
 * they are stored, on a reader: a create's row is one of values in a statement, an update's is the
 * stored one, with the body as its modifiers make it. What else may be wrong with a record is not
 * looked at, and nobody who listens to it is asked. Parts are asked one by one: where two of them
 * speak of one of many related records, each may be true by itself, and both together false.
 */
#include "api/collections.h"
#include "api/internal.h"

#include <inttypes.h>

#define INVALID "An error occurred while validating the submitted data."
#define RULE_BYTES (64 * 1024) /* groups are told with all that is in them, so it counts often */

struct rules_test {
    struct rec_try try;
    struct rec_actor actor;
    struct schema_rule rule;
};

/* clang-format off */
static const struct test_action {
    const char *name, *method;
    bool has_record;
} actions[] = {
    [REC_TRY_LIST]   = {"list",   "GET",    false},
    [REC_TRY_VIEW]   = {"view",   "GET",    true},
    [REC_TRY_CREATE] = {"create", "POST",   false},
    [REC_TRY_UPDATE] = {"update", "PATCH",  true},
    [REC_TRY_DELETE] = {"delete", "DELETE", true},
    [REC_TRY_MANAGE] = {"manage", "PATCH",  true},
    [REC_TRY_AUTH]   = {"auth",   "POST",   true},
};
/* clang-format on */

/* --- the question ----------------------------------------------------------------------------- */

struct reading {
    struct api_call *call;
    struct arena *a;
    const struct json *body;
    struct rules_test *test;
    struct err *items;
};

static void refuse(struct reading *reading, const char *member, enum err_code_id code)
{
    err_add_item(reading->a, &reading->items, str_of(member), code, STR_NONE);
}

/* NULL: it is missing or null, or no text, which is told. */
static const struct json *text_member(struct reading *reading, const char *member, bool required)
{
    const struct json *value = json_get(reading->body, str_of(member));

    if (!value || value->type == JSON_NULL ||
        (required && value->type == JSON_TEXT && value->text.n == 0)) {
        if (required)
            refuse(reading, member, CODE_REQUIRED);
        return NULL;
    }
    if (value->type == JSON_TEXT)
        return value;
    refuse(reading, member, CODE_INVALID);
    return NULL;
}

/* NULL: the same of an object. */
static const struct json *object_member(struct reading *reading, const char *member)
{
    const struct json *value = json_get(reading->body, str_of(member));

    if (!value || value->type == JSON_NULL)
        return NULL;
    if (value->type == JSON_OBJECT)
        return value;
    refuse(reading, member, CODE_INVALID);
    return NULL;
}

static void check_members(struct reading *reading)
{
    static const char *const known[] = {"collection", "action", "rule",    "as",     "record",
                                        "body",       "query",  "headers", "method", "context"};

    for (uint32_t i = 0; reading->body && i < reading->body->n; i++) {
        const struct str key = reading->body->members[i].key;
        bool is_known = false;

        for (size_t k = 0; k < COUNT_OF(known); k++)
            is_known |= str_eq(key, str_of(known[k]));
        if (!is_known)
            err_add_raw_item(reading->a, &reading->items, key, STR("validation_unknown_member"),
                             STR("There is no such member"), STR_NONE);
    }
}

static bool read_action(struct reading *reading)
{
    const struct json *name = text_member(reading, "action", true);

    for (size_t i = 0; name && i < COUNT_OF(actions); i++)
        if (str_eq(name->text, str_of(actions[i].name))) {
            reading->test->try.action = (enum rec_try_action)i;
            return true;
        }
    if (name)
        refuse(reading, "action", CODE_IN);
    return false;
}

static bool read_collection(struct reading *reading)
{
    const struct json *which = text_member(reading, "collection", true);

    if (!which)
        return false;
    reading->test->try.col = schema_find(reading->call->schema, which->text);
    if (!reading->test->try.col)
        refuse(reading, "collection", CODE_COLLECTION_ID);
    return reading->test->try.col != NULL;
}

static void check_rule(struct reading *reading)
{
    const struct rules_test *test = reading->test;
    const int64_t now_ms = reading->call->caller.actor.scope.now_ms;
    struct arena *a = reading->a;
    struct str why = STR_NONE;

    if (!test->rule.set || test->rule.text.n == 0)
        return;
    if (test->rule.text.n > RULE_BYTES) {
        err_add_item(a, &reading->items, STR("rule"), CODE_LENGTH_TOO_LONG,
                     arena_printf(a, "{\"max\":%d,\"min\":0}", RULE_BYTES));
        return;
    }
    if (!coll_rule_compiles(a, db_conn_dialect(reading->call->conn), reading->call->schema,
                            test->try.col, test->rule.text, now_ms, &why))
        err_add_raw_item(a, &reading->items, STR("rule"), STR("validation_invalid_rule"),
                         arena_concat(a, STR("Invalid rule. Raw error: "), why, STR_NONE),
                         STR_NONE);
}

/* Of a collection and an action that are known: the stored one, or what is tried in its place. */
static void read_rule(struct reading *reading)
{
    const struct json *given = json_get(reading->body, STR("rule"));
    struct rec_try *try = &reading->test->try;
    const struct schema_rule *stored = rec_try_rule(try->col, try->action);
    struct schema_rule *rule = &reading->test->rule;

    try->rule = rule;
    if (!stored) {
        if (try->action == REC_TRY_MANAGE || try->action == REC_TRY_AUTH)
            refuse(reading, "action", CODE_COLLECTION_TYPE);
        else
            err_add_raw_item(reading->a, &reading->items, STR("action"),
                             STR("validation_invalid_collection_type"),
                             STR("Unsupported collection type"), STR_NONE);
        return;
    }
    *rule = given ? (struct schema_rule){.set = given->type == JSON_TEXT} : *stored;
    if (given && rule->set)
        rule->text = given->text;
    else if (given && given->type != JSON_NULL)
        refuse(reading, "rule", CODE_INVALID);
    if (given && rule->set && rule->text.n == 0 && try->action == REC_TRY_MANAGE)
        refuse(reading, "rule", CODE_NIL_OR_NOT_EMPTY);
    check_rule(reading);
}

static void read_record(struct reading *reading)
{
    struct rec_try *try = &reading->test->try;
    const bool has_record = actions[try->action].has_record;
    const struct json *id = text_member(reading, "record", has_record);

    if (id && !has_record)
        refuse(reading, "record", CODE_NIL);
    else if (id)
        try->id = id->text;
}

/* Texts by name; names as the rules of headers have them, where those are headers. */
static const struct query_pair *read_pairs(struct reading *reading, const char *member,
                                           bool are_headers, size_t *ret_n)
{
    const struct json *object = object_member(reading, member);
    struct query_pair *pairs = ARENA_ARRAY(reading->a, struct query_pair, object ? object->n : 0);

    *ret_n = 0;
    for (uint32_t i = 0; object && i < object->n; i++) {
        const struct str name = object->members[i].key;
        const struct json *value = &object->members[i].value;

        if (value->type != JSON_TEXT) {
            refuse(reading, member, CODE_INVALID);
            return pairs;
        }
        if (!are_headers || api_header_is_seen(name))
            pairs[(*ret_n)++] = (struct query_pair){
                are_headers ? api_header_name(reading->a, name) : name, value->text};
    }
    return pairs;
}

static void read_request(struct reading *reading, bool has_action)
{
    const enum rec_try_action action = reading->test->try.action;
    struct query_request *request = &reading->test->actor.request;
    const struct json *method = text_member(reading, "method", false);
    const struct json *context = text_member(reading, "context", false);

    reading->test->try.body = object_member(reading, "body");
    request->query = read_pairs(reading, "query", false, &request->n_query);
    request->headers = read_pairs(reading, "headers", true, &request->n_headers);
    if (!has_action)
        return;
    request->method = method ? method->text : str_of(actions[action].method);
    request->context = action == REC_TRY_AUTH ? STR("password") : STR("default");
    if (context)
        request->context = context->text;
}

/* Who asks has neither files nor listeners: nobody is told of what he does not do. */
static struct err *read_caller(struct reading *reading)
{
    const struct json *as = text_member(reading, "as", false);
    struct rec_actor *actor = &reading->test->actor;
    struct rec *rec = NULL;
    struct err *err;

    actor->scope = (struct rec_scope){.schema = reading->call->schema,
                                      .now_ms = reading->call->caller.actor.scope.now_ms};
    if (as) {
        err =
            rec_find_caller(reading->a, reading->call->conn, reading->call->schema, as->text, &rec);
        if (err)
            return err;
        if (!rec)
            refuse(reading, "as", CODE_RECORD);
    }
    rec_actor_set_auth(reading->a, actor, rec);
    return NULL;
}

static struct err *read_test(struct api_call *call)
{
    struct rules_test *test = ARENA_NEW(call->arena, struct rules_test);
    struct reading reading = {.call = call, .a = call->arena, .test = test};
    struct err *err = api_body(call, &reading.body);
    bool has_col, has_action;

    call->state = test;
    if (err)
        return err;
    check_members(&reading);
    has_col = read_collection(&reading);
    has_action = read_action(&reading);
    if (has_col && has_action)
        read_rule(&reading);
    if (has_action)
        read_record(&reading);
    read_request(&reading, has_action);
    err = read_caller(&reading);
    if (err)
        return err;
    if (reading.items)
        return err_say(reading.items, INVALID);
    test->try.actor = &test->actor;
    test->try.gone = &call->req->gone;
    return rec_try_begin(call->arena, call->conn, &test->try);
}

/* Whether its draft comes to what the step's `what` says. */
static bool is_next(const struct api_call *call)
{
    const struct rules_test *test = call->state;

    return test->try.draft && rec_draft_next(test->try.draft) == (enum rec_next)call->step->what;
}

static struct err *complete_draft(struct api_call *call)
{
    const struct rules_test *test = call->state;

    return rec_draft_go_on(call->arena, test->try.draft);
}

/* --- the answer ------------------------------------------------------------------------------- */

static void write_truth(struct buf *out, bool truth)
{
    buf_add(out, truth ? STR("true") : STR("false"));
}

static void write_verdict(struct buf *out, enum query_verdict verdict)
{
    if (verdict == QUERY_CANNOT)
        BUF_ADD(out, "null");
    else
        write_truth(out, verdict == QUERY_YES);
}

/* As deep as the rule's groups. */
static void write_parts(struct buf *out, const struct rec_try_part *parts, size_t n)
{
    BUF_ADD(out, "[");
    for (size_t i = 0; i < n; i++) {
        const struct rec_try_part *part = &parts[i];

        buf_add(out, i > 0 ? STR(",{\"text\":") : STR("{\"text\":"));
        json_write_text(out, part->text);
        BUF_ADD(out, ",\"op\":");
        if (i == 0)
            BUF_ADD(out, "null");
        else
            buf_add(out, part->is_or ? STR("\"||\"") : STR("\"&&\""));
        BUF_ADD(out, ",\"value\":");
        write_verdict(out, part->value);
        if (part->matches >= 0) {
            buf_addf(out, ",\"matches\":%" PRId64 ",\"more\":", part->matches);
            write_truth(out, part->more);
        }
        if (part->why.n > 0) {
            BUF_ADD(out, ",\"error\":");
            json_write_text(out, part->why);
        }
        BUF_ADD(out, ",\"parts\":");
        write_parts(out, part->parts, part->n);
        BUF_ADD(out, "}");
    }
    BUF_ADD(out, "]");
}

static void write_value(struct buf *out, const struct db_value *value)
{
    switch (value->type) {
    case DB_NULL:
        BUF_ADD(out, "null");
        return;
    case DB_INT:
        buf_add_i64(out, value->i);
        return;
    case DB_REAL:
        json_write_double(out, value->d);
        return;
    case DB_TEXT:
    case DB_BLOB:
        json_write_text(out, value->s);
        return;
    }
    BUG("no type of a value");
}

/* Lines under others are further in. */
static void write_plan(struct buf *out, struct arena *a, const struct db_plan *plan)
{
    BUF_ADD(out, "[");
    for (size_t i = 0; i < plan->n; i++) {
        const struct db_plan_line *line = &plan->items[i];

        buf_add(out, i > 0 ? STR(",") : STR_NONE);
        json_write_text(out,
                        arena_printf(a, "%*s%.*s", 2 * (int)line->depth, "", STR_ARG(line->text)));
    }
    BUF_ADD(out, "]");
}

static void write_statement(struct buf *out, struct arena *a, const struct rec_tried *tried)
{
    BUF_ADD(out, ",\"sql\":");
    if (tried->sql.p)
        json_write_text(out, tried->sql);
    else
        BUF_ADD(out, "null");
    BUF_ADD(out, ",\"params\":[");
    for (unsigned i = 0; i < tried->n_values; i++) {
        buf_add(out, i > 0 ? STR(",") : STR_NONE);
        write_value(out, &tried->values[i]);
    }
    BUF_ADD(out, "],\"plan\":");
    write_plan(out, a, &tried->plan);
    buf_addf(out, ",\"ms\":%" PRIu64 ".%03" PRIu64, tried->elapsed_us / 1000,
             tried->elapsed_us % 1000);
}

static void write_tried(struct buf *out, struct arena *a, const struct schema_rule *rule,
                        const struct rec_tried *tried)
{
    BUF_ADD(out, "{\"allowed\":");
    write_truth(out, tried->allowed);
    BUF_ADD(out, ",\"reason\":");
    json_write_text(out, tried->reason);
    BUF_ADD(out, ",\"rule\":");
    if (rule->set)
        json_write_text(out, rule->text);
    else
        BUF_ADD(out, "null");
    BUF_ADD(out, ",\"parts\":");
    write_parts(out, tried->parts, tried->n_parts);
    BUF_ADD(out, ",\"ids\":[");
    for (size_t i = 0; i < tried->ids.n; i++) {
        buf_add(out, i > 0 ? STR(",") : STR_NONE);
        json_write_text(out, tried->ids.items[i]);
    }
    buf_addf(out, "],\"totalItems\":%" PRId64, tried->total);
    write_statement(out, a, tried);
    BUF_ADD(out, "}");
}

static struct err *too_slow(const struct api_call *call)
{
    struct err *err = NULL;

    err_add_raw_item(call->arena, &err, STR("rule"), STR("validation_rule_too_slow"),
                     STR("The rule takes longer than a query may: {seconds} s"),
                     arena_printf(call->arena, "{\"seconds\":%u}", call->api->query_timeout_s));
    return err_say(err, INVALID);
}

static struct err *answer(struct api_call *call)
{
    const struct rules_test *test = call->state;
    struct rec_tried tried;
    struct err *err = rec_try_run(call->arena, call->conn, &test->try, &tried);

    if (err)
        return err->timed_out ? too_slow(call) : err;
    write_tried(&call->req->resp.body, call->arena, &test->rule, &tried);
    req_answer_json(call->req, 200);
    return NULL;
}

const struct api_work api_rules_test = {
    .steps = {{.place = AT_READ, .run = read_test},
              {.place = AT_HASH, .run = complete_draft, .needed = is_next, .what = REC_HASH},
              {.place = AT_POOL, .run = complete_draft, .needed = is_next, .what = REC_MATCH},
              {.place = AT_POOL_READ, .run = answer}}};
