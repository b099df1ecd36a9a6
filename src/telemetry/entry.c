/*
 * What an entry says (services.md 5.2, data-dir.md 4).
 */
#include "telemetry/internal.h"

#include "base/json.h"
#include "base/limits.h"
#include "http/req.h"

#include <inttypes.h>
#include <stdlib.h>

#define METHOD_BYTES 50
#define HEADER_BYTES 2000
#define NO_MAX (SIZE_MAX / 2)

/* What does not fit ends in three dots. */
static void add_cut(struct buf *out, struct str text, size_t max)
{
    buf_add(out, str_sub(text, 0, max));
    if (text.n > max)
        BUF_ADD(out, "...");
}

/* `"name":"…"`, behind a comma but for the first one. */
static void add_text(struct buf *out, const char *name, struct str text, size_t max)
{
    AUTO_BUF struct buf cut;

    buf_init(&cut, max + sizeof("..."));
    if (out->n > 1)
        BUF_ADD(out, ",");
    buf_addf(out, "\"%s\":", name);
    if (text.n > max) {
        add_cut(&cut, text, max);
        text = buf_str(&cut);
    }
    json_write_text(out, text);
}

static void add_number(struct buf *out, const char *name, int64_t number)
{
    buf_addf(out, "%s\"%s\":%" PRId64, out->n > 1 ? "," : "", name, number);
}

/* Milliseconds. */
static void add_time(struct buf *out, const char *name, uint64_t us)
{
    unsigned rest = (unsigned)(us % 1000);
    int digits = 3;

    buf_addf(out, ",\"%s\":%" PRIu64, name, us / 1000);
    while (rest > 0 && rest % 10 == 0) {
        rest /= 10;
        digits--;
    }
    if (rest > 0)
        buf_addf(out, ".%0*u", digits, rest);
}

static struct str upper(struct buf *out, struct str method)
{
    for (size_t i = 0; i < method.n && i < METHOD_BYTES; i++)
        buf_add_byte(out, method.p[i] >= 'a' && method.p[i] <= 'z' ? (char)(method.p[i] - 32)
                                                                   : method.p[i]);
    if (method.n > METHOD_BYTES)
        BUF_ADD(out, "...");
    return buf_str(out);
}

void entry_of_request(struct arena *a, struct buf *message, struct buf *data,
                      const struct logbook_conf *conf, const struct settings *settings,
                      const struct logbook_request *request)
{
    AUTO_BUF struct buf target;
    AUTO_BUF struct buf method;
    struct str decoded;

    buf_init(&target, LOGBOOK_TARGET_BYTES + sizeof("..."));
    buf_init(&method, METHOD_BYTES + sizeof("..."));
    add_cut(&target, request->target, LOGBOOK_TARGET_BYTES);
    buf_add(message, upper(&method, request->method));
    BUF_ADD(message, " ");
    buf_add(message, req_decode(a, buf_str(&target), false, &decoded) ? decoded : buf_str(&target));
    BUF_ADD(data, "{");
    add_text(data, "auth", request->auth, NO_MAX);
    if (request->auth.n > 0 && settings->logs.log_auth_id)
        add_text(data, "authId", request->auth_id, NO_MAX);
    if (request->failed) {
        BUF_ADD(data, ",\"details\":");
        buf_add(data, request->details.n > 0 ? request->details : STR("null"));
        add_text(data, "error", request->error, NO_MAX);
    }
    add_time(data, "execTime", request->took_us);
    add_text(data, "method", buf_str(&method), NO_MAX);
    add_text(data, "node", conf->node, NO_MAX);
    add_text(data, "referer", request->referer, HEADER_BYTES);
    if (settings->logs.log_ip)
        add_text(data, "remoteIP", request->peer, NO_MAX);
    add_text(data, "requestId", request->id, NO_MAX);
    add_number(data, "status", request->status);
    add_text(data, "type", STR("request"), NO_MAX);
    add_text(data, "url", buf_str(&target), NO_MAX);
    add_text(data, "userAgent", request->user_agent, HEADER_BYTES);
    if (settings->logs.log_ip)
        add_text(data, "userIP", request->user_ip, NO_MAX);
    BUF_ADD(data, "}");
}

/* --- events ----------------------------------------------------------------------------------- */

static int compare_fields(const void *x, const void *y)
{
    const struct log_field *a = x;
    const struct log_field *b = y;

    return str_cmp(str_of(a->name), str_of(b->name));
}

void entry_of_event(struct arena *a, struct buf *data, const struct logbook_conf *conf,
                    const struct log_field *fields)
{
    struct log_field *sorted;
    size_t n = 0;

    while (fields[n].name)
        n++;
    sorted = ARENA_ARRAY(a, struct log_field, n + 1);
    for (size_t i = 0; i < n; i++)
        sorted[i] = fields[i];
    sorted[n] = LOG_STR("node", conf->node);
    qsort(sorted, n + 1, sizeof(*sorted), compare_fields);
    BUF_ADD(data, "{");
    for (size_t i = 0; i <= n; i++) {
        if (i > 0 && str_eq(str_of(sorted[i].name), str_of(sorted[i - 1].name)))
            continue;
        if (sorted[i].type == LOG_TYPE_STR)
            add_text(data, sorted[i].name, sorted[i].text, LIMIT_LOG_MESSAGE_BYTES);
        else
            add_number(data, sorted[i].name, (int64_t)sorted[i].number);
    }
    BUF_ADD(data, "}");
}

void entry_of_count(struct buf *data, const struct logbook_conf *conf, const char *type, uint64_t n)
{
    BUF_ADD(data, "{");
    add_number(data, "count", (int64_t)n);
    add_text(data, "node", conf->node, NO_MAX);
    add_text(data, "type", str_of(type), NO_MAX);
    BUF_ADD(data, "}");
}

/* --- what is too long ------------------------------------------------------------------------- */

#define CUT_KEY "__pb_truncated__"
#define CUT_MEMBER "\"" CUT_KEY "\":true"

struct cut {
    struct buf *out;
    bool is_told; /* CUT_MEMBER is there */
};

static void put_member(struct cut *cut, struct str name, struct str value)
{
    const int order = str_cmp(name, STR(CUT_KEY));

    if (!cut->is_told && order >= 0) {
        buf_add(cut->out, cut->out->n > 1 ? STR("," CUT_MEMBER) : STR(CUT_MEMBER));
        cut->is_told = true;
    }
    if (order == 0)
        return;
    if (cut->out->n > 1)
        BUF_ADD(cut->out, ",");
    json_write_text(cut->out, name);
    BUF_ADD(cut->out, ":");
    buf_add(cut->out, value);
}

struct str entry_cut(struct arena *a, struct str data, size_t max)
{
    const struct json *object;
    AUTO_BUF struct buf value;
    AUTO_BUF struct buf out;
    struct cut cut = {&out, false};
    size_t at = 1; /* in the object's text */

    buf_init(&value, data.n + 1);
    buf_init(&out, data.n + sizeof(CUT_MEMBER) + 2);
    if (data.n <= max || !json_read(a, data, &json_limits_stored, &object, NULL) ||
        object->type != JSON_OBJECT)
        return data;
    BUF_ADD(&out, "{");
    for (size_t i = 0; i < object->n && at < max; i++) {
        struct str name = object->members[i].key;

        buf_reset(&value);
        json_write_text(&value, name);
        at += value.n + 1;
        if (at > max)
            break;
        buf_reset(&value);
        json_write(&value, &object->members[i].value, false);
        at += value.n + 1;
        put_member(&cut, name, at <= max ? buf_str(&value) : STR("null"));
    }
    if (!cut.is_told)
        buf_add(&out, out.n > 1 ? STR("," CUT_MEMBER) : STR(CUT_MEMBER));
    BUF_ADD(&out, "}");
    return arena_dup(a, buf_str(&out));
}
