/*
 * What handlers do with a request: look into it, fill in the answer, send it.
 */
#include "http/internal.h"

#include "base/limits.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct str req_header(const struct req *req, struct str name)
{
    for (size_t i = 0; i < req->headers.n; i++) {
        const struct req_pair *pair = &req->headers.items[i];

        if (pair->name.n == name.n && str_eq_nocase(pair->name, name))
            return pair->value;
    }
    return STR_NONE;
}

const struct req_pairs *req_query(struct req *req)
{
    struct req_pairs *pairs;

    if (!req->query_pairs) {
        pairs = ARENA_NEW(req->arena, struct req_pairs);
        if (req_pairs_fit(req->query, LIMIT_QUERY_PARAMS))
            (void)req_parse_pairs(req->arena, req->query, pairs); /* broken ones are dropped */
        req->query_pairs = pairs;
    }
    return req->query_pairs;
}

struct str req_query_get(struct req *req, struct str name)
{
    const struct req_pairs *pairs = req_query(req);

    for (size_t i = 0; i < pairs->n; i++) {
        if (str_eq(pairs->items[i].name, name))
            return pairs->items[i].value;
    }
    return STR_NONE;
}

void req_answer_json(struct req *req, int status)
{
    req->resp.status = status;
    req->resp.content_type = "application/json";
}

void req_answer_empty(struct req *req, int status)
{
    req->resp.status = status;
    req->resp.content_type = NULL;
    buf_reset(&req->resp.body);
}

void req_drop_file(struct resp *resp)
{
    if (resp->file.open)
        (void)close(resp->file.fd); /* it was only read */
    free(TAKE(resp->file.parts));
    resp->file.open = false;
}

void req_answer_err(struct req *req, const struct err *err)
{
    struct resp *resp = &req->resp;

    buf_reset(&resp->body);
    buf_reset(&resp->headers);
    resp->bare = resp->framable = false;
    resp->borrowed = STR_NONE;
    req_drop_file(resp);
    err_write(&resp->body, err);
    req_answer_json(req, err_status(err));
    if (resp->status == 503 && !err->retry_after_s)
        req_add_header(req, "Retry-After: 1");
    else if (err->retry_after_s)
        req_add_header(req, "Retry-After: %u", err->retry_after_s);
}

void req_answer_borrowed(struct req *req, int status, struct str body)
{
    req->resp.status = status;
    req->resp.borrowed = body;
}

void req_answer_file(struct req *req, int status, int fd, uint64_t at, uint64_t n)
{
    req_drop_file(&req->resp);
    req->resp.status = status;
    req->resp.file = (struct resp_file){.open = true, .fd = fd, .size = n, .at = at, .n = n};
}

void req_answer_parts(struct req *req, int status, int fd, const struct resp_part *parts, size_t n)
{
    struct resp_file *file = &req->resp.file;

    req_answer_file(req, status, fd, 0, 0);
    file->parts = malloc((n + 1) * sizeof(*parts));
    if (!file->parts)
        BUG("out of memory");
    for (size_t i = 0; i < n; i++) {
        file->parts[file->n_parts++] = parts[i];
        file->size += parts[i].n_text + parts[i].n;
    }
}

void req_add_header(struct req *req, const char *format, ...)
{
    struct buf *headers = &req->resp.headers;
    size_t at = headers->n;
    struct str line;
    va_list args;

    va_start(args, format);
    line = arena_vprintf(req->arena, format, args);
    va_end(args);
    buf_add(headers, line);
    /* Whatever got into a value, the next line is not its to begin. */
    for (size_t i = at; i < headers->n; i++) {
        if (headers->p[i] == '\r' || headers->p[i] == '\n' || headers->p[i] == '\0')
            headers->p[i] = ' ';
    }
    BUF_ADD(headers, "\r\n");
}
