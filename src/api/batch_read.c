/*
 * A batch's body: whether batches are allowed, its list of requests, and what each must have.
 */
#include "api/batch.h"

#define FAILED_TO_READ "Failed to read the submitted batch data."
#define INVALID_DATA "Invalid batch request data."
#define MAX_URL_BYTES 2000

/* --- decoding ------------------------------------------------------------------------------- */

/* Names inside @jsonPayload count as they are written; in a JSON body their case does not. */
static bool decode_members(struct arena *a, const struct json *object, bool exactly,
                           const struct form_field *fields, size_t n, void *target)
{
    struct form_input input = {.body = object};
    VEC(struct json_member) members = {0};
    struct json known;

    if (exactly && object->type == JSON_OBJECT) {
        for (size_t i = 0; i < n; i++) {
            struct str name = str_of(fields[i].name);
            const struct json *value = json_get(object, name);

            if (value)
                *VEC_PUSH(a, &members) = (struct json_member){name, *value};
        }
        known = json_of_object(members.items, members.n);
        input.body = &known;
    }
    return form_decode(a, fields, n, &input, target);
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

    if (!decode_members(a, item, exactly, fields, COUNT_OF(fields), ret))
        return false;
    if ((ret->headers && ret->headers->type != JSON_OBJECT) ||
        (ret->body && ret->body->type != JSON_OBJECT))
        return false;
    for (uint32_t i = 0; ret->headers && i < ret->headers->n; i++) {
        enum json_type type = ret->headers->members[i].value.type;

        if (type != JSON_TEXT && type != JSON_NULL)
            return false;
    }
    return true;
}

struct list {
    const struct json *requests; /* NULL: absent */
};

/* XML is read, but no part of it is a request. */
static struct err *read_list(struct api_call *call, bool exactly, struct list *ret)
{
    static const struct form_field fields[] = {
        {"requests", FORM_JSON, offsetof(struct list, requests)}};
    const struct str type = call->req->content_type;
    const struct json *body = NULL;
    struct form_input unused;
    struct err *err;

    *ret = (struct list){NULL};
    if (str_starts(type, STR("text/xml")) || str_starts(type, STR("application/xml")))
        err = api_form(call, &unused);
    else
        err = api_body(call, &body);
    if (err && err->kind == E_BAD_REQUEST)
        err->message = FAILED_TO_READ;
    if (err || !body)
        return err;
    if (!decode_members(call->arena, body, exactly, fields, COUNT_OF(fields), ret) ||
        (ret->requests && ret->requests->type != JSON_LIST))
        return err_new(call->arena, E_BAD_REQUEST, FAILED_TO_READ, "batch: no list of requests");
    return NULL;
}

/* --- checks --------------------------------------------------------------------------------- */

static struct str length_params(struct arena *a, int64_t max)
{
    return arena_printf(a, "{\"max\":%lld,\"min\":0}", (long long)max);
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
        err_add_item(a, items, method, CODE_REQUIRED, STR_NONE);
    else if (!is_method(request->method))
        err_add_item(a, items, method, CODE_IN, STR_NONE);
    if (request->url.n == 0)
        err_add_item(a, items, url, CODE_REQUIRED, STR_NONE);
    else if (request->url.n > MAX_URL_BYTES)
        err_add_item(a, items, url, CODE_LENGTH_TOO_LONG, length_params(a, MAX_URL_BYTES));
}

/* A wrong number of them is told alone. */
static struct err *check_requests(struct arena *a, const struct json *list,
                                  const struct batch_request *requests, size_t n, int64_t max)
{
    struct err *items = NULL;

    if (n == 0)
        err_add_item(a, &items, STR("requests"), CODE_REQUIRED, STR_NONE);
    else if ((uint64_t)n > (uint64_t)max)
        err_add_item(a, &items, STR("requests"), CODE_LENGTH_TOO_LONG, length_params(a, max));
    for (size_t i = 0; !items && i < n; i++)
        if (list->items[i].type == JSON_NULL)
            return err_new(a, E_INTERNAL, NULL, "batch: a request is null");
    if (!items)
        for (size_t i = 0; i < n; i++)
            check_request(a, &requests[i], i, &items);
    if (items)
        items->message = INVALID_DATA;
    return items;
}

/* Of more than max, which are refused, nothing is kept; but what is no request is told first. */
static bool decode_requests(struct arena *a, const struct json *list, bool exactly, uint64_t max,
                            struct batch_request **ret)
{
    AUTO(arena_free) struct arena *scratch = arena_new();
    const uint32_t n = list ? list->n : 0;
    const bool kept = n <= max;

    *ret = ARENA_ARRAY(a, struct batch_request, kept ? n : 1);
    for (uint32_t i = 0; i < n; i++) {
        if (!decode_request(kept ? a : scratch, &list->items[i], exactly, &(*ret)[kept ? i : 0]))
            return false;
        arena_reset(scratch);
    }
    return true;
}

struct err *batch_read(struct api_call *call, struct batch_request **ret, size_t *ret_n)
{
    const bool exactly = !str_starts(call->req->content_type, STR("application/json"));
    const struct settings *settings = call->settings;
    struct arena *a = call->arena;
    struct list list;
    struct err *err;

    if (!settings->batch.enabled || settings->batch.max_requests <= 0)
        return err_new(a, E_FORBIDDEN, "Batch requests are not allowed.", "switched off");
    if (call->req->too_large)
        return err_new(a, E_TOO_LARGE, NULL, "the batch is over its limit");
    err = read_list(call, exactly, &list);
    if (err)
        return err;
    *ret_n = list.requests ? list.requests->n : 0;
    if (!decode_requests(a, list.requests, exactly, (uint64_t)settings->batch.max_requests, ret))
        return err_new(a, E_BAD_REQUEST, FAILED_TO_READ, "batch: not a request");
    return check_requests(a, list.requests, *ret, *ret_n, settings->batch.max_requests);
}
