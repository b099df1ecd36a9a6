#include "files/s3_xml.h"

#define ENTITY_MAX 12 /* "&#x0010FFFF;" */

bool s3_xml_next(struct s3_xml *xml)
{
    while (xml->rest.n > 0) {
        size_t open = str_find_byte(xml->rest, '<');
        struct str text = str_sub(xml->rest, 0, open);
        struct str tag = str_from(xml->rest, open + 1);
        size_t close = str_find_byte(tag, '>');

        if (close == tag.n)
            return false;
        xml->rest = str_from(tag, close + 1);
        tag = str_sub(tag, 0, close);
        if (str_starts(tag, STR("/"))) {
            xml->name = str_trim_space(str_from(tag, 1));
            xml->text = text;
            return true;
        }
        if (str_ends(tag, STR("/"))) {
            xml->name = str_trim_space(str_sub(tag, 0, tag.n - 1));
            xml->text = STR("");
            return true;
        }
    }
    return false;
}

/* --- texts ------------------------------------------------------------------------------------ */

static const struct {
    char c;
    struct str entity;
} entities[] = {
    {'&', STR_INIT("&amp;")},  {'<', STR_INIT("&lt;")},    {'>', STR_INIT("&gt;")},
    {'"', STR_INIT("&quot;")}, {'\'', STR_INIT("&apos;")},
};

/* "#38" or "#x26" */
static bool read_number(struct str digits, uint32_t *ret)
{
    bool is_hex = str_starts(digits, STR("#x"));
    uint32_t value = 0;

    digits = str_from(digits, is_hex ? 2 : 1);
    for (size_t i = 0; i < digits.n; i++) {
        unsigned char c = (unsigned char)digits.p[i];
        unsigned char letter = c | 0x20;

        if (c >= '0' && c <= '9')
            value = value * (is_hex ? 16 : 10) + (c - '0');
        else if (is_hex && letter >= 'a' && letter <= 'f')
            value = value * 16 + (letter - 'a' + 10U);
        else
            return false;
    }
    *ret = value;
    return digits.n > 0 && value > 0 && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
}

/* The entity that the text begins with: its bytes are added, and its length returned. 0: none. */
static size_t decode(struct buf *out, struct str text)
{
    size_t n = str_find_byte(str_sub(text, 0, ENTITY_MAX), ';') + 1;
    char bytes[4];
    uint32_t code;

    if (n > text.n || n > ENTITY_MAX)
        return 0;
    for (size_t i = 0; i < COUNT_OF(entities); i++)
        if (str_starts(text, entities[i].entity)) {
            buf_add_byte(out, entities[i].c);
            return entities[i].entity.n;
        }
    if (!str_starts(text, STR("&#")) || !read_number(str_sub(text, 1, n - 2), &code))
        return 0;
    buf_add_bytes(out, bytes, utf8_encode(code, bytes));
    return n;
}

struct str s3_xml_text(struct arena *a, struct str text)
{
    AUTO_BUF struct buf out;

    buf_init(&out, text.n + 1); /* no entity is shorter than what it stands for */
    while (text.n > 0) {
        size_t plain = str_find_byte(text, '&');
        size_t n;

        buf_add(&out, str_sub(text, 0, plain));
        text = str_from(text, plain);
        if (text.n == 0)
            break;
        n = decode(&out, text);
        if (n == 0) {
            buf_add_byte(&out, '&');
            n = 1;
        }
        text = str_from(text, n);
    }
    return arena_dup(a, buf_str(&out));
}

struct str s3_xml_find(struct arena *a, struct str text, struct str name)
{
    struct s3_xml xml = {.rest = text};

    while (s3_xml_next(&xml))
        if (str_eq(xml.name, name))
            return s3_xml_text(a, xml.text);
    return STR_NONE;
}

void s3_xml_add(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        struct str written = str_sub(text, i, 1);

        for (size_t e = 0; e < COUNT_OF(entities); e++)
            if (text.p[i] == entities[e].c)
                written = entities[e].entity;
        buf_add(out, written);
    }
}
