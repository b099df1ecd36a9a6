/*
 * Texts as ASCII: words of headers (RFC 2047), bodies in quoted-printable (RFC 2045).
 *
 * A header's text that is plain and fits on its line is written as it is. Any other becomes encoded
 * words, one a line: they may be cut wherever a character ends, so no line gets too long.
 */
#include "mail/internal.h"

#include "base/crypto.h"
#include "base/limits.h"

#define LINE_MAX 76 /* bytes of a line: with encoded words, and of quoted-printable */
#define WORD_MAX 75 /* of an encoded word */
#define WORD_FRAME       \
    (sizeof("=?UTF-8?Q?" \
            "?=") -      \
     1)

static const char hex[] = "0123456789ABCDEF";

/* Bytes of the line that is being written. */
static size_t column_of(const struct buf *out)
{
    size_t n = 0;

    while (n < out->n && out->p[out->n - n - 1] != '\n')
        n++;
    return n;
}

static void add_escaped(struct buf *out, char byte)
{
    unsigned char c = (unsigned char)byte;
    const char three[] = {'=', hex[c >> 4], hex[c & 15]};

    buf_add_bytes(out, three, sizeof(three));
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* --- what a header may say ------------------------------------------------------------------- */

/* A character of U+0080 to U+009F is a control character, too. */
static bool is_control(uint32_t code)
{
    return code < ' ' || (code >= 127 && code < 160);
}

/* Valid UTF-8 without control characters and blanks at the ends; the rest of a long one is cut off.
 */
static struct str clean(struct buf *room, struct str text)
{
    text = str_sub(text, 0, LIMIT_MAIL_HEADER_BYTES);
    while (text.n > 0) {
        uint32_t code = 0;
        size_t n = utf8_decode(text, &code);

        if (n == 0)
            BUF_ADD(room, "\xEF\xBF\xBD"); /* U+FFFD */
        else if (code == '\t')
            buf_add_byte(room, ' ');
        else if (!is_control(code))
            buf_add(room, str_sub(text, 0, n));
        text = str_from(text, n ? n : 1);
    }
    return str_trim_space(buf_str(room));
}

static bool is_plain(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] >= 127)
            return false;
    return !str_has(text, STR("=?"));
}

/* --- encoded words --------------------------------------------------------------------------- */

/* As they are in a word of a phrase, which is the stricter kind. */
static bool is_word_byte(char c)
{
    return is_alnum(c) || c == '!' || c == '*' || c == '+' || c == '-' || c == '/';
}

static size_t q_length(struct str text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++)
        n += is_word_byte(text.p[i]) || text.p[i] == ' ' ? 1 : 3;
    return n;
}

static size_t b_length(struct str text)
{
    return (text.n + 2) / 3 * 4;
}

/* The longest start of the text, of whole characters, whose encoded form has at most max bytes. */
static struct str fitting(struct str text, size_t max, size_t (*length)(struct str))
{
    size_t n = 0;

    while (n < text.n) {
        uint32_t code;
        size_t next = n + utf8_decode(str_from(text, n), &code); /* it is valid */

        if (length(str_sub(text, 0, next)) > max)
            break;
        n = next;
    }
    return str_sub(text, 0, n);
}

static void add_q(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == ' ')
            buf_add_byte(out, '_');
        else if (is_word_byte(text.p[i]))
            buf_add_byte(out, text.p[i]);
        else
            add_escaped(out, text.p[i]);
    }
}

static void add_b(struct buf *out, struct str text)
{
    AUTO(arena_free) struct arena *a = arena_new();

    buf_add(out, base64_encode(a, text));
}

/* text: clean. The shorter of both encodings. */
static void write_encoded(struct buf *out, struct str text)
{
    bool by_q = q_length(text) <= b_length(text);
    size_t (*length)(struct str) = by_q ? q_length : b_length;

    while (text.n > 0 && !out->full) {
        size_t room = LINE_MAX - column_of(out) < WORD_MAX ? LINE_MAX - column_of(out) : WORD_MAX;
        struct str now = fitting(text, room - WORD_FRAME, length);

        buf_addf(out, "=?UTF-8?%c?", by_q ? 'Q' : 'B');
        (by_q ? add_q : add_b)(out, now);
        BUF_ADD(out, "?=");
        text = str_from(text, now.n);
        if (text.n > 0)
            BUF_ADD(out, "\r\n ");
    }
}

void mail_write_words(struct buf *out, struct str text)
{
    AUTO_BUF struct buf room;
    struct str cleaned;

    buf_init(&room, (size_t)3 * LIMIT_MAIL_HEADER_BYTES);
    cleaned = clean(&room, text);
    if (is_plain(cleaned) && column_of(out) + cleaned.n <= LINE_MAX)
        buf_add(out, cleaned);
    else
        write_encoded(out, cleaned);
}

/* Characters that words of a phrase may have without quotes, and blanks between them. */
static bool is_bare(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!is_alnum(text.p[i]) && str_find_byte(STR("!#$%&'*+-/=?^_`{|}~ "), text.p[i]) == 20)
            return false;
    return true;
}

static void write_in_quotes(struct buf *out, struct str text)
{
    buf_add_byte(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"' || text.p[i] == '\\')
            buf_add_byte(out, '\\');
        buf_add_byte(out, text.p[i]);
    }
    buf_add_byte(out, '"');
}

/* As before an address: other characters than in a subject need quotes. */
static void write_phrase(struct buf *out, struct str text)
{
    AUTO_BUF struct buf room;
    struct str cleaned;

    buf_init(&room, (size_t)3 * LIMIT_MAIL_HEADER_BYTES);
    cleaned = clean(&room, text);
    if (!is_plain(cleaned) || column_of(out) + 2 * cleaned.n + 2 > LINE_MAX)
        write_encoded(out, cleaned);
    else if (is_bare(cleaned))
        buf_add(out, cleaned);
    else
        write_in_quotes(out, cleaned);
}

void mail_write_address(struct buf *out, const struct mail_address *address)
{
    size_t before = out->n;

    write_phrase(out, address->name);
    if (out->n == before) {
        buf_add(out, address->address);
        return;
    }
    if (column_of(out) + 3 + address->address.n > LINE_MAX)
        BUF_ADD(out, "\r\n <");
    else
        BUF_ADD(out, " <");
    buf_add(out, address->address);
    buf_add_byte(out, '>');
}

/* --- quoted-printable ------------------------------------------------------------------------ */

/* The length of a line end at the start of text, 0 when there is none. */
static size_t line_end(struct str text)
{
    if (str_starts(text, STR("\r\n")))
        return 2;
    return text.n > 0 && (text.p[0] == '\n' || text.p[0] == '\r');
}

/* A dot that begins a line is for the mail server, blanks at its end get lost. */
static bool is_quoted(struct str text, size_t column)
{
    unsigned char c = (unsigned char)text.p[0];

    if (c == ' ' || c == '\t')
        return text.n == 1 || line_end(str_from(text, 1)) > 0;
    return c <= ' ' || c >= 127 || c == '=' || (c == '.' && column == 0);
}

void mail_write_quoted(struct buf *out, struct str text)
{
    size_t column = 0;

    while (text.n > 0 && !out->full) {
        size_t end = line_end(text);
        bool quoted = !end && is_quoted(text, column);
        size_t n = quoted ? 3 : 1;

        if (end) {
            BUF_ADD(out, "\r\n");
            column = 0;
            text = str_from(text, end);
            continue;
        }
        if (column + n > LINE_MAX - 1) { /* the "=" of a soft break counts, too */
            BUF_ADD(out, "=\r\n");
            column = 0;
            continue;
        }
        if (quoted)
            add_escaped(out, text.p[0]);
        else
            buf_add_byte(out, text.p[0]);
        column += n;
        text = str_from(text, 1);
    }
}
