/*
 * Whatever texts a mail has: it is ASCII in lines of 998 bytes at most that end in CRLF, of as many
 * headers as an empty one, and its body holds what was to be sent.
 */
#include "fuzz/fuzz.h"

#include "mail/internal.h"

#include <stdlib.h>

#define HEADERS 7

static size_t check_lines(struct str written)
{
    size_t headers = 0;
    bool in_headers = true;

    while (written.n > 0) {
        size_t end = str_find(written, STR("\r\n"));
        struct str line = str_sub(written, 0, end);

        if (end == written.n || line.n > 998 || str_find_byte(line, '\n') < line.n ||
            str_find_byte(line, '\r') < line.n)
            abort();
        for (size_t i = 0; i < line.n; i++)
            if ((unsigned char)line.p[i] > 126 || (line.p[i] < ' ' && line.p[i] != '\t'))
                abort();
        in_headers = in_headers && line.n > 0;
        headers += in_headers && line.p[0] != ' ';
        written = str_from(written, end + 2);
    }
    return headers;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct str text = {(const char *)data, size};
    const struct mail_address to = {text, STR("bob@example.com")};
    const struct mail_message message = {.from = {text, STR("app@example.com")},
                                         .to = &to,
                                         .n_to = 1,
                                         .subject = text,
                                         .html = text};
    AUTO_BUF struct buf out;

    buf_init(&out, (size_t)16 << 20);
    if (mail_message_write(a, &message, 0, &out) || check_lines(buf_str(&out)) != HEADERS)
        abort();
    if (mail_plain(a, text).n > text.n + sizeof("[LINK]()"))
        abort();
    return 0;
}
