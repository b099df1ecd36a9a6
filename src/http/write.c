/*
 * Answers: their heads, and what the server says by itself.
 */
#include "http/internal.h"

#include "base/limits.h"
#include "base/log.h"

#include <string.h>

#define OPENER "Cross-Origin-Opener-Policy: same-origin\r\n"
#define SNIFF "X-Content-Type-Options: nosniff\r\n"
#define XSS "X-Xss-Protection: 1; mode=block\r\n"
#define FRAMES "X-Frame-Options: SAMEORIGIN\r\n"
#define VARY "Vary: Origin\r\n"
#define BUSY_JSON \
    "{\"data\":{},\"message\":\"The server is busy, please try again later.\",\"status\":503}"

const struct str write_unavailable =
    STR_INIT("HTTP/1.1 503 Service Unavailable\r\n"
             "Content-Type: application/json\r\n" OPENER VARY SNIFF FRAMES XSS "Retry-After: 1\r\n"
             "Content-Length: 80\r\n"
             "Connection: close\r\n\r\n" BUSY_JSON);
_Static_assert(sizeof(BUSY_JSON) - 1 == 80, "Content-Length above");

/* ---- heads --------------------------------------------------------------------------------- */

static struct str reason(int status)
{
    static const struct {
        int status;
        struct str text;
    } reasons[] = {
        {200, STR_INIT("200 OK\r\n")},
        {201, STR_INIT("201 Created\r\n")},
        {202, STR_INIT("202 Accepted\r\n")},
        {204, STR_INIT("204 No Content\r\n")},
        {206, STR_INIT("206 Partial Content\r\n")},
        {301, STR_INIT("301 Moved Permanently\r\n")},
        {302, STR_INIT("302 Found\r\n")},
        {303, STR_INIT("303 See Other\r\n")},
        {304, STR_INIT("304 Not Modified\r\n")},
        {307, STR_INIT("307 Temporary Redirect\r\n")},
        {308, STR_INIT("308 Permanent Redirect\r\n")},
        {400, STR_INIT("400 Bad Request\r\n")},
        {401, STR_INIT("401 Unauthorized\r\n")},
        {403, STR_INIT("403 Forbidden\r\n")},
        {404, STR_INIT("404 Not Found\r\n")},
        {405, STR_INIT("405 Method Not Allowed\r\n")},
        {408, STR_INIT("408 Request Timeout\r\n")},
        {409, STR_INIT("409 Conflict\r\n")},
        {412, STR_INIT("412 Precondition Failed\r\n")},
        {413, STR_INIT("413 Request Entity Too Large\r\n")},
        {415, STR_INIT("415 Unsupported Media Type\r\n")},
        {416, STR_INIT("416 Requested Range Not Satisfiable\r\n")},
        {422, STR_INIT("422 Unprocessable Entity\r\n")},
        {429, STR_INIT("429 Too Many Requests\r\n")},
        {500, STR_INIT("500 Internal Server Error\r\n")},
        {501, STR_INIT("501 Not Implemented\r\n")},
        {502, STR_INIT("502 Bad Gateway\r\n")},
        {503, STR_INIT("503 Service Unavailable\r\n")},
        {504, STR_INIT("504 Gateway Timeout\r\n")},
    };

    for (size_t i = 0; i < COUNT_OF(reasons); i++) {
        if (reasons[i].status == status)
            return reasons[i].text;
    }
    return STR_NONE;
}

static void add_status(struct exchange *ex, int status)
{
    struct str text = reason(status);

    buf_reset(&ex->head);
    if (ex->http10)
        BUF_ADD(&ex->head, "HTTP/1.0 ");
    else
        BUF_ADD(&ex->head, "HTTP/1.1 ");
    if (text.p)
        buf_add(&ex->head, text);
    else
        buf_addf(&ex->head, "%d status code %d\r\n", status, status);
}

static void add_header(struct exchange *ex, struct str name, struct str value)
{
    buf_add(&ex->head, name);
    buf_add(&ex->head, value);
    BUF_ADD(&ex->head, "\r\n");
}

static void add_date(struct exchange *ex)
{
    buf_add_bytes(&ex->head, loop_date_line(ex->conn->loop), DATE_LINE_LEN);
}

static void add_end(struct exchange *ex)
{
    if (conn_drains(ex->conn))
        ex->keep = false;
    if (ex->keep && ex->http10)
        BUF_ADD(&ex->head, "Connection: keep-alive\r\n\r\n");
    else if (ex->keep || ex->http10)
        BUF_ADD(&ex->head, "\r\n");
    else
        BUF_ADD(&ex->head, "Connection: close\r\n\r\n");
}

static void add_length(struct exchange *ex, uint64_t n)
{
    BUF_ADD(&ex->head, "Content-Length: ");
    buf_add_u64(&ex->head, n);
    BUF_ADD(&ex->head, "\r\n");
}

/* One that is longer than any browser's is answered without it, and that is all. */
static struct str allowed_origin(struct exchange *ex)
{
    struct str origin = req_header(&ex->req, STR("Origin"));

    if (origin.n > LIMIT_ORIGIN_BYTES)
        ex->keep = false;
    return cors_origin(ex->conn->loop->server, origin);
}

static void add_origin(struct exchange *ex)
{
    struct str allowed = allowed_origin(ex);

    if (allowed.p)
        add_header(ex, STR("Access-Control-Allow-Origin: "), allowed);
}

/* ---- answers of the server itself ---------------------------------------------------------- */

void write_refusal(struct http_conn *conn, enum http_refused refused)
{
    const struct http_refusal *refusal = &http_refusals[refused];
    struct exchange *ex = conn->exchange;
    struct str body = str_of(refusal->body);

    if (!refusal->keeps || ex->framing != BODY_NONE) {
        ex->keep = false;
        ex->linger = true;
    }
    buf_reset(&ex->head);
    if (ex->http10 && refusal->mirrors)
        BUF_ADD(&ex->head, "HTTP/1.0 ");
    else
        BUF_ADD(&ex->head, "HTTP/1.1 ");
    add_header(ex, str_of(refusal->line), STR(""));
    buf_add(&ex->head, str_of(refusal->headers));
    add_date(ex);
    add_length(ex, body.n);
    ex->http10 &= ex->keep; /* the end of the connection is said in so many words */
    add_end(ex);
    send_answer(ex, body);
}

static void add_html(struct buf *out, struct str text)
{
    static const char *const escapes[256] = {
        ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&#34;", ['\''] = "&#39;",
    };

    for (size_t i = 0; i < text.n; i++) {
        const char *escape = escapes[(unsigned char)text.p[i]];

        if (escape)
            buf_add(out, str_of(escape));
        else
            buf_add_byte(out, text.p[i]);
    }
}

static struct str with_query(const struct req *req, struct str path)
{
    return req->query.n ? arena_concat(req->arena, path, STR("?"), req->query) : path;
}

void write_redirect(struct http_conn *conn, struct str path)
{
    struct exchange *ex = conn->exchange;
    struct str location = with_query(&ex->req, path);
    bool get = str_eq(ex->req.method, STR("GET"));
    bool head = str_eq(ex->req.method, STR("HEAD"));
    struct buf *body = &ex->req.resp.body;

    ex->head.max = location.n + IN_BYTES; /* a target may be as long as a head */
    add_status(ex, 307);
    if (get || head)
        BUF_ADD(&ex->head, "Content-Type: text/html; charset=utf-8\r\n");
    add_header(ex, STR("Location: "), location);
    if (get) {
        BUF_ADD(body, "<a href=\"");
        add_html(body, location);
        BUF_ADD(body, "\">Temporary Redirect</a>.\n\n");
    }
    add_date(ex);
    if (!head)
        add_length(ex, body->n);
    add_end(ex);
    send_answer(ex, buf_str(body));
}

void write_options(struct http_conn *conn)
{
    struct exchange *ex = conn->exchange;
    struct str allowed = allowed_origin(ex);
    struct str wanted = req_header(&ex->req, STR("Access-Control-Request-Headers"));

    ex->head.max = wanted.n + IN_BYTES;
    add_status(ex, 204);
    BUF_ADD(&ex->head, VARY);
    if (allowed.p) {
        BUF_ADD(&ex->head, "Vary: Access-Control-Request-Method\r\n"
                           "Vary: Access-Control-Request-Headers\r\n"
                           "Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE\r\n");
        add_header(ex, STR("Access-Control-Allow-Origin: "), allowed);
        if (wanted.n)
            add_header(ex, STR("Access-Control-Allow-Headers: "), wanted);
    }
    add_date(ex);
    add_end(ex);
    send_answer(ex, STR_NONE);
}

void write_continue(struct http_conn *conn)
{
    uv_buf_t line = piece_of(STR("HTTP/1.1 100 Continue\r\n\r\n"));

    /* A client that has no room for a line waits a moment and sends its body all the same. */
    (void)uv_try_write((uv_stream_t *)&conn->tcp, &line, 1);
}

/* ---- the handler's answers ----------------------------------------------------------------- */

/* Up to where the length would stand. */
static void add_answer_head(struct exchange *ex, bool bodiless)
{
    const struct resp *resp = &ex->req.resp;

    if (resp->close)
        ex->keep = false;
    ex->head.max = resp->headers.n + 2 * IN_BYTES;
    add_status(ex, resp->status);
    add_origin(ex);
    if (resp->content_type && !bodiless)
        add_header(ex, STR("Content-Type: "), str_of(resp->content_type));
    if (resp->bare)
        BUF_ADD(&ex->head, VARY);
    else if (resp->framable)
        BUF_ADD(&ex->head, OPENER VARY SNIFF XSS);
    else
        BUF_ADD(&ex->head, OPENER VARY SNIFF FRAMES XSS);
    buf_add(&ex->head, buf_str(&resp->headers));
    add_date(ex);
}

static void check_size(struct exchange *ex)
{
    const struct resp *resp = &ex->req.resp;

    if (resp->body.starved) {
        req_answer_err(&ex->req, err_starved(ex->req.arena, "an answer"));
    } else if (resp->body.full || resp->headers.full) {
        log_error("http.answer_too_large", LOG_STR("path", ex->req.path));
        req_answer_err(&ex->req, err_new(ex->req.arena, E_INTERNAL, NULL, "answer too large"));
    }
}

/* To HEAD, PocketBase's errors have no length, nor have redirections and failed conditions that are
 * without a body. */
static bool tells_head_length(const struct resp *resp)
{
    if (resp->status < 300 || resp->file.open)
        return true;
    if (resp->status < 400 || !resp->content_type)
        return resp->body.n > 0 || resp->borrowed.p;
    return !str_eq(str_of(resp->content_type), STR("application/json"));
}

static void write_answer(struct exchange *ex)
{
    struct resp *resp = &ex->req.resp;
    bool head = str_eq(ex->req.method, STR("HEAD"));
    bool bodiless = resp->status == 204 || resp->status == 304;
    struct str body;

    check_size(ex);
    body = resp->borrowed.p ? resp->borrowed : buf_str(&resp->body);
    add_answer_head(ex, bodiless);
    if (!bodiless && (!head || tells_head_length(resp)))
        add_length(ex, resp->file.open ? resp->file.size : body.n);
    add_end(ex);
    if (resp->file.open && !head && !bodiless)
        send_file(ex);
    else
        send_answer(ex, head || bodiless ? STR_NONE : body);
}

void write_err(struct http_conn *conn, enum err_kind kind)
{
    struct exchange *ex = conn->exchange;

    ex->keep = false;
    ex->linger = true;
    req_answer_err(&ex->req, err_new(ex->req.arena, kind, NULL, "refused by the HTTP layer"));
    write_answer(ex);
}

/* Without a size HTTP/1.1 has chunks, and before it the connection's end is the body's. */
void write_stream_head(struct exchange *ex)
{
    check_size(ex);
    add_answer_head(ex, false);
    if (ex->req.resp.sized)
        add_length(ex, ex->req.resp.size);
    else if (ex->http10)
        ex->keep = false;
    else if (!str_eq(ex->req.method, STR("HEAD")))
        BUF_ADD(&ex->head, "Transfer-Encoding: chunked\r\n");
    add_end(ex);
}

void req_send(struct req *req)
{
    struct exchange *ex = exchange_of(req);
    struct http_conn *conn = ex->conn;

    loop_count(&conn->loop->n_in_flight, -1U);
    if (conn->state == CONN_CLOSED)
        conn_next(conn); /* nobody is there to read it */
    else
        write_answer(ex);
}
