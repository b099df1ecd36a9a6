/*
 * One event, one line, one write(2): lines of different threads never mix.
 */
#include "base/log.h"

#include "base/buf.h"
#include "base/date.h"
#include "base/json.h"

#include <errno.h>
#include <unistd.h>

#define LINE_MAX_BYTES ((size_t)64 * 1024)
#define PACE_MS 1000

/* Set at start, before threads; constant after. */
static enum log_level lowest = LOG_INFO;

/* Set while no other thread logs. */
static struct {
    void (*told)(void *user, enum log_level level, const char *event,
                 const struct log_field *fields);
    void *user;
} tap;

void log_set_level(enum log_level level)
{
    lowest = level;
}

void log_set_tap(void (*told)(void *user, enum log_level level, const char *event,
                              const struct log_field *fields),
                 void *user)
{
    tap.told = told;
    tap.user = user;
}

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_DEBUG:
        return "debug";
    case LOG_INFO:
        return "info";
    case LOG_WARN:
        return "warn";
    case LOG_ERROR:
        return "error";
    }
    BUG("not a log level");
}

static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7f)
            return false;
    }
    return s.n > 0;
}

/* A value longer than the line keeps its head: half a log line beats none. */
/* Length of the UTF-8 at p that a terminal might take for a command (C1 controls, DEL, what turns
 * the direction of writing), with its code point; 0: it is none. */
static size_t odd_at(struct str s, size_t at, unsigned *ret)
{
    const unsigned char *p = (const unsigned char *)s.p + at;
    const size_t left = s.n - at;

    *ret = p[0];
    if (p[0] == 0x7f)
        return 1;
    if (left >= 2 && p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f) {
        *ret = p[1];
        return 2;
    }
    if (left < 3 || p[0] != 0xe2)
        return 0;
    *ret = 0x2000u | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
    return (*ret >= 0x2028 && *ret <= 0x202e) || (*ret >= 0x2066 && *ret <= 0x2069) ? 3 : 0;
}

static void add_odd_text(struct buf *line, struct str s)
{
    AUTO_BUF struct buf text;
    unsigned code;

    buf_init(&text, LINE_MAX_BYTES);
    json_write_text(&text, s);
    for (size_t i = 0; i < text.n;) {
        const size_t n = odd_at(buf_str(&text), i, &code);

        if (n > 0)
            buf_addf(line, "\\u%04x", code);
        else
            buf_add_byte(line, text.p[i]);
        i += n > 0 ? n : 1;
    }
}

static void add_text(struct buf *line, struct str s)
{
    s = str_sub(s, 0, LINE_MAX_BYTES / 32);
    if (is_plain(s))
        buf_add(line, s);
    else
        add_odd_text(line, s);
}

static void add_field(struct buf *line, const struct log_field *field)
{
    buf_addf(line, " %s=", field->name);
    switch (field->type) {
    case LOG_TYPE_STR:
        add_text(line, field->text);
        break;
    case LOG_TYPE_U64:
        buf_add_u64(line, field->number);
        break;
    case LOG_TYPE_I64:
        buf_add_i64(line, (int64_t)field->number);
        break;
    }
}

static void write_all(struct str s)
{
    while (s.n) {
        ssize_t n = write(STDERR_FILENO, s.p, s.n);

        if (n < 0 && errno != EINTR)
            return; /* standard error is gone: nowhere to say so */
        if (n > 0)
            s = str_from(s, (size_t)n);
    }
}

static void write_event(enum log_level level, const char *event, const struct log_field *fields,
                        uint64_t left_out)
{
    const struct log_field *field = fields;
    const struct log_field suppressed = LOG_U64("suppressed", left_out);
    char when[DATE_TEXT_LEN + 1];
    AUTO_BUF struct buf line;

    buf_init(&line, LINE_MAX_BYTES);
    if (level < lowest)
        return;
    date_format(when, date_now_ms());
    buf_addf(&line, "%s %s %s", when, level_name(level), event);
    for (; field->name; field++)
        add_field(&line, field);
    if (left_out)
        add_field(&line, &suppressed);
    BUF_ADD(&line, "\n");
    write_all(buf_str(&line));
    if (tap.told)
        tap.told(tap.user, level, event, fields);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    write_event(level, event, fields, 0);
}

bool log_pace_take(struct log_pace *pace, uint64_t now_ms, uint64_t *ret_left_out)
{
    uint64_t due_ms = atomic_load(&pace->due_ms);

    if (now_ms < due_ms ||
        !atomic_compare_exchange_strong(&pace->due_ms, &due_ms, now_ms + PACE_MS)) {
        atomic_fetch_add(&pace->left_out, 1);
        return false;
    }
    *ret_left_out = atomic_exchange(&pace->left_out, 0);
    return true;
}

void log_write_seldom(struct log_pace *pace, enum log_level level, const char *event,
                      const struct log_field *fields)
{
    uint64_t left_out;

    if (log_pace_take(pace, clock_ms(), &left_out))
        write_event(level, event, fields, left_out);
}
