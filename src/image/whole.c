#include "image/whole.h"

#include <string.h>

/* A JPEG may ask for its pixels to be gone through any number of times, for 14 bytes each. */
#define MOST_SCANS 100

/* What has not been looked at yet. */
struct rest {
    const unsigned char *p;
    size_t n;
};

static bool skip(struct rest *rest, size_t n)
{
    if (n > rest->n)
        return false;
    rest->p += n;
    rest->n -= n;
    return true;
}

static bool starts(struct rest rest, size_t at, const char *text, size_t n)
{
    return rest.n >= at + n && memcmp(rest.p + at, text, n) == 0;
}

static unsigned le16(const unsigned char *p)
{
    return p[0] | (unsigned)p[1] << 8;
}

static uint32_t le32(const unsigned char *p)
{
    return le16(p) | (uint32_t)le16(p + 2) << 16;
}

static uint32_t be32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* --- PNG: chunks up to IEND ------------------------------------------------------------------- */

static const char *look_png(struct rest rest, struct picture *ret)
{
    (void)ret;
    if (!skip(&rest, 8))
        return "it ends early";
    while (rest.n >= 12) {
        if (starts(rest, 4, "IEND", 4))
            return NULL;
        if (!skip(&rest, (size_t)12 + be32(rest.p)))
            break;
    }
    return "it ends early";
}

/* --- JPEG: segments, and scans of any length behind their heads, up to EOI -------------------- */

enum { JPEG_TEM = 0x01, JPEG_RST0 = 0xd0, JPEG_SOI = 0xd8, JPEG_EOI = 0xd9, JPEG_SOS = 0xda };

/* Goes behind the next marker, whatever lies before it. 0: there is none. */
static int next_marker(struct rest *rest)
{
    while (rest->n >= 2) {
        const unsigned char *at = memchr(rest->p, 0xff, rest->n - 1);

        if (!at || !skip(rest, (size_t)(at - rest->p) + 1))
            return 0;
        if (rest->p[0] == 0 || rest->p[0] == 0xff)
            continue; /* a byte of a scan; filling */
        (void)skip(rest, 1);
        return at[1];
    }
    return 0;
}

static bool stands_alone(int marker)
{
    return marker == JPEG_TEM || (marker >= JPEG_RST0 && marker <= JPEG_SOI);
}

static const char *look_jpeg(struct rest rest, struct picture *ret)
{
    int scans = 0;

    (void)ret;
    for (int marker; (marker = next_marker(&rest)) != 0;) {
        if (marker == JPEG_EOI)
            return scans > 0 ? NULL : "it has no pixels";
        if (stands_alone(marker))
            continue;
        if (marker == JPEG_SOS && ++scans > MOST_SCANS)
            return "it has too many scans";
        if (rest.n < 2 || !skip(&rest, (size_t)rest.p[0] << 8 | rest.p[1]))
            break;
    }
    return "it ends early";
}

/* --- GIF: blocks up to the end of the first frame --------------------------------------------- */

enum { GIF_EXTENSION = 0x21, GIF_FRAME = 0x2c };

static bool skip_colours(struct rest *rest, unsigned flags)
{
    return !(flags & 0x80) || skip(rest, (size_t)3 << ((flags & 7) + 1));
}

static bool skip_blocks(struct rest *rest)
{
    while (rest->n > 0) {
        size_t n = rest->p[0];

        if (!skip(rest, n + 1))
            return false;
        if (n == 0)
            return true;
    }
    return false;
}

static const char *look_gif(struct rest rest, struct picture *ret)
{
    unsigned flags = rest.n >= 13 ? rest.p[10] : 0;

    if (!skip(&rest, 13) || !skip_colours(&rest, flags))
        return "it ends early";
    while (rest.n >= 2 && rest.p[0] == GIF_EXTENSION)
        if (!skip(&rest, 2) || !skip_blocks(&rest))
            return "it ends early";
    if (rest.n < 10)
        return "it ends early";
    if (rest.p[0] != GIF_FRAME)
        return "it has no frame";
    ret->frame = (struct plan_area){(int)le16(rest.p + 1), (int)le16(rest.p + 3),
                                    (int)le16(rest.p + 5), (int)le16(rest.p + 7)};
    flags = rest.p[9];
    if (!skip(&rest, 10) || !skip_colours(&rest, flags) || !skip(&rest, 1) || !skip_blocks(&rest))
        return "it ends early";
    return NULL;
}

/* --- WebP: one chunk around everything -------------------------------------------------------- */

static const char *look_webp(struct rest rest, struct picture *ret)
{
    (void)ret;
    if (rest.n < 30 || le32(rest.p + 4) > rest.n - 8)
        return "it ends early";
    if (starts(rest, 12, "VP8X", 4) && rest.p[20] & 2)
        return "it is animated"; /* which PocketBase serves as it is */
    return NULL;
}

/* clang-format off */
static const struct format {
    enum picture_kind kind;
    size_t at;
    const char *magic;
    const char *(*look)(struct rest rest, struct picture *ret);
} formats[] = {
    {PICTURE_JPEG, 0, "\xff\xd8\xff",      look_jpeg},
    {PICTURE_PNG,  0, "\x89PNG\r\n\x1a\n", look_png},
    {PICTURE_GIF,  0, "GIF8",              look_gif},
    {PICTURE_WEBP, 8, "WEBP",              look_webp},
};
/* clang-format on */

const char *picture_look(const unsigned char *bytes, size_t n, struct picture *ret)
{
    struct rest rest = {bytes, n};

    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        const struct format *format = &formats[i];

        if (starts(rest, format->at, format->magic, strlen(format->magic))) {
            *ret = (struct picture){.kind = format->kind};
            return format->look(rest, ret);
        }
    }
    return "it is no JPEG, PNG, GIF or WebP";
}
