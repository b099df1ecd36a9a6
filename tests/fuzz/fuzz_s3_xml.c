/*
 * Answers of an S3 server: elements lie within the answer and come to an end, decoding never grows
 * a text, and a text that was written into an element is read back.
 */
#include "fuzz/fuzz.h"

#include "base/limits.h"
#include "files/s3_xml.h"

static void read_all(struct arena *a, struct str text)
{
    struct s3_xml xml = {.rest = text};
    size_t n = 0;

    while (s3_xml_next(&xml)) {
        if (xml.name.n + xml.text.n > text.n || ++n > text.n)
            abort();
        if (s3_xml_text(a, xml.text).n > xml.text.n)
            abort();
    }
}

static void write_and_read(struct arena *a, struct str text)
{
    AUTO_BUF struct buf out;

    buf_init(&out, 1 * MIB);
    BUF_ADD(&out, "<a><Key>");
    s3_xml_add(&out, text);
    BUF_ADD(&out, "</Key></a>");
    if (!str_eq(s3_xml_find(a, buf_str(&out), STR("Key")), text))
        abort();
}

static bool is_plain(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < ' ' || (unsigned char)text.p[i] > '~')
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct str text = fuzz_text(data, size);

    read_all(a, text);
    if (is_plain(text))
        write_and_read(a, text);
    return 0;
}
