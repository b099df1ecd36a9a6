/*
 * Bodies into one JSON object (records.md 3.2, 3.3): JSON as it is; form values by key, their types
 * guessed from their texts, with the query string's pairs among them and @jsonPayload on top.
 */
#include "http/body.h"
#include "api/internal.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/md5.h"
#include "base/num.h"

#include <string.h>

static struct err *bad_body(struct api_call *call, const char *why)
{
    return err_new(call->arena, E_BAD_REQUEST, NULL, "body: %s", why);
}

/* A number only where its shortest form is the text itself: "01" and "1e3" stay text. */
static bool is_plain_number(struct str text)
{
    char shortest[NUM_TEXT_MAX];
    double number;

    if (text.n == 0 || !(text.p[0] == '-' || (text.p[0] >= '0' && text.p[0] <= '9')))
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] != '-' && text.p[i] != '.' && !(text.p[i] >= '0' && text.p[i] <= '9'))
            return false;
    if (!num_parse_json(text, &number))
        return false;
    return str_eq(text, (struct str){shortest, num_format_plain(shortest, number)});
}

static struct json infer(struct str text)
{
    struct json number = {.type = JSON_NUMBER, .text = text};

    if (str_eq(text, STR("true")) || str_eq(text, STR("false")))
        return json_of_bool(text.p[0] == 't');
    return is_plain_number(text) ? number : json_of_text(text);
}

/* --- members by key, in the order they came ------------------------------------------------- */

/* Clients choose keys and how many: finding one must not take longer the more there are. */
struct values {
    VEC(struct json_member) list;
    struct map places; /* key to its place in the list, counted from 1 */
};

static struct json_member *find_value(const struct values *values, struct str key)
{
    const size_t *place = map_find(&values->places, key);

    return place ? &values->list.items[*place] : NULL;
}

static void put_value(struct arena *a, struct values *values, struct json_member member)
{
    size_t *place = ARENA_NEW(a, size_t);

    *place = values->list.n;
    *VEC_PUSH(a, &values->list) = member;
    map_put(a, &values->places, member.key, place);
}

/* Room is the power of two at or above n, so a list moves when n reaches one. */
static void append(struct arena *a, struct json *list, struct json value)
{
    uint32_t n = list->n;

    if ((n & (n - 1)) == 0) {
        struct json *items = ARENA_ARRAY(a, struct json, (size_t)n * 2);

        memcpy(items, list->items, n * sizeof(*items));
        list->items = items;
    }
    list->items[list->n++] = value;
}

/* A second value of a key makes it a list. */
static void add_value(struct arena *a, struct values *values, struct str key, struct json value)
{
    struct json_member *known = find_value(values, key);
    struct json *first;

    if (!known) {
        put_value(a, values, (struct json_member){key, value});
        return;
    }
    if (known->value.type != JSON_LIST) {
        first = ARENA_NEW(a, struct json);
        *first = known->value;
        known->value = json_of_list(first, 1);
    }
    append(a, &known->value, value);
}

static bool merge_object(struct arena *a, struct values *into, const struct json *payload);

static bool merge_value(struct arena *a, struct json *into, const struct json *value)
{
    struct values inner = {0};

    if (value->type != JSON_NULL && into->type != JSON_NULL && into->type != value->type)
        return false;
    if (value->type != JSON_OBJECT || into->type != JSON_OBJECT) {
        *into = *value;
        return true;
    }
    for (uint32_t i = 0; i < into->n; i++)
        put_value(a, &inner, into->members[i]);
    if (!merge_object(a, &inner, value))
        return false;
    *into = json_of_object(inner.list.items, inner.list.n);
    return true;
}

/* As deep as the payload, whose depth is bounded. */
static bool merge_object(struct arena *a, struct values *into, const struct json *payload)
{
    for (uint32_t i = 0; i < payload->n; i++) {
        struct json_member *known = find_value(into, payload->members[i].key);

        if (!known)
            put_value(a, into, payload->members[i]);
        else if (!merge_value(a, &known->value, &payload->members[i].value))
            return false;
    }
    return true;
}

/* --- forms ---------------------------------------------------------------------------------- */

struct form {
    struct api_call *call;
    struct values values;
    VEC(struct str) payloads;
};

static void form_add(struct form *form, struct str key, struct str text)
{
    struct arena *a = form->call->arena;

    if (str_eq(key, STR("@jsonPayload")))
        *VEC_PUSH(a, &form->payloads) = text;
    else
        add_value(a, &form->values, key, infer(text));
}

static void form_add_pairs(struct form *form, const struct req_pairs *pairs)
{
    for (size_t i = 0; i < pairs->n; i++)
        form_add(form, pairs->items[i].name, pairs->items[i].value);
}

static struct err *add_payload(struct form *form, const struct json *payload)
{
    if (payload->type == JSON_NULL)
        form->values = (struct values){0};
    else if (payload->type != JSON_OBJECT ||
             !merge_object(form->call->arena, &form->values, payload))
        return bad_body(form->call, "@jsonPayload does not fit the other values");
    return NULL;
}

static const struct json *form_object(const struct form *form)
{
    struct json *object = ARENA_NEW(form->call->arena, struct json);

    *object = json_of_object(form->values.list.items, form->values.list.n);
    return object;
}

static struct err *form_finish(struct form *form, const struct json **ret)
{
    struct arena *a = form->call->arena;

    if (form->payloads.n > LIMIT_JSON_PAYLOADS)
        return bad_body(form->call, "too many @jsonPayload");
    for (size_t i = 0; i < form->payloads.n; i++) {
        const struct json *payload;
        struct err *err;

        if (!json_read(a, form->payloads.items[i], &json_limits_body, &payload, NULL))
            return bad_body(form->call, "@jsonPayload is no JSON");
        err = add_payload(form, payload);
        if (err)
            return err;
    }
    *ret = form_object(form);
    return NULL;
}

struct err *api_body_under(struct api_call *call, struct str query, const struct json *own,
                           const struct json **ret)
{
    struct form form = {.call = call};
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
    form_add_pairs(&form, &pairs);
    err = form_finish(&form, ret);
    if (!err && own)
        err = add_payload(&form, own);
    if (!err)
        *ret = form_object(&form);
    return err;
}

static struct err *read_value(struct api_call *call, const struct json_limits *limits,
                              const struct json **ret)
{
    struct json_fault fault;

    if (json_read(call->arena, call->req->body, limits, ret, &fault))
        return NULL;
    return err_new(call->arena, E_BAD_REQUEST, NULL, "body: %s at byte %zu", fault.what,
                   fault.byte);
}

/* The JSON of the body, which records and forms both want. */
static struct err *json_value(struct api_call *call, const struct json **ret)
{
    struct api_parsed *parsed = &call->body;

    if (!parsed->has_value)
        parsed->value_err = read_value(call, &json_limits_body, &parsed->value);
    parsed->has_value = true;
    *ret = parsed->value;
    return parsed->value_err;
}

static struct err *read_json(struct api_call *call, const struct json **ret)
{
    const struct json *body;
    struct err *err = json_value(call, &body);

    if (err)
        return err;
    if (body->type != JSON_OBJECT && body->type != JSON_NULL)
        return bad_body(call, "no JSON object");
    *ret = body->type == JSON_OBJECT ? body : NULL;
    return NULL;
}

/* Beside a form the query's pairs are values, too, so a broken one is refused. */
static bool query_pairs(struct api_call *call, struct req_pairs *ret)
{
    return req_parse_pairs(call->arena, call->req->query, ret);
}

/* The parts of a form, from memory or from where they were spooled. */
static struct err *read_parts(struct api_call *call, struct body_parts *ret)
{
    struct req *req = call->req;

    if (req->spool && spool_state(req->spool) == SPOOL_NO_ROOM) {
        struct err *err = err_new(call->arena, E_UNAVAILABLE, NULL, "body: no room for the upload");

        err->logged = true; /* by the spool, with its cause */
        return err;
    }
    if (req->body_broken || (req->spool && spool_state(req->spool) != SPOOL_GOOD))
        return bad_body(call, "malformed multipart");
    if (req->spool)
        *ret = spool_parts(req->spool);
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

static struct err *read_multipart(struct api_call *call, const struct json **ret)
{
    struct form form = {.call = call};
    struct body_parts parts = {0};
    struct req_pairs query;
    struct err *err = read_parts(call, &parts);

    if (err)
        return err;
    if (!query_pairs(call, &query))
        return bad_body(call, "malformed query");
    form_add_pairs(&form, &query);
    call->uploads = ARENA_ARRAY(call->arena, struct rec_upload, parts.n);
    call->n_uploads = 0;
    for (size_t i = 0; i < parts.n; i++) {
        if (parts.items[i].filename.n > 0)
            add_upload(call, &parts.items[i]);
        else
            form_add(&form, parts.items[i].name, parts.items[i].value);
    }
    return form_finish(&form, ret);
}

/* The body's pairs; of POST, PUT and PATCH alone, as Go reads forms. */
static bool body_pairs(struct api_call *call, struct req_pairs *ret)
{
    static const struct str methods[] = {STR_INIT("POST"), STR_INIT("PUT"), STR_INIT("PATCH")};

    *ret = (struct req_pairs){0};
    for (size_t i = 0; i < COUNT_OF(methods); i++)
        if (str_eq(call->req->method, methods[i]))
            return !call->req->body_broken && req_parse_pairs(call->arena, call->req->body, ret);
    return true;
}

static struct err *read_urlencoded(struct api_call *call, const struct json **ret)
{
    struct form form = {.call = call};
    struct req_pairs pairs, query;

    if (!req_pairs_fit(call->req->body, LIMIT_FORM_PAIRS))
        return err_new(call->arena, E_BAD_REQUEST, "Too many form values.", "%zu bytes of form",
                       call->req->body.n);
    if (!query_pairs(call, &query) || !body_pairs(call, &pairs))
        return bad_body(call, "malformed form");
    form_add_pairs(&form, &pairs);
    form_add_pairs(&form, &query);
    return form_finish(&form, ret);
}

static struct err *read_xml(struct api_call *call, const struct json **ret)
{
    (void)ret;
    return bad_body(call, "XML has no record form");
}

/* --- fixed structures: JSON as it is, or pairs in the order in which they count ------------- */

typedef VEC(struct form_pair) pairs_out;

static void add_pairs(struct arena *a, pairs_out *out, const struct req_pairs *pairs)
{
    for (size_t i = 0; i < pairs->n; i++)
        *VEC_PUSH(a, out) = (struct form_pair){pairs->items[i].name, pairs->items[i].value};
}

static void set_pairs(const pairs_out *pairs, struct form_input *ret)
{
    *ret = (struct form_input){.pairs = pairs->items, .n_pairs = pairs->n};
}

/* A number that no double can hold fails only where a field wants it. */
static struct err *form_json(struct api_call *call, struct form_input *ret)
{
    struct json_limits limits = json_limits_body;
    struct err *err = json_value(call, &ret->body);

    limits.allow_range = true;
    return err ? read_value(call, &limits, &ret->body) : NULL;
}

static struct err *form_multipart(struct api_call *call, struct form_input *ret)
{
    struct body_parts parts = {0};
    struct req_pairs query;
    pairs_out pairs = {0};
    struct err *err = read_parts(call, &parts);

    if (err)
        return err;
    if (!query_pairs(call, &query))
        return bad_body(call, "malformed query");
    add_pairs(call->arena, &pairs, &query);
    for (size_t i = 0; i < parts.n; i++)
        if (parts.items[i].filename.n == 0)
            *VEC_PUSH(call->arena, &pairs) =
                (struct form_pair){parts.items[i].name, parts.items[i].value};
    set_pairs(&pairs, ret);
    return NULL;
}

static struct err *form_urlencoded(struct api_call *call, struct form_input *ret)
{
    struct req_pairs body, query;
    pairs_out pairs = {0};

    if (!query_pairs(call, &query) || !body_pairs(call, &body))
        return bad_body(call, "malformed form");
    add_pairs(call->arena, &pairs, &body);
    add_pairs(call->arena, &pairs, &query);
    set_pairs(&pairs, ret);
    return NULL;
}

/* No endpoint has a field that XML could fill: a document is an empty form. */
static struct err *form_xml(struct api_call *call, struct form_input *ret)
{
    (void)ret;
    if (str_find_byte(call->req->body, '<') == call->req->body.n)
        return bad_body(call, "no XML");
    return NULL;
}

/* --- by type: compared as written, by prefix ------------------------------------------------ */

static const struct reader {
    struct str type;
    struct err *(*body)(struct api_call *call, const struct json **ret);
    struct err *(*form)(struct api_call *call, struct form_input *ret);
} readers[] = {
    {STR_INIT("application/json"), read_json, form_json},
    {STR_INIT("multipart/form-data"), read_multipart, form_multipart},
    {STR_INIT("application/x-www-form-urlencoded"), read_urlencoded, form_urlencoded},
    {STR_INIT("text/xml"), read_xml, form_xml},
    {STR_INIT("application/xml"), read_xml, form_xml},
};

static struct err *find_reader(struct api_call *call, const struct reader **ret)
{
    for (size_t i = 0; i < COUNT_OF(readers); i++)
        if (str_starts(call->req->content_type, readers[i].type)) {
            *ret = &readers[i];
            return NULL;
        }
    return err_new(call->arena, E_BAD_REQUEST, "Unsupported Content-Type.", "body: %.*s",
                   STR_ARG(call->req->content_type));
}

/* Errors are copied: an endpoint may put its own words to one. */
struct err *api_body(struct api_call *call, const struct json **ret)
{
    struct api_parsed *parsed = &call->body;
    const struct reader *reader;

    if (!parsed->has_object && call->req->has_body) {
        parsed->object_err = find_reader(call, &reader);
        if (!parsed->object_err)
            parsed->object_err = reader->body(call, &parsed->object);
    }
    parsed->has_object = true;
    *ret = parsed->object_err ? NULL : parsed->object;
    return err_copy(call->arena, parsed->object_err);
}

struct err *api_form(struct api_call *call, struct form_input *ret)
{
    struct api_parsed *parsed = &call->body;
    const struct reader *reader;

    if (!parsed->has_form && call->req->has_body) {
        parsed->form_err = find_reader(call, &reader);
        if (!parsed->form_err)
            parsed->form_err = reader->form(call, &parsed->form);
    }
    parsed->has_form = true;
    *ret = parsed->form;
    return err_copy(call->arena, parsed->form_err);
}
