/*
 * Writing values: compact, with the fewest escapes (records.md 3.5).
 */
#include "base/compiler.h"
#include "base/json.h"
#include "base/num.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a character below 0x80 needs: 0 nothing, 'u' the long form, else the letter after '\'. */
static const char escapes[128] = {
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'b',         't',           'n', 'u',
    'f', 'r', 'u', 'u', 'u', 'u', 'u', 'u', 'u',         'u',           'u', 'u',
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', ['"'] = '"', ['\\'] = '\\',
};

#define EACH_BYTE(c) (0x0101010101010101ULL * (c))

/* Whether one of eight bytes is below 0x20, '"', '\' or above 0x7f. */
static bool needs_care(const char *p)
{
    uint64_t v, quote, backslash;

    memcpy(&v, p, sizeof(v));
    quote = v ^ EACH_BYTE('"');
    backslash = v ^ EACH_BYTE('\\');
    return ((v | (v - EACH_BYTE(0x20)) | (quote - EACH_BYTE(1)) | (backslash - EACH_BYTE(1))) &
            EACH_BYTE(0x80)) != 0;
}

/* Length of what s starts with that is written as it is. */
static size_t clean_run(struct str s)
{
    size_t i = 0;
    uint32_t code;

    while (i < s.n) {
        if (s.n - i >= 8 && !needs_care(s.p + i)) {
            i += 8;
        } else if ((unsigned char)s.p[i] < 0x80) {
            if (escapes[(unsigned char)s.p[i]])
                return i;
            i++;
        } else {
            size_t n = utf8_decode(str_from(s, i), &code);

            if (n == 0)
                return i;
            i += n;
        }
    }
    return i;
}

static void write_special(struct buf *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";

    if (c >= 0x80) {
        BUF_ADD(out, "\xef\xbf\xbd"); /* U+FFFD */
    } else if (escapes[c] == 'u') {
        BUF_ADD(out, "\\u00");
        buf_add_byte(out, hex[c >> 4]);
        buf_add_byte(out, hex[c & 15]);
    } else {
        BUF_ADD(out, "\\");
        buf_add_byte(out, escapes[c]);
    }
}

void json_write_text(struct buf *out, struct str text)
{
    BUF_ADD(out, "\"");
    for (;;) {
        size_t run = clean_run(text);

        buf_add_bytes(out, text.p, run);
        if (run == text.n)
            break;
        write_special(out, (unsigned char)text.p[run]);
        text = str_from(text, run + 1);
    }
    BUF_ADD(out, "\"");
}

void json_write_double(struct buf *out, double number)
{
    char *at;

    if (!isfinite(number)) {
        BUF_ADD(out, "null");
        return;
    }
    at = buf_reserve(out, NUM_TEXT_MAX);
    if (at) {
        buf_grew(out, num_format_json(at, number));
        return;
    }
}

/* One list or object that is being written. */
struct frame {
    const struct json *of;
    const uint32_t *order; /* positions of the members to write; NULL: all, in their order */
    uint32_t n;
    uint32_t done;
};

struct writer {
    struct buf *out;
    bool normal;
    struct arena *a;
    VEC(struct frame) stack;
};

/* Bytewise by key, equal keys in their order. */
static int compare_members(const void *x, const void *y, void *of)
{
    const struct json_member *members = of;
    uint32_t i = *(const uint32_t *)x;
    uint32_t j = *(const uint32_t *)y;
    int order = str_cmp(members[i].key, members[j].key);

    return order ? order : (i > j) - (i < j);
}

static bool is_sorted(const struct json *object)
{
    for (uint32_t i = 1; i < object->n; i++) {
        if (str_cmp(object->members[i - 1].key, object->members[i].key) >= 0)
            return false;
    }
    return true;
}

static void sort_members(struct writer *w, struct frame *frame)
{
    const struct json *object = frame->of;
    uint32_t *order;
    uint32_t n = 0;

    if (is_sorted(object))
        return;
    order = ARENA_ARRAY(w->a, uint32_t, object->n);
    for (uint32_t i = 0; i < object->n; i++)
        order[i] = i;
    qsort_r(order, object->n, sizeof(*order), compare_members, object->members);
    for (uint32_t i = 0; i < object->n; i++) {
        bool last = i + 1 == object->n ||
                    !str_eq(object->members[order[i]].key, object->members[order[i + 1]].key);

        if (last)
            order[n++] = order[i];
    }
    frame->order = order;
    frame->n = n;
}

static void write_number(struct writer *w, const struct json *value)
{
    if (w->normal)
        json_write_double(w->out, json_double(value));
    else
        buf_add(w->out, value->text);
}

static void open_container(struct writer *w, const struct json *value)
{
    struct frame *frame = VEC_PUSH(w->a, &w->stack);

    *frame = (struct frame){.of = value, .n = value->n};
    buf_add_byte(w->out, value->type == JSON_OBJECT ? '{' : '[');
    if (value->type == JSON_OBJECT && w->normal)
        sort_members(w, frame);
}

static void write_value(struct writer *w, const struct json *value)
{
    switch (value->type) {
    case JSON_NULL:
        BUF_ADD(w->out, "null");
        break;
    case JSON_BOOL:
        buf_add(w->out, value->truth ? STR("true") : STR("false"));
        break;
    case JSON_NUMBER:
        write_number(w, value);
        break;
    case JSON_TEXT:
        json_write_text(w->out, value->text);
        break;
    case JSON_LIST:
    case JSON_OBJECT:
        open_container(w, value);
        break;
    }
}

/* Closes the container on top, or writes its next child. */
static void write_next(struct writer *w)
{
    struct frame *top = &w->stack.items[w->stack.n - 1];
    const struct json *child;

    if (top->done == top->n) {
        buf_add_byte(w->out, top->of->type == JSON_OBJECT ? '}' : ']');
        w->stack.n--;
        return;
    }
    if (top->done)
        BUF_ADD(w->out, ",");
    if (top->of->type == JSON_OBJECT) {
        uint32_t at = top->order ? top->order[top->done] : top->done;

        json_write_text(w->out, top->of->members[at].key);
        BUF_ADD(w->out, ":");
        child = &top->of->members[at].value;
    } else {
        child = &top->of->items[top->done];
    }
    top->done++;
    write_value(w, child);
}

void json_write(struct buf *out, const struct json *value, bool normal)
{
    AUTO(arena_free) struct arena *a = NULL;
    struct writer w = {.out = out, .normal = normal};

    if (value->type == JSON_LIST || value->type == JSON_OBJECT)
        a = arena_new();
    w.a = a;
    write_value(&w, value);
    while (w.stack.n && !out->full)
        write_next(&w);
}
