/*
 * A call as the log book tells it (services.md 5.2), and the id that it is known by.
 */
#include "api/journal.h"

#include "base/limits.h"
#include "telemetry/telemetry.h"

#include <string.h>

#define ID_BYTES 128    /* of one that the client has given */
#define NUMBER_BYTES 16 /* of one of ours, in hex */
#define ADDRESS_BYTES (LOGBOOK_TARGET_BYTES + 1)

/* --- ids -------------------------------------------------------------------------------------- */

static bool is_id_byte(char c)
{
    const struct str marks = STR("-_.:/+=@");

    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           str_find_byte(marks, c) < marks.n;
}

static bool is_id(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!is_id_byte(text.p[i]))
            return false;
    return text.n > 0 && text.n <= ID_BYTES;
}

/* The process's prefix and a number: one that nobody has, made in a hundred instructions. */
static struct str new_id(struct api_call *call)
{
    static const char digits[] = "0123456789abcdef";
    const size_t n = sizeof(call->api->id_prefix) - 1;
    uint64_t number = atomic_fetch_add(&call->api->n_ids, 1);
    char *p = arena_alloc(call->arena, n + 1 + NUMBER_BYTES);
    unsigned n_digits = 1;

    memcpy(p, call->api->id_prefix, n);
    p[n] = '-';
    while (n_digits < NUMBER_BYTES && number >> 4 * n_digits)
        n_digits++;
    for (unsigned i = n_digits; i > 0; i--, number >>= 4)
        p[n + i] = digits[number & 15];
    return (struct str){p, n + 1 + n_digits};
}

struct str journal_id(struct api_call *call)
{
    struct str given;

    if (call->id.n > 0)
        return call->id;
    given = req_header(call->req, STR("X-Request-Id"));
    call->id = is_id(given) ? given : new_id(call);
    return call->id;
}

/* --- addresses -------------------------------------------------------------------------------- */

/* What this API takes in a query and is good for something by itself; a provider's code also where
 * it comes back to an application's own page. Of a redirect to us the state, too: it is a client.
 */
static bool is_secret(struct str path, struct str name)
{
    static const struct str names[] = {STR_INIT("token"), STR_INIT("mfaId"), STR_INIT("code")};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_eq(name, names[i]))
            return true;
    return str_eq(name, STR("state")) && str_has(path, STR("redirect"));
}

/* As far as there is room. */
static void add_some(struct buf *out, struct str text)
{
    const size_t room = out->n < ADDRESS_BYTES ? ADDRESS_BYTES - out->n : 0;

    buf_add(out, str_sub(text, 0, text.n < room ? text.n : room));
}

/* The query of an address of that path without what is secret in it. */
static void mask_query(struct arena *a, struct str path, struct str query, struct buf *out)
{
    while (query.p && out->n < ADDRESS_BYTES) {
        const struct str pair = str_split(&query, '&');
        const size_t n = str_find_byte(pair, '=');
        struct str name;

        if (n + 1 < pair.n && req_decode(a, str_sub(pair, 0, n), true, &name) &&
            is_secret(path, name)) {
            add_some(out, str_sub(pair, 0, n));
            add_some(out, STR("=***"));
        } else {
            add_some(out, pair);
        }
        if (query.p)
            add_some(out, STR("&"));
    }
}

/* No more of it than tells the log book that there is more. */
static struct str masked(struct arena *a, struct str address)
{
    const size_t n = str_find_byte(address, '?');
    AUTO_BUF struct buf out;

    buf_init(&out, ADDRESS_BYTES);
    if (n == address.n)
        return address;
    add_some(&out, str_sub(address, 0, n + 1));
    mask_query(a, str_sub(address, 0, n), str_from(address, n + 1), &out);
    return arena_dup(a, buf_str(&out));
}

/* --- what went wrong -------------------------------------------------------------------------- */

static void write_details(struct buf *out, const struct err *err)
{
    if (err->items)
        err_write_words(out, err);
    else if (err->cause.n > 0)
        json_write_text(out, err->cause);
}

/* --- the entry -------------------------------------------------------------------------------- */

static void describe(struct api_call *call, const struct err *err, struct logbook_request *to)
{
    const struct rec *caller = call->caller.token.rec;
    struct req *req = call->req;

    *to = (struct logbook_request){
        .method = req->method,
        .target = masked(call->arena, req->target),
        .referer = masked(call->arena, req_header(req, STR("Referer"))),
        .user_agent = req_header(req, STR("User-Agent")),
        .id = journal_id(call),
        .auth = caller ? caller->col->name : STR(""),
        .auth_id = caller ? rec_id(caller) : STR(""),
        .user_ip = api_real_ip(call->arena, req, call->settings),
        .peer = req->peer,
        .status = err ? err_status(err) : req->resp.status,
        .took_us = call->ended_us - req->began_us,
        .failed = err || call->hidden,
        .error = err ? str_of(err->message) : str_of(call->hidden),
    };
}

void journal_add(struct api_call *call, const struct err *err)
{
    const bool failed = err || call->hidden;
    struct logbook_request request;
    AUTO_BUF struct buf details;

    buf_init(&details, LIMIT_RESPONSE_BYTES);
    if (!failed && call->work->is_quiet)
        return;
    if ((err && err->kind == E_GONE) || !logbook_wants(call->api->logbook, call->settings, failed))
        return;
    describe(call, err, &request);
    if (err)
        write_details(&details, err);
    request.details = buf_str(&details);
    logbook_request(call->arena, call->api->logbook, call->settings, &request);
}
