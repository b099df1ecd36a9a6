/*
 * Multipart bodies: first line the content type, then the body; parts lie inside the body, and a
 * body that comes in pieces is read as the whole is.
 */
#include "fuzz/fuzz.h"

#include "base/buf.h"
#include "http/body.h"

#include <string.h>

#define NOTES_MAX ((size_t)16 << 20)

static void check_inside(struct str part, struct str body)
{
    if (part.n > 0 && (part.p < body.p || part.p + part.n > body.p + body.n))
        abort();
}

static bool note_begin(void *user, const struct body_part *head)
{
    struct buf *notes = user;

    buf_add(notes, head->name);
    BUF_ADD(notes, "|");
    buf_add(notes, head->filename);
    BUF_ADD(notes, "|");
    buf_add(notes, head->content_type);
    BUF_ADD(notes, "|");
    return true;
}

static bool note_data(void *user, struct str piece)
{
    buf_add(user, piece);
    return true;
}

static bool note_end(void *user)
{
    BUF_ADD((struct buf *)user, "]");
    return true;
}

/* The sizes of the pieces follow from the body itself. */
static bool feed(struct arena *a, struct str type, struct str body, bool pieces, struct buf *notes)
{
    const struct body_sink sink = {notes, note_begin, note_data, note_end};
    struct body_stream *stream = body_stream_new(a, type, &sink);
    size_t from = 0, upto = 0;

    if (!stream)
        return false;
    for (;;) {
        size_t step = pieces ? (size_t)(unsigned char)body.p[upto] % 17 + 1 : body.n;
        size_t used;

        upto = body.n - upto > step ? upto + step : body.n;
        if (!body_stream_feed(stream, str_sub(body, from, upto - from), upto == body.n, &used))
            return false;
        from += used;
        if (upto == body.n)
            return true;
        if (upto - from > BODY_STREAM_KEEPS)
            abort();
    }
}

static void check_pieces(struct arena *a, struct str type, struct str body, bool ok)
{
    AUTO_BUF struct buf whole;
    AUTO_BUF struct buf pieces;

    buf_init(&whole, NOTES_MAX);
    buf_init(&pieces, NOTES_MAX);
    if (body.n == 0)
        return;
    if (feed(a, type, body, false, &whole) != ok || feed(a, type, body, true, &pieces) != ok)
        abort();
    if (ok && !str_eq(buf_str(&whole), buf_str(&pieces)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct str body = fuzz_text(data, size);
    struct str type = fuzz_first_line(&body);
    struct body_parts parts;
    bool ok = body_parse_multipart(a, type, body, &parts);

    check_pieces(a, type, body, ok);
    for (size_t i = 0; ok && i < parts.n; i++)
        check_inside(parts.items[i].value, body);
    return 0;
}
