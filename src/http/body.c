/*
 * multipart/form-data, read as Go's mime/multipart reads it, since that is what clients were tried
 * with: text before the first boundary is skipped, line ends may be bare LFs throughout, white
 * space may follow a boundary, and the closing boundary must be there.
 *
 * The body may come in pieces: what cannot be told yet stays with the caller, who shows it again
 * with what came since. That is never more than a part's header fields.
 */
#include "http/body.h"

#include "base/limits.h"
#include "http/part.h"

#define PARTS_MAX 1000
#define BOUNDARY_MAX 70
#define LINE_MAX_BYTES 4096 /* outside of header fields and content, as Go's reader has it */

/* ---- parts --------------------------------------------------------------------------------- */

enum stage { STAGE_PREAMBLE, STAGE_HEAD, STAGE_START, STAGE_CONTENT, STAGE_LINE, STAGE_END };
enum progress { GOES_ON, WAITS, BROKEN };

struct body_stream {
    struct arena *a;
    const struct body_sink *sink;
    struct str rest;   /* what came and is not taken */
    bool last;         /* nothing comes behind it */
    struct str dashes; /* "--" and the boundary */
    struct str eol;
    struct str mark; /* a line end and dashes */
    enum stage stage;
    size_t n_parts;
};

enum line { LINE_PART, LINE_FINAL, LINE_OTHER };

/* Up to and with the line end; without one, all there is. */
static struct str next_line(struct body_stream *r)
{
    size_t at = str_find_byte(r->rest, '\n');
    struct str line = str_sub(r->rest, 0, at < r->rest.n ? at + 1 : at);

    r->rest = str_from(r->rest, line.n);
    return line;
}

/* A line that is all there. */
static enum progress take_line(struct body_stream *r, struct str *ret)
{
    size_t at = str_find_byte(r->rest, '\n');

    if (at == r->rest.n && at <= LINE_MAX_BYTES && !r->last)
        return WAITS;
    *ret = next_line(r);
    return ret->n == 0 || ret->n > LINE_MAX_BYTES ? BROKEN : GOES_ON;
}

static struct str skip_blanks(struct str s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = str_from(s, 1);
    return s;
}

static enum line line_kind(struct body_stream *r, struct str line, bool first)
{
    struct str tail;

    if (!str_starts(line, r->dashes))
        return LINE_OTHER;
    tail = str_from(line, r->dashes.n);
    if (str_starts(tail, STR("--"))) {
        tail = skip_blanks(str_from(tail, 2));
        return tail.n == 0 || str_eq(tail, r->eol) ? LINE_FINAL : LINE_OTHER;
    }
    tail = skip_blanks(tail);
    if (first && str_eq(tail, STR("\n")))
        r->eol = STR("\n"); /* then throughout */
    return str_eq(tail, r->eol) ? LINE_PART : LINE_OTHER;
}

enum ends { ENDS, ENDS_NOT, ENDS_PERHAPS };

/* What comes behind the boundary's text: whether it is one. */
static enum ends boundary_ends(const struct body_stream *r, struct str behind)
{
    if (behind.n == 0 || (behind.n == 1 && behind.p[0] == '-'))
        return r->last ? ENDS_NOT : ENDS_PERHAPS;
    return str_find_byte(STR(" \t\r\n"), behind.p[0]) < 4 || str_starts(behind, STR("--"))
               ? ENDS
               : ENDS_NOT;
}

/* ---- stages: each takes what it can of the rest ---------------------------------------------- */

static enum progress take_preamble(struct body_stream *r)
{
    struct str line;
    enum progress progress = take_line(r, &line);
    enum line kind;

    if (progress != GOES_ON)
        return progress;
    kind = line_kind(r, line, true);
    if (kind == LINE_OTHER)
        return GOES_ON;
    r->mark = arena_concat(r->a, r->eol, r->dashes, STR_NONE);
    r->stage = kind == LINE_PART ? STAGE_HEAD : STAGE_END;
    return GOES_ON;
}

static enum progress take_head(struct body_stream *r)
{
    struct body_part part = {0};

    if (!r->last && r->rest.n <= PART_HEAD_MAX && !part_head_is_whole(r->rest))
        return WAITS;
    if (r->n_parts++ == PARTS_MAX || !part_head_read(r->a, &r->rest, &part))
        return BROKEN;
    r->stage = STAGE_START;
    return r->sink->begin(r->sink->user, &part) ? GOES_ON : BROKEN;
}

static enum progress end_part(struct body_stream *r)
{
    r->stage = STAGE_LINE;
    return r->sink->end(r->sink->user) ? GOES_ON : BROKEN;
}

/* A boundary right behind the head has no line end of its own. */
static enum progress take_start(struct body_stream *r)
{
    enum ends ends = boundary_ends(r, str_from(r->rest, r->dashes.n));

    if (str_starts(r->rest, r->dashes) && ends == ENDS)
        return end_part(r);
    if (!r->last && (r->rest.n <= r->dashes.n || ends == ENDS_PERHAPS))
        return WAITS;
    r->stage = STAGE_CONTENT;
    return GOES_ON;
}

/* Offset of a line end and a boundary; or of what may turn out to be one with the bytes to come. */
static size_t find_end(const struct body_stream *r, bool *ret_sure)
{
    size_t from = 0;

    *ret_sure = false;
    for (;;) {
        size_t at = from + str_find(str_from(r->rest, from), r->mark);
        enum ends ends;

        if (at == r->rest.n)
            return at < r->mark.n ? 0 : at - (r->mark.n - 1);
        ends = boundary_ends(r, str_from(r->rest, at + r->mark.n));
        *ret_sure = ends == ENDS;
        if (ends != ENDS_NOT)
            return at;
        from = at + 1;
    }
}

static enum progress take_content(struct body_stream *r)
{
    bool sure;
    size_t n = find_end(r, &sure);

    if (!sure && r->last)
        return BROKEN;
    if (n > 0 && !r->sink->data(r->sink->user, str_sub(r->rest, 0, n)))
        return BROKEN;
    r->rest = str_from(r->rest, n);
    if (!sure)
        return WAITS;
    r->rest = str_from(r->rest, r->eol.n);
    return end_part(r);
}

static enum progress take_boundary(struct body_stream *r)
{
    struct str line;
    enum progress progress = take_line(r, &line);
    enum line kind;

    if (progress != GOES_ON)
        return progress;
    kind = line_kind(r, line, false);
    r->stage = kind == LINE_PART ? STAGE_HEAD : STAGE_END;
    return kind == LINE_OTHER ? BROKEN : GOES_ON;
}

static enum progress take_epilogue(struct body_stream *r)
{
    r->rest = str_from(r->rest, r->rest.n);
    return WAITS;
}

bool body_stream_feed(struct body_stream *r, struct str bytes, bool last, size_t *ret_used)
{
    static enum progress (*const take[])(struct body_stream * r) = {
        [STAGE_PREAMBLE] = take_preamble, [STAGE_HEAD] = take_head,     [STAGE_START] = take_start,
        [STAGE_CONTENT] = take_content,   [STAGE_LINE] = take_boundary, [STAGE_END] = take_epilogue,
    };
    enum progress progress = GOES_ON;

    r->rest = bytes;
    r->last = last;
    while (progress == GOES_ON)
        progress = take[r->stage](r);
    *ret_used = bytes.n - r->rest.n;
    return progress != BROKEN && (!last || r->stage == STAGE_END);
}

struct body_stream *body_stream_new(struct arena *a, struct str content_type,
                                    const struct body_sink *sink)
{
    struct str boundary = part_boundary(a, content_type);
    struct body_stream *r;

    if (boundary.n == 0 || boundary.n > BOUNDARY_MAX)
        return NULL;
    r = ARENA_NEW(a, struct body_stream);
    r->a = a;
    r->sink = sink;
    r->eol = STR("\r\n");
    r->dashes = arena_concat(a, STR("--"), boundary, STR_NONE);
    return r;
}

/* ---- a body that is all in memory ------------------------------------------------------------ */

struct collector {
    struct arena *a;
    VEC(struct body_part) parts;
};

static bool collect_begin(void *user, const struct body_part *head)
{
    struct collector *c = user;
    struct body_part *part = VEC_PUSH(c->a, &c->parts);

    *part = *head;
    part->value = STR("");
    return true;
}

static bool collect_data(void *user, struct str piece)
{
    struct collector *c = user;

    c->parts.items[c->parts.n - 1].value = piece; /* the whole: all of the body is there */
    return true;
}

static bool collect_end(void *user)
{
    struct collector *c = user;

    c->parts.n -= c->parts.items[c->parts.n - 1].name.n == 0;
    return true;
}

bool body_parse_multipart(struct arena *a, struct str content_type, struct str body,
                          struct body_parts *ret)
{
    struct collector c = {.a = a};
    const struct body_sink sink = {&c, collect_begin, collect_data, collect_end};
    struct body_stream *stream = body_stream_new(a, content_type, &sink);
    size_t used;

    if (!stream || !body_stream_feed(stream, body, true, &used))
        return false;
    *ret = (struct body_parts){c.parts.items, c.parts.n};
    return true;
}
