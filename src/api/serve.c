/*
 * Conditions and ranges are those of Go's file server, which PocketBase's is. Where a file has no
 * entity tag, a condition on one is met by "*" alone.
 */
#include "api/serve.h"

#include "base/id.h"
#include "base/limits.h"
#include "http/range.h"
#include "http/when.h"

#define INERT "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
#define CACHED "max-age=2592000, stale-while-revalidate=86400"
#define BOUNDARY_LEN 60

/* --- what it is ------------------------------------------------------------------------------- */

static bool is_inline(struct str type)
{
    static const struct str types[] = {
        STR_INIT("image/png"),         STR_INIT("image/jpg"),       STR_INIT("image/jpeg"),
        STR_INIT("image/gif"),         STR_INIT("image/webp"),      STR_INIT("image/x-icon"),
        STR_INIT("image/bmp"),         STR_INIT("video/webm"),      STR_INIT("video/mp4"),
        STR_INIT("video/3gpp"),        STR_INIT("video/quicktime"), STR_INIT("video/x-ms-wmv"),
        STR_INIT("audio/basic"),       STR_INIT("audio/aiff"),      STR_INIT("audio/mpeg"),
        STR_INIT("audio/midi"),        STR_INIT("audio/mp3"),       STR_INIT("audio/wave"),
        STR_INIT("audio/wav"),         STR_INIT("audio/x-wav"),     STR_INIT("audio/x-mpeg"),
        STR_INIT("audio/x-m4a"),       STR_INIT("audio/aac"),       STR_INIT("application/pdf"),
        STR_INIT("application/x-pdf"),
    };

    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (str_eq(types[i], type))
            return true;
    return false;
}

/* Types that no content gives away. */
static struct str type_of(const struct serve_file *served)
{
    static const struct {
        struct str extension, type;
    } types[] = {
        {STR_INIT(".svg"), STR_INIT("image/svg+xml")},
        {STR_INIT(".css"), STR_INIT("text/css")},
        {STR_INIT(".js"), STR_INIT("text/javascript")},
        {STR_INIT(".mjs"), STR_INIT("text/javascript")},
        {STR_INIT(".docx"),
         STR_INIT("application/vnd.openxmlformats-officedocument.wordprocessingml.document")},
        {STR_INIT(".xlsx"),
         STR_INIT("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")},
        {STR_INIT(".pptx"),
         STR_INIT("application/vnd.openxmlformats-officedocument.presentationml.presentation")},
    };
    size_t dot = str_find_last_byte(served->name, '.');

    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (str_eq(str_from(served->name, dot), types[i].extension))
            return types[i].type;
    return served->file.type;
}

static bool is_download(struct api_call *call)
{
    static const struct str words[] = {STR_INIT("1"), STR_INIT("t"),    STR_INIT("true"),
                                       STR_INIT("T"), STR_INIT("TRUE"), STR_INIT("True")};
    struct str text = req_query_get(call->req, STR("download"));

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_eq(words[i], text))
            return true;
    return false;
}

/* Quoted; what is neither printable nor ASCII is no name that we have given. */
static struct str quoted(struct arena *a, struct str name)
{
    AUTO_BUF struct buf out;

    buf_init(&out, 16 * name.n + 16);
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];

        if (c == '"' || c == '\\')
            buf_add_byte(&out, '\\');
        if (c < 32 || c == 127)
            buf_addf(&out, "\\x%02x", c);
        else
            buf_add_byte(&out, (char)c);
    }
    return arena_dup(a, buf_str(&out));
}

/* Whoever wrote it to the disk, the next header is not his to begin. */
static struct str clean(struct arena *a, struct str type)
{
    char *p = arena_alloc(a, type.n + 1);

    for (size_t i = 0; i < type.n; i++)
        p[i] = (char)((unsigned char)type.p[i] < ' ' || type.p[i] == 127 ? ' ' : type.p[i]);
    return (struct str){p, type.n};
}

static void add_headers(struct api_call *call, const struct serve_file *served)
{
    struct req *req = call->req;
    const char *disposition =
        is_inline(served->file.type) && !is_download(call) ? "inline" : "attachment";

    req->resp.content_type = arena_cstr(call->arena, clean(call->arena, type_of(served)));
    req_add_header(req, "Content-Disposition: %s; filename=\"%.*s\"", disposition,
                   STR_ARG(quoted(call->arena, served->name)));
    req_add_header(req, "Content-Security-Policy: " INERT);
}

/* For a value that nobody outside has chosen: without the price of a format. */
static void add_header(struct req *req, struct str name, struct str value)
{
    struct buf *headers = &req->resp.headers;

    buf_add(headers, name);
    buf_add(headers, value);
    BUF_ADD(headers, "\r\n");
}

static void add_validity(struct req *req, const struct serve_file *served)
{
    char when[HTTP_WHEN_LEN + 1];

    if (served->cache)
        add_header(req, STR("Cache-Control: "), str_of(served->cache));
    if (served->etag.n > 0)
        add_header(req, STR("ETag: "), served->etag);
    if (served->file.modified_s == 0)
        return; /* Go takes it for no time */
    http_when_write(when, served->file.modified_s);
    add_header(req, STR("Last-Modified: "), str_of(when));
}

/* --- conditions ------------------------------------------------------------------------------- */

/* A condition on an entity tag. */
struct condition {
    bool sent, met;
};

/* Takes an entity tag off the front; false: there is none. *ret: without what says that it is weak,
 * as *ret_weak does then. */
static bool take_tag(struct str *text, struct str *ret, bool *ret_weak)
{
    struct str rest;

    *ret_weak = str_starts(*text, STR("W/"));
    rest = *ret_weak ? str_from(*text, 2) : *text;

    if (rest.n == 0 || rest.p[0] != '"')
        return false;
    for (size_t i = 1; i < rest.n; i++) {
        unsigned char c = (unsigned char)rest.p[i];

        if (c == '"') {
            *ret = str_sub(rest, 0, i + 1);
            *text = str_from(rest, i + 1);
            return true;
        }
        if (c <= ' ' || c == 127)
            return false;
    }
    return false;
}

/* Whether a list has a "*", or the file's tag, before what is no tag. weak: one that is weak will
 * do. */
static struct condition tag_condition(const struct req *req, struct str header, struct str etag,
                                      bool weak)
{
    struct str rest = req_header(req, header), tag = STR_NONE;
    struct condition condition = {.sent = rest.n > 0};
    bool is_weak = false;

    do {
        condition.met = tag.n > 0 && (weak || !is_weak) && str_eq(tag, etag);
        while (rest.n > 0 && (rest.p[0] == ' ' || rest.p[0] == '\t' || rest.p[0] == ','))
            rest = str_from(rest, 1);
        condition.met |= str_starts(rest, STR("*"));
    } while (!condition.met && take_tag(&rest, &tag, &is_weak));
    return condition;
}

/* False: no such header, or no date in it, or the file has none. */
static bool read_when(const struct req *req, struct str header, const struct serve_file *served,
                      int64_t *ret)
{
    return served->file.modified_s != 0 && http_when_read(req_header(req, header), ret);
}

/* 412, 304, or 0: neither. */
static int status_of_conditions(const struct req *req, const struct serve_file *served)
{
    const struct condition match = tag_condition(req, STR("If-Match"), served->etag, false);
    const struct condition none_match =
        tag_condition(req, STR("If-None-Match"), served->etag, true);
    int64_t when;

    if (match.sent && !match.met)
        return 412;
    if (!match.sent && read_when(req, STR("If-Unmodified-Since"), served, &when) &&
        served->file.modified_s > when)
        return 412;
    if (none_match.met)
        return 304;
    if (!none_match.sent && read_when(req, STR("If-Modified-Since"), served, &when) &&
        served->file.modified_s <= when)
        return 304;
    return 0;
}

/* Whether the file is still what a part of it is wanted of. */
static bool is_unchanged(const struct req *req, const struct serve_file *served)
{
    struct str text = req_header(req, STR("If-Range")), tag;
    bool is_weak;
    int64_t when;

    if (text.n == 0)
        return true;
    if (take_tag(&text, &tag, &is_weak))
        return !is_weak && str_eq(tag, served->etag);
    return read_when(req, STR("If-Range"), served, &when) && when == served->file.modified_s;
}

static struct str range_header(const struct req *req, const struct serve_file *served)
{
    return is_unchanged(req, served) ? req_header(req, STR("Range")) : STR_NONE;
}

/* --- parts ------------------------------------------------------------------------------------ */

static void add_content_range(struct buf *out, const struct http_range *range, uint64_t size)
{
    buf_addf(out, "Content-Range: bytes %lld-%lld/%lld\r\n", (long long)range->at,
             (long long)range->at + (long long)range->n - 1, (long long)size);
}

/* One that is elsewhere comes by a relay. */
static void answer_with(struct api_call *call, struct serve_file *served, int status,
                        const struct resp_part *parts, size_t n)
{
    if (served->file.fd >= 0) {
        req_answer_parts(call->req, status, served->file.fd, parts, n);
        return;
    }
    call->req->resp.status = status;
    call->relayed = (struct relayed){served->file, parts, n};
}

static void answer_one(struct api_call *call, struct serve_file *served, int status,
                       const struct http_range *range)
{
    struct resp_part *part = ARENA_NEW(call->arena, struct resp_part);

    *part = (struct resp_part){0, range->at, range->n};
    if (served->file.fd >= 0)
        req_answer_file(call->req, status, served->file.fd, range->at, range->n);
    else
        answer_with(call, served, status, part, 1);
}

static void answer_parts(struct api_call *call, struct serve_file *served,
                         const struct http_range *ranges, size_t n)
{
    struct req *req = call->req;
    struct buf *text = &req->resp.body;
    struct resp_part *parts = ARENA_ARRAY(call->arena, struct resp_part, n + 1);
    struct str boundary = random_text(call->arena, BOUNDARY_LEN, ALPHABET_ID);
    const char *type = req->resp.content_type;

    for (size_t i = 0; i <= n; i++) {
        size_t before = text->n;

        buf_addf(text, "%s--%.*s%s\r\n", i ? "\r\n" : "", STR_ARG(boundary), i < n ? "" : "--");
        if (i < n) {
            add_content_range(text, &ranges[i], served->file.size);
            buf_addf(text, "Content-Type: %s\r\n\r\n", type);
            parts[i].at = ranges[i].at;
            parts[i].n = ranges[i].n;
        }
        parts[i].n_text = text->n - before;
    }
    req->resp.content_type =
        arena_cstr(call->arena, arena_printf(call->arena, "multipart/byteranges; boundary=%.*s",
                                             STR_ARG(boundary)));
    answer_with(call, served, 206, parts, n + 1);
}

/* What is there goes without what only the file's own bytes may say. */
static void answer_outside(struct api_call *call, struct serve_file *served,
                           enum http_range_says says)
{
    struct req *req = call->req;

    file_close(&served->file);
    if (says == RANGE_OUTSIDE)
        req_add_header(req, "Content-Range: bytes */%llu", (unsigned long long)served->file.size);
    buf_add(&req->resp.body, says == RANGE_OUTSIDE ? STR("invalid range: failed to overlap\n")
                                                   : STR("invalid range\n"));
    req->resp.content_type = "text/plain; charset=utf-8";
    req->resp.status = 416;
}

void serve_content(struct api_call *call, struct serve_file *served)
{
    struct req *req = call->req;
    int status = status_of_conditions(req, served);
    enum http_range_says says;
    struct http_range *ranges;
    size_t n;

    if (status) {
        file_close(&served->file);
        add_validity(req, served);
        req->resp.status = status;
        return;
    }
    if (!req->resp.content_type)
        req->resp.content_type = arena_cstr(call->arena, served->file.type);
    says = http_range_read(call->arena, range_header(req, served), served->file.size, &ranges, &n);
    if (says == RANGE_OUTSIDE || says == RANGE_NO_SENSE) {
        answer_outside(call, served, says);
        return;
    }
    add_validity(req, served);
    if (served->encoding)
        add_header(req, STR("Content-Encoding: "), str_of(served->encoding));
    add_header(req, STR("Accept-Ranges: "), STR("bytes"));
    if (n == 1)
        add_content_range(&req->resp.headers, &ranges[0], served->file.size);
    if (n > 1)
        answer_parts(call, served, ranges, n);
    else if (n == 1)
        answer_one(call, served, 206, &ranges[0]);
    else
        answer_one(call, served, 200, &(struct http_range){0, served->file.size});
}

void serve_file(struct api_call *call, struct serve_file *served)
{
    served->cache = served->is_private ? "private, " CACHED : CACHED;
    add_headers(call, served);
    serve_content(call, served);
}
