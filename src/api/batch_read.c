/*
 * A batch's body: whether batches are allowed, its list of requests, and what each must have.
 */
#include "api/batch.h"

#define FAILED_TO_READ "Failed to read the submitted batch data."
#define INVALID_DATA "Invalid batch request data."
#define MAX_URL_BYTES 2000

static struct err *unreadable(struct arena *a, const char *why)
{
    return err_new(a, E_BAD_REQUEST, FAILED_TO_READ, "batch: %s", why);
}

static struct err *check_allowed(const struct api_call *call)
{
    const struct settings *settings = call->settings;

    if (!settings->batch.enabled || settings->batch.max_requests <= 0)
        return err_new(call->arena, E_FORBIDDEN, "Batch requests are not allowed.", "switched off");
    if (call->req->too_large)
        return err_new(call->arena, E_TOO_LARGE, NULL, "the batch is over its limit");
    return NULL;
}

/* --- decoding --------------------------------------------------------------------------------- */

/* Names inside @jsonPayload count as they are written; in a JSON body their case does not. */
static struct json exact_members(struct arena *a, const struct json *object,
                                 const struct form_field *fields, size_t n)
{
    VEC(struct json_member) members = {0};

    for (size_t i = 0; i < n; i++) {
        struct str name = str_of(fields[i].name);
        const struct json *value = json_get(object, name);

        if (value)
            *VEC_PUSH(a, &members) = (struct json_member){name, *value};
    }
    return json_of_object(members.items, members.n);
}

static bool decode(struct arena *a, const struct json *object, bool exactly,
                   const struct form_field *fields, size_t n, void *target)
{
    struct form_input input = {.body = object};
    struct json known;

    if (exactly && object->type == JSON_OBJECT) {
        known = exact_members(a, object, fields, n);
        input.body = &known;
    }
    return form_decode(a, fields, n, &input, target);
}

static bool headers_fit(const struct json *headers)
{
    if (!headers)
        return true;
    if (headers->type != JSON_OBJECT)
        return false;
    for (uint32_t i = 0; i < headers->n; i++)
        if (headers->members[i].value.type != JSON_TEXT &&
            headers->members[i].value.type != JSON_NULL)
            return false;
    return true;
}

static bool decode_request(struct arena *a, const struct json *item, bool exactly,
                           struct batch_request *ret)
{
    static const struct form_field fields[] = {
        {"method", FORM_TEXT, offsetof(struct batch_request, method)},
        {"url", FORM_TEXT, offsetof(struct batch_request, url)},
        {"headers", FORM_JSON, offsetof(struct batch_request, headers)},
        {"body", FORM_JSON, offsetof(struct batch_request, body)},
    };

    return decode(a, item, exactly, fields, COUNT_OF(fields), ret) && headers_fit(ret->headers) &&
           (!ret->body || ret->body->type == JSON_OBJECT);
}

struct list {
    const struct json *requests; /* NULL: absent */
};

/* XML is read, but no part of it is a request. */
static struct err *read_body(struct api_call *call, const struct json **ret)
{
    static const struct str xml[] = {STR_INIT("text/xml"), STR_INIT("application/xml")};
    struct form_input unused;

    *ret = NULL;
    for (size_t i = 0; i < COUNT_OF(xml); i++)
        if (str_starts(call->req->content_type, xml[i]))
            return api_form(call, &unused);
    return api_body(call, ret);
}

static struct err *read_list(struct api_call *call, bool exactly, struct list *ret)
{
    static const struct form_field fields[] = {
        {"requests", FORM_JSON, offsetof(struct list, requests)}};
    const struct json *body;
    struct err *err = read_body(call, &body);

    *ret = (struct list){NULL};
    if (err && err->kind == E_BAD_REQUEST)
        err->message = FAILED_TO_READ;
    if (err || !body)
        return err;
    if (!decode(call->arena, body, exactly, fields, COUNT_OF(fields), ret) ||
        (ret->requests && ret->requests->type != JSON_LIST))
        return unreadable(call->arena, "no list of requests");
    return NULL;
}

static struct err *decode_requests(struct arena *a, const struct json *list, bool exactly,
                                   struct batch_request *ret)
{
    for (uint32_t i = 0; i < list->n; i++)
        if (!decode_request(a, &list->items[i], exactly, &ret[i]))
            return unreadable(a, "not a request");
    return NULL;
}

/* --- checks ----------------------------------------------------------------------------------- */

static void refuse(struct arena *a, struct err **items, struct str path, enum err_code_id code,
                   struct str params)
{
    err_add_item(a, items, path, code, params);
    (*items)->message = INVALID_DATA;
}

static struct str length_params(struct arena *a, int64_t max)
{
    return arena_printf(a, "{\"max\":%lld,\"min\":0}", (long long)max);
}

static struct err *check_length(struct arena *a, size_t n, int64_t max)
{
    struct err *items = NULL;

    if (n == 0)
        refuse(a, &items, STR("requests"), CODE_REQUIRED, STR_NONE);
    else if ((uint64_t)n > (uint64_t)max)
        refuse(a, &items, STR("requests"), CODE_LENGTH_TOO_LONG, length_params(a, max));
    return items;
}

static bool is_method(struct str text)
{
    static const struct str methods[] = {STR_INIT("GET"), STR_INIT("POST"), STR_INIT("PUT"),
                                         STR_INIT("PATCH"), STR_INIT("DELETE")};

    for (size_t i = 0; i < COUNT_OF(methods); i++)
        if (str_eq(methods[i], text))
            return true;
    return false;
}

static void check_request(struct arena *a, const struct batch_request *request, size_t at,
                          struct err **items)
{
    struct str method = arena_printf(a, "requests.%zu.method", at);
    struct str url = arena_printf(a, "requests.%zu.url", at);

    if (request->method.n == 0)
        refuse(a, items, method, CODE_REQUIRED, STR_NONE);
    else if (!is_method(request->method))
        refuse(a, items, method, CODE_IN, STR_NONE);
    if (request->url.n == 0)
        refuse(a, items, url, CODE_REQUIRED, STR_NONE);
    else if (request->url.n > MAX_URL_BYTES)
        refuse(a, items, url, CODE_LENGTH_TOO_LONG, length_params(a, MAX_URL_BYTES));
}

static struct err *check_requests(struct arena *a, const struct json *list,
                                  const struct batch_request *requests)
{
    struct err *items = NULL;

    for (uint32_t i = 0; i < list->n; i++)
        if (list->items[i].type == JSON_NULL)
            return err_new(a, E_INTERNAL, NULL, "batch: a request is null");
    for (uint32_t i = 0; i < list->n; i++)
        check_request(a, &requests[i], i, &items);
    return items;
}

struct err *batch_read(struct api_call *call, struct batch_request **ret, size_t *ret_n)
{
    bool exactly = !str_starts(call->req->content_type, STR("application/json"));
    struct arena *a = call->arena;
    struct list list;
    struct err *err;

    err = check_allowed(call);
    if (!err)
        err = read_list(call, exactly, &list);
    if (err)
        return err;
    *ret_n = list.requests ? list.requests->n : 0;
    *ret = ARENA_ARRAY(a, struct batch_request, *ret_n);
    if (*ret_n > 0)
        err = decode_requests(a, list.requests, exactly, *ret);
    if (!err)
        err = check_length(a, *ret_n, call->settings->batch.max_requests);
    return err ? err : check_requests(a, list.requests, *ret);
}
