/*
 * Bodies into one JSON object (records.md 3.2, 3.3): JSON as it is; form values by key, their types
 * guessed from their texts, with the query string's pairs among them and @jsonPayload on top.
 */
#include "http/body.h"
#include "api/internal.h"
#include "api/upload.h"
#include "base/limits.h"
#include "base/md5.h"
#include "base/num.h"

#include <math.h>
#include <string.h>

static struct err *bad_body(struct api_call *call, const char *why)
{
    return err_new(call->arena, E_BAD_REQUEST, NULL, "body: %s", why);
}

static struct err *bad_json(struct api_call *call, const char *where,
                            const struct json_fault *fault)
{
    if (fault->starved)
        return err_starved(call->arena, "a body");
    return err_new(call->arena, E_BAD_REQUEST, NULL, "body: %s%s at byte %zu", where, fault->what,
                   fault->byte);
}

static struct json_limits asking_limits(void)
{
    struct json_limits limits = json_limits_body;

    limits.asks = true;
    return limits;
}

/* What a form's text stands for. A number only where its shortest form is the text itself: "01" and
 * "1e3" stay text. */
static struct json value_of_text(struct str text)
{
    char shortest[NUM_TEXT_MAX];
    double number;

    if (str_eq(text, STR("true")) || str_eq(text, STR("false")))
        return json_of_bool(text.p[0] == 't');
    if (text.n == 0 || !(text.p[0] == '-' || (text.p[0] >= '0' && text.p[0] <= '9')))
        return json_of_text(text);
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] != '-' && text.p[i] != '.' && !(text.p[i] >= '0' && text.p[i] <= '9'))
            return json_of_text(text);
    if (!num_parse_json(text, &number) || !isfinite(number) ||
        !str_eq(text, (struct str){shortest, num_format_plain(shortest, number)}))
        return json_of_text(text);
    return (struct json){.type = JSON_NUMBER, .text = text};
}

/* --- members by key, in the order they came ------------------------------------------------- */

#define FEW 8 /* keys that are compared one by one */

/* Clients choose keys and how many: finding one must not take longer the more there are. */
struct values {
    VEC(struct json_member) list;
    uint32_t *places; /* by the keys' hashes: into the list, counted from 1; 0: free */
    size_t cap;       /* of the places: a power of two above twice the keys; 0: there are few */
};

/* The place of that key, or the free one where it belongs. */
static uint32_t *place_of(const struct values *values, struct str key)
{
    size_t i = (size_t)str_hash(key) & (values->cap - 1);

    while (values->places[i] && !str_eq(values->list.items[values->places[i] - 1].key, key))
        i = (i + 1) & (values->cap - 1);
    return &values->places[i];
}

static struct json_member *find_value(const struct values *values, struct str key)
{
    uint32_t place = 0;

    if (values->cap > 0)
        place = *place_of(values, key);
    for (uint32_t i = 0; values->cap == 0 && i < values->list.n && !place; i++)
        if (str_eq(values->list.items[i].key, key))
            place = i + 1;
    return place ? &values->list.items[place - 1] : NULL;
}

/* For so many more, none of which may come. */
static void make_room(struct arena *a, struct values *values, size_t more)
{
    const size_t n = values->list.n, twice = values->list.cap * 2;
    struct json_member *items;

    if (more <= values->list.cap - n)
        return;
    values->list.cap = n + more > twice ? n + more : twice;
    items = arena_alloc(a, values->list.cap * sizeof(*items));
    if (n > 0)
        memcpy(items, values->list.items, n * sizeof(*items));
    values->list.items = items;
}

static void make_places(struct arena *a, struct values *values)
{
    for (values->cap = FEW; values->cap <= values->list.cap * 2;)
        values->cap *= 2;
    values->places = ARENA_ARRAY(a, uint32_t, values->cap);
    for (uint32_t i = 0; i < values->list.n; i++)
        *place_of(values, values->list.items[i].key) = i + 1;
}

/* Of a key that is not there. */
static void put_value(struct arena *a, struct values *values, struct json_member member)
{
    make_room(a, values, 1);
    values->list.items[values->list.n++] = member;
    if (values->list.n > FEW && values->list.n * 2 >= values->cap)
        make_places(a, values);
    else if (values->cap > 0)
        *place_of(values, member.key) = (uint32_t)values->list.n;
}

/* A second value of a key makes it a list. A list's room is the power of two at or above n, so it
 * moves when n reaches one. */
static void add_value(struct arena *a, struct values *values, struct str key, struct json value)
{
    struct json_member *known = find_value(values, key);
    struct json *list, *items;
    uint32_t n;

    if (!known) {
        put_value(a, values, (struct json_member){key, value});
        return;
    }
    list = &known->value;
    if (list->type != JSON_LIST) {
        items = ARENA_NEW(a, struct json);
        *items = *list;
        *list = json_of_list(items, 1);
    }
    n = list->n;
    if ((n & (n - 1)) == 0) {
        items = ARENA_ARRAY(a, struct json, (size_t)n * 2);
        memcpy(items, list->items, n * sizeof(*items));
        list->items = items;
    }
    list->items[list->n++] = value;
}

/* Objects of both go into each other, else the payload's value counts. False: types that do not
 * fit. As deep as the payload, whose depth is bounded. */
static bool merge_object(struct arena *a, struct values *into, const struct json *payload)
{
    make_room(a, into, payload->n);
    for (uint32_t i = 0; i < payload->n; i++) {
        const struct json *value = &payload->members[i].value;
        struct json_member *known = find_value(into, payload->members[i].key);
        struct values inner = {0};

        if (!known) {
            put_value(a, into, payload->members[i]);
            continue;
        }
        if (value->type != JSON_NULL && known->value.type != JSON_NULL &&
            known->value.type != value->type)
            return false;
        if (value->type != JSON_OBJECT || known->value.type != JSON_OBJECT) {
            known->value = *value;
            continue;
        }
        make_room(a, &inner, (size_t)known->value.n + value->n);
        for (uint32_t m = 0; m < known->value.n; m++)
            put_value(a, &inner, known->value.members[m]);
        if (!merge_object(a, &inner, value))
            return false;
        known->value = json_of_object(inner.list.items, inner.list.n);
    }
    return true;
}

/* --- forms ---------------------------------------------------------------------------------- */

struct form_pairs {
    struct form_pair *items;
    size_t n;
};

/* Room for so many. */
static struct form_pairs pairs_new(struct arena *a, size_t most)
{
    return (struct form_pairs){arena_alloc(a, most * sizeof(struct form_pair)), 0};
}

static void add_pairs(struct form_pairs *out, const struct req_pairs *pairs)
{
    for (size_t i = 0; i < pairs->n; i++)
        out->items[out->n++] = (struct form_pair){pairs->items[i].name, pairs->items[i].value};
}

static struct err *add_payload(struct api_call *call, struct values *values,
                               const struct json *payload)
{
    if (payload->type == JSON_NULL)
        *values = (struct values){0};
    else if (payload->type != JSON_OBJECT || !merge_object(call->arena, values, payload))
        return bad_body(call, "@jsonPayload does not fit the other values");
    return NULL;
}

/* The pairs' values, each @jsonPayload on top of them and `own`, unless it is NULL, on top of all.
 */
static struct err *object_of_pairs(struct api_call *call, const struct form_pair *pairs, size_t n,
                                   const struct json *own, const struct json **ret)
{
    struct arena *a = call->arena;
    struct values values = {0};
    VEC(struct str) payloads = {0};
    const struct json_limits limits = asking_limits();
    struct json_fault fault;
    const struct json *payload;
    struct json *object;
    struct err *err = NULL;

    make_room(a, &values, n);
    for (size_t i = 0; i < n; i++)
        if (str_eq(pairs[i].name, STR("@jsonPayload")))
            *VEC_PUSH(a, &payloads) = pairs[i].value;
        else
            add_value(a, &values, pairs[i].name, value_of_text(pairs[i].value));
    if (payloads.n > LIMIT_JSON_PAYLOADS)
        return bad_body(call, "too many @jsonPayload");
    for (size_t i = 0; i < payloads.n && !err; i++) {
        if (!json_read(a, payloads.items[i], &limits, &payload, &fault))
            return bad_json(call, "@jsonPayload: ", &fault);
        err = add_payload(call, &values, payload);
    }
    if (!err && own)
        err = add_payload(call, &values, own);
    if (err)
        return err;
    object = ARENA_NEW(a, struct json);
    *object = json_of_object(values.list.items, values.list.n);
    *ret = object;
    return NULL;
}

struct err *api_body_under(struct api_call *call, struct str query, const struct json *own,
                           const struct json **ret)
{
    struct form_pairs form;
    struct req_pairs pairs;
    struct err *err;

    *ret = own;
    if (query.n == 0)
        return NULL;
    err = api_check_query(call->arena, query);
    if (err)
        return err;
    if (!req_parse_pairs(call->arena, query, &pairs))
        return bad_body(call, "malformed query");
    form = pairs_new(call->arena, pairs.n);
    add_pairs(&form, &pairs);
    return object_of_pairs(call, form.items, form.n, own, ret);
}

/* --- by type -------------------------------------------------------------------------------- */

/* What a body is read for. */
enum body_use {
    AS_RECORD, /* an object of any members, with files beside it */
    AS_FORM,   /* a fixed structure: JSON as it is, or pairs in the order in which they count */
};

static struct err *read_value(struct api_call *call, const struct json_limits *limits,
                              const struct json **ret)
{
    struct json_fault fault;

    if (json_read(call->arena, call->req->body, limits, ret, &fault))
        return NULL;
    return bad_json(call, "", &fault);
}

/* A number that no double can hold fails a form only where a field wants it. */
static struct err *read_json(struct api_call *call, enum body_use use, struct form_input *ret)
{
    struct json_limits limits = asking_limits();
    struct api_parsed *parsed = &call->body;

    if (!parsed->has_value)
        parsed->value_err = read_value(call, &limits, &parsed->value);
    parsed->has_value = true;
    ret->body = parsed->value;
    if (parsed->value_err && use == AS_FORM) {
        limits.allow_range = true;
        return read_value(call, &limits, &ret->body);
    }
    if (parsed->value_err)
        return parsed->value_err;
    if (use == AS_RECORD && ret->body->type != JSON_OBJECT && ret->body->type != JSON_NULL)
        return bad_body(call, "no JSON object");
    return NULL;
}

/* The parts of a form, from memory or from where they were spooled. */
static struct err *read_parts(struct api_call *call, struct body_parts *ret)
{
    struct req *req = call->req;
    const struct spool *spool = upload_spool(req);

    if (spool && spool_state(spool) == SPOOL_NO_ROOM) {
        struct err *err = err_new(call->arena, E_UNAVAILABLE, NULL, "body: no room for the upload");

        err->logged = true; /* by the spool, with its cause */
        return err;
    }
    if (req->body_broken || (spool && spool_state(spool) != SPOOL_GOOD))
        return bad_body(call, "malformed multipart");
    if (spool)
        *ret = spool_parts(spool);
    else if (!body_parse_multipart(call->arena, req->content_type, req->body, ret))
        return bad_body(call, "malformed multipart");
    return NULL;
}

static void add_upload(struct api_call *call, const struct body_part *part)
{
    struct rec_upload *upload = &call->uploads[call->n_uploads++];

    *upload = (struct rec_upload){.key = part->name, .name = part->filename};
    if (part->path.p) {
        upload->content.path = part->path;
        upload->content.size = part->size;
        memcpy(upload->content.md5, part->md5, sizeof(part->md5));
    } else {
        upload->content.data = part->value;
        upload->content.size = part->value.n;
        md5(upload->content.md5, part->value);
    }
}

/* Beside a form the query's pairs are values, too, so a broken one is refused. */
static struct err *read_multipart(struct api_call *call, enum body_use use, struct form_input *ret)
{
    struct body_parts parts = {0};
    struct form_pairs pairs;
    struct req_pairs query;
    struct err *err = read_parts(call, &parts);

    if (err)
        return err;
    if (!req_parse_pairs(call->arena, call->req->query, &query))
        return bad_body(call, "malformed query");
    pairs = pairs_new(call->arena, query.n + parts.n);
    add_pairs(&pairs, &query);
    if (use == AS_RECORD) {
        call->uploads = ARENA_ARRAY(call->arena, struct rec_upload, parts.n);
        call->n_uploads = 0;
    }
    for (size_t i = 0; i < parts.n; i++) {
        const struct body_part *part = &parts.items[i];

        if (part->filename.n == 0)
            pairs.items[pairs.n++] = (struct form_pair){part->name, part->value};
        else if (use == AS_RECORD)
            add_upload(call, part);
    }
    ret->pairs = pairs.items;
    ret->n_pairs = pairs.n;
    return NULL;
}

/* The body's pairs, of POST, PUT and PATCH alone, as Go reads forms; then the query's. */
static struct err *read_urlencoded(struct api_call *call, enum body_use use, struct form_input *ret)
{
    static const struct str methods[] = {STR_INIT("POST"), STR_INIT("PUT"), STR_INIT("PATCH")};
    const struct req *req = call->req;
    struct req_pairs body = {0}, query;
    struct form_pairs pairs;

    (void)use; /* no part of it is a file */
    if (!req_pairs_fit(req->body, LIMIT_FORM_PAIRS))
        return err_new(call->arena, E_BAD_REQUEST, "Too many form values.", "%zu bytes of form",
                       req->body.n);
    if (!req_parse_pairs(call->arena, req->query, &query))
        return bad_body(call, "malformed form");
    for (size_t i = 0; i < COUNT_OF(methods); i++)
        if (str_eq(req->method, methods[i]) &&
            (req->body_broken || !req_parse_pairs(call->arena, req->body, &body)))
            return bad_body(call, "malformed form");
    pairs = pairs_new(call->arena, body.n + query.n);
    add_pairs(&pairs, &body);
    add_pairs(&pairs, &query);
    ret->pairs = pairs.items;
    ret->n_pairs = pairs.n;
    return NULL;
}

/* No endpoint has a field that XML could fill: a document is an empty form, and no record. */
static struct err *read_xml(struct api_call *call, enum body_use use, struct form_input *ret)
{
    (void)ret;
    if (use == AS_RECORD)
        return bad_body(call, "XML has no record form");
    if (str_find_byte(call->req->body, '<') == call->req->body.n)
        return bad_body(call, "no XML");
    return NULL;
}

/* Types are compared as written, by prefix. *ret starts as all zeros; on success its body is NULL
 * unless JSON has come. */
static struct err *read_by_type(struct api_call *call, enum body_use use, struct form_input *ret)
{
    static const struct {
        struct str type;
        struct err *(*read)(struct api_call *call, enum body_use use, struct form_input *ret);
    } readers[] = {
        {STR_INIT("application/json"), read_json},
        {STR_INIT("multipart/form-data"), read_multipart},
        {STR_INIT("application/x-www-form-urlencoded"), read_urlencoded},
        {STR_INIT("text/xml"), read_xml},
        {STR_INIT("application/xml"), read_xml},
    };

    for (size_t i = 0; i < COUNT_OF(readers); i++)
        if (str_starts(call->req->content_type, readers[i].type))
            return readers[i].read(call, use, ret);
    return err_new(call->arena, E_BAD_REQUEST, "Unsupported Content-Type.", "body: %.*s",
                   STR_ARG(call->req->content_type));
}

/* Errors are copied: an endpoint may put its own words to one. */
struct err *api_body(struct api_call *call, const struct json **ret)
{
    struct api_parsed *parsed = &call->body;
    struct form_input input = {0};

    if (!parsed->has_object && call->req->has_body) {
        parsed->object_err = read_by_type(call, AS_RECORD, &input);
        if (!parsed->object_err && !input.body)
            parsed->object_err =
                object_of_pairs(call, input.pairs, input.n_pairs, NULL, &parsed->object);
        else if (!parsed->object_err && input.body->type == JSON_OBJECT)
            parsed->object = input.body;
    }
    parsed->has_object = true;
    *ret = parsed->object_err ? NULL : parsed->object;
    return err_copy(call->arena, parsed->object_err);
}

struct err *api_form(struct api_call *call, struct form_input *ret)
{
    struct api_parsed *parsed = &call->body;

    if (!parsed->has_form && call->req->has_body)
        parsed->form_err = read_by_type(call, AS_FORM, &parsed->form);
    parsed->has_form = true;
    *ret = parsed->form;
    return err_copy(call->arena, parsed->form_err);
}
