/*
 * Request heads. The request line is read here, because any token is a method to us and llhttp
 * knows a fixed list; the header fields are llhttp's. It is fed a request line of our own before
 * them, and only whole heads, so each of its spans comes in one piece.
 *
 * How a body is framed is decided here from the fields (Go's rules, but a Transfer-Encoding beside
 * a Content-Length is refused): llhttp's own idea of it is never asked, so its lenience about the
 * two fields below opens nothing.
 */
#include "http/internal.h"

#include "base/limits.h"
#include "base/num.h"

#include <pthread.h>
#include <string.h>

static const char canonical_head[] = "POST / HTTP/1.1\r\n";
static const char canonical_chunked[] = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";

struct reader {
    struct exchange *ex;
    VEC(struct req_pair) pairs;
    struct str host;
    struct str coding;
    unsigned n_hosts, n_codings, n_lengths;
    bool bad_length;
    bool says_close, says_keep;
    bool expectation, expects_continue;
    bool complete;
    int minor, major;
};

#define PLAIN "Content-Type: text/plain; charset=utf-8\r\n"

/* clang-format off */
const struct http_refusal http_refusals[REFUSED_KINDS] = {
    [REFUSED_BAD]       = {"400 Bad Request", PLAIN, "400 Bad Request", false, false},
    [REFUSED_NO_HOST]   = {"400 Bad Request: missing required Host header", PLAIN,
                           "400 Bad Request: missing required Host header", false, false},
    [REFUSED_BAD_HOST]  = {"400 Bad Request: malformed Host header", PLAIN,
                           "400 Bad Request: malformed Host header", false, false},
    [REFUSED_HEAD_SIZE] = {"431 Request Header Fields Too Large", PLAIN,
                           "431 Request Header Fields Too Large", false, false},
    [REFUSED_EXPECT]    = {"417 Expectation Failed", "", "", true, false},
    [REFUSED_CODING]    = {"501 Not Implemented", PLAIN, "Unsupported transfer encoding", false, false},
    [REFUSED_VERSION]   = {"505 HTTP Version Not Supported: unsupported protocol version", PLAIN,
                           "505 HTTP Version Not Supported: unsupported protocol version", false, false},
    [REFUSED_CONNECT]   = {"405 Method Not Allowed",
                           "Allow: GET, HEAD\r\n" PLAIN "X-Content-Type-Options: nosniff\r\n",
                           "Method Not Allowed\n", true, false},
    [REFUSED_STAR]      = {"400 Bad Request", "", "", true, false},
    [REFUSED_TIMEOUT]   = {"408 Request Timeout", PLAIN, "408 Request Timeout", false, false},
    [REFUSED_OPTIONS_STAR] = {"200 OK", "", "", true, true},
};
/* clang-format on */

/* ---- fields ------------------------------------------------------------------------------- */

static void see_host(struct reader *r, struct str value)
{
    r->host = value;
    r->n_hosts++;
}

static void see_length(struct reader *r, struct str value)
{
    uint64_t n;

    r->n_lengths++;
    if (value.n == 0 || value.p[0] == '+' || !num_parse_u64(value, &n) || n > INT64_MAX)
        r->bad_length = true;
    else
        r->ex->length = n;
}

static void see_coding(struct reader *r, struct str value)
{
    r->coding = value;
    r->n_codings++;
}

static void see_connection(struct reader *r, struct str value)
{
    struct str rest = value;

    while (rest.p) {
        struct str token = str_trim_space(str_split(&rest, ','));

        r->says_close |= str_eq_nocase(token, STR("close"));
        r->says_keep |= str_eq_nocase(token, STR("keep-alive"));
    }
}

static void see_expect(struct reader *r, struct str value)
{
    struct str rest = value;

    if (r->expectation || value.n == 0)
        return; /* the first one counts, as Go has it */
    r->expectation = true;
    while (rest.p) {
        struct str token = str_trim_space(str_split(&rest, ','));

        r->expects_continue |= str_eq_nocase(token, STR("100-continue"));
    }
}

static void see_type(struct reader *r, struct str value)
{
    if (!r->ex->req.content_type.p)
        r->ex->req.content_type = value;
}

static const struct {
    struct str name;
    void (*see)(struct reader *r, struct str value);
} seen_fields[] = {
    {STR_INIT("Host"), see_host},
    {STR_INIT("Expect"), see_expect},
    {STR_INIT("Connection"), see_connection},
    {STR_INIT("Content-Type"), see_type},
    {STR_INIT("Content-Length"), see_length},
    {STR_INIT("Transfer-Encoding"), see_coding},
};

static int on_field(llhttp_t *parser, const char *p, size_t n)
{
    struct reader *r = parser->data;
    struct req_pair *pair;

    if (r->pairs.n >= LIMIT_HEADERS)
        return HPE_USER;
    pair = VEC_PUSH(r->ex->req.arena, &r->pairs);
    pair->name = (struct str){p, n};
    pair->value = STR("");
    return 0;
}

static int on_value(llhttp_t *parser, const char *p, size_t n)
{
    struct reader *r = parser->data;

    r->pairs.items[r->pairs.n - 1].value = str_trim((struct str){p, n}, STR(" \t"));
    return 0;
}

static int on_value_end(llhttp_t *parser)
{
    struct reader *r = parser->data;
    const struct req_pair *pair = &r->pairs.items[r->pairs.n - 1];

    for (size_t i = 0; i < COUNT_OF(seen_fields); i++) {
        if (pair->name.n == seen_fields[i].name.n && str_eq_nocase(pair->name, seen_fields[i].name))
            seen_fields[i].see(r, pair->value);
    }
    return 0;
}

static int on_head_end(llhttp_t *parser)
{
    struct reader *r = parser->data;

    if (r)
        r->complete = true;
    return 1; /* no body follows in what this parser is fed */
}

/* ---- chunked bodies ----------------------------------------------------------------------- */

static int on_chunk_data(llhttp_t *parser, const char *p, size_t n)
{
    struct exchange *ex = parser->data;

    ex->got += n;
    if (ex->got > ex->limit)
        return HPE_USER;
    buf_add(&ex->body, (struct str){p, n});
    return 0;
}

static int on_chunks_end(llhttp_t *parser)
{
    struct exchange *ex = parser->data;

    ex->chunks_done = true;
    return HPE_PAUSED; /* what follows is the next request */
}

static llhttp_settings_t head_settings, chunk_settings;
static llhttp_t head_template, chunk_template;

static void make_templates(void)
{
    llhttp_settings_init(&head_settings);
    head_settings.on_header_field = on_field;
    head_settings.on_header_value = on_value;
    head_settings.on_header_value_complete = on_value_end;
    head_settings.on_headers_complete = on_head_end;
    llhttp_init(&head_template, HTTP_REQUEST, &head_settings);
    llhttp_set_lenient_optional_cr_before_lf(&head_template, 1);
    llhttp_set_lenient_chunked_length(&head_template, 1);
    llhttp_set_lenient_transfer_encoding(&head_template, 1);
    if (llhttp_execute(&head_template, canonical_head, sizeof(canonical_head) - 1) != HPE_OK)
        BUG("llhttp refuses our request line");

    llhttp_settings_init(&chunk_settings);
    llhttp_init(&chunk_template, HTTP_REQUEST, &chunk_settings);
    if (llhttp_execute(&chunk_template, canonical_chunked, sizeof(canonical_chunked) - 1) != HPE_OK)
        BUG("llhttp refuses our head");
    chunk_settings.on_body = on_chunk_data;
    chunk_settings.on_message_complete = on_chunks_end;
}

static pthread_once_t templates_once = PTHREAD_ONCE_INIT;

void head_chunk_parser(llhttp_t *parser, struct exchange *ex)
{
    (void)pthread_once(&templates_once, make_templates); /* cannot fail with a valid control */
    *parser = chunk_template;
    parser->data = ex;
}

/* ---- request line ------------------------------------------------------------------------- */

static bool is_token(struct str s)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        if (!alnum && (c == '\0' || !strchr(others, c)))
            return false;
    }
    return s.n > 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool version_read(struct str text, int *ret_major, int *ret_minor)
{
    if (text.n != 8 || !str_starts(text, STR("HTTP/")) || !is_digit(text.p[5]) ||
        text.p[6] != '.' || !is_digit(text.p[7]))
        return false;
    *ret_major = text.p[5] - '0';
    *ret_minor = text.p[7] - '0';
    return true;
}

static bool line_split(struct str line, struct str parts[3])
{
    struct str rest = str_sub(line, 0, line.n - 1);

    if (rest.n && rest.p[rest.n - 1] == '\r')
        rest.n--;
    for (int i = 0; i < 2; i++) {
        size_t at = str_find_byte(rest, ' ');

        if (at == rest.n)
            return false;
        parts[i] = str_sub(rest, 0, at);
        rest = str_from(rest, at + 1);
    }
    parts[2] = rest;
    return true;
}

bool head_line_ok(struct str line)
{
    struct str parts[3];
    int major, minor;

    return line_split(line, parts) && is_token(parts[0]) && parts[1].n > 0 &&
           version_read(parts[2], &major, &minor);
}

static bool read_line(struct reader *r, struct str line)
{
    struct req *req = &r->ex->req;
    struct str parts[3];
    struct target target;

    if (!line_split(line, parts) || !is_token(parts[0]) ||
        !version_read(parts[2], &r->major, &r->minor))
        return false;
    req->method = parts[0];
    req->target = parts[1];
    if (!target_parse(req->arena, req->method, req->target, &target))
        return false;
    req->path = target.path;
    req->query = target.query;
    r->ex->http10 = r->major == 1 && r->minor == 0;
    return true;
}

/* ---- what they mean together -------------------------------------------------------------- */

static bool host_ok(struct str host)
{
    static const char others[] = "!$%&()*+,-.:;=[']_~";

    for (size_t i = 0; i < host.n; i++) {
        char c = host.p[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c);

        if (!alnum && (c == '\0' || !strchr(others, c)))
            return false;
    }
    return true;
}

static enum http_refused check_framing(struct reader *r)
{
    struct exchange *ex = r->ex;
    bool coded = r->n_codings > 0 && !ex->http10;

    if (r->bad_length || r->n_lengths > 1)
        return REFUSED_BAD;
    if (coded && (r->n_codings > 1 || !str_eq_nocase(r->coding, STR("chunked"))))
        return REFUSED_CODING;
    if (coded && r->n_lengths)
        return REFUSED_BAD; /* Go drops the length; whoever sends both is up to something */
    if (coded)
        ex->framing = BODY_CHUNKED;
    else if (ex->length > 0)
        ex->framing = BODY_LENGTH;
    ex->req.has_body = ex->framing != BODY_NONE;
    return REFUSED_NOT;
}

static enum http_refused check_target(const struct reader *r)
{
    const struct req *req = &r->ex->req;
    bool connect = str_eq(req->method, STR("CONNECT"));

    if (r->major != 1)
        return REFUSED_VERSION;
    if (r->n_hosts == 0 && !r->ex->http10 && !connect)
        return REFUSED_NO_HOST;
    if (!host_ok(r->host))
        return REFUSED_BAD_HOST;
    if (connect && !str_starts(req->target, STR("/")))
        return REFUSED_CONNECT;
    if (r->expectation && !r->expects_continue)
        return REFUSED_EXPECT;
    if (!str_eq(req->target, STR("*")))
        return REFUSED_NOT;
    return str_eq(req->method, STR("OPTIONS")) ? REFUSED_OPTIONS_STAR : REFUSED_STAR;
}

static enum http_refused check_all(struct reader *r)
{
    const struct req *req = &r->ex->req;
    enum http_refused refused;

    if (r->major == 2 && str_eq(req->method, STR("PRI")) && str_eq(req->target, STR("*")))
        return REFUSED_STAR; /* the preface of HTTP/2 */
    if (r->n_hosts > 1)
        return REFUSED_BAD;
    refused = check_framing(r);
    return refused != REFUSED_NOT ? refused : check_target(r);
}

enum http_refused head_parse(struct exchange *ex, struct str head)
{
    size_t line_n = str_find_byte(head, '\n') + 1;
    struct reader r = {.ex = ex};
    llhttp_t parser;

    (void)pthread_once(&templates_once, make_templates); /* cannot fail with a valid control */
    if (!read_line(&r, str_sub(head, 0, line_n)))
        return REFUSED_BAD;
    parser = head_template;
    parser.data = &r;
    (void)llhttp_execute(&parser, head.p + line_n, head.n - line_n); /* `complete` tells */
    if (!r.complete && llhttp_get_errno(&parser) == HPE_USER)
        return REFUSED_HEAD_SIZE;
    if (!r.complete)
        return r.n_codings > 0 && llhttp_get_errno(&parser) == HPE_INVALID_TRANSFER_ENCODING
                   ? REFUSED_CODING
                   : REFUSED_BAD;
    ex->req.headers = (struct req_pairs){r.pairs.items, r.pairs.n};
    ex->keep = !r.says_close && (!ex->http10 || r.says_keep);
    ex->expects = r.expects_continue && !ex->http10;
    return check_all(&r);
}
