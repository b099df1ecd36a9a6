#include "image/whole.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* A JPEG may ask for its pixels to be gone through any number of times, for 14 bytes each. */
#define MOST_SCANS 100
#define WINDOW_BYTES 16384
#define SEGMENT_HEAD ((size_t)1024) /* of a JPEG: more than its frame's has */

/* What has not been looked at yet of a file, of which a window is held at a time: a file that is
 * mapped and becomes shorter meanwhile would end the process. */
struct rest {
    int fd;
    uint64_t at, end;
    uint64_t window_at;
    size_t window_n;
    unsigned char window[WINDOW_BYTES];
};

static void move_window(struct rest *rest)
{
    uint64_t left = rest->end - rest->at;
    size_t want = left < WINDOW_BYTES ? (size_t)left : WINDOW_BYTES;
    ssize_t n = 1;

    rest->window_at = rest->at;
    rest->window_n = 0;
    while (rest->window_n < want && n != 0) {
        n = pread(rest->fd, rest->window + rest->window_n, want - rest->window_n,
                  (off_t)(rest->at + rest->window_n));
        if (n < 0 && errno != EINTR)
            return;
        if (n > 0)
            rest->window_n += (size_t)n;
    }
}

/* How many bytes of the window lie ahead. */
static size_t ahead(const struct rest *rest)
{
    uint64_t passed = rest->at - rest->window_at;

    return passed < rest->window_n ? rest->window_n - (size_t)passed : 0;
}

/* The next n bytes or more, until the next call. NULL: there are not so many. */
static const unsigned char *peek(struct rest *rest, size_t n)
{
    if (ahead(rest) < n)
        move_window(rest);
    return ahead(rest) < n ? NULL : rest->window + (rest->at - rest->window_at);
}

static bool skip(struct rest *rest, uint64_t n)
{
    if (n > rest->end - rest->at)
        return false;
    rest->at += n;
    return true;
}

static bool starts(struct rest *rest, size_t at, const char *text, size_t n)
{
    const unsigned char *p = peek(rest, at + n);

    return p && memcmp(p + at, text, n) == 0;
}

/* Gives the decoder what lies between the two places. False: too many pieces. */
static bool keep(struct picture *picture, uint64_t from, uint64_t to)
{
    struct picture_piece *last = picture->pieces + picture->n_pieces;

    if (from == to)
        return true;
    picture->n += to - from;
    if (picture->n_pieces > 0 && last[-1].at + last[-1].n == from) {
        last[-1].n += to - from;
        return true;
    }
    if (picture->n_pieces == PICTURE_PIECES)
        return false;
    *last = (struct picture_piece){from, to - from};
    picture->n_pieces++;
    return true;
}

static unsigned be16(const unsigned char *p)
{
    return (unsigned)p[0] << 8 | p[1];
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

static const char ends_early[] = "it ends early";
static const char in_pieces[] = "it is in too many pieces";

/* --- PNG: chunks up to IEND ------------------------------------------------------------------- */

/* Those that make pixels, for PocketBase too. What is in the others, text that is compressed above
 * all, is no decoder's business. */
static bool png_is_needed(const unsigned char *type)
{
    static const char types[][5] = {"IHDR", "PLTE", "tRNS", "IDAT", "IEND"};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (memcmp(type, types[i], 4) == 0)
            return true;
    return false;
}

static const char *look_png(struct rest *rest, struct picture *ret)
{
    const unsigned char *head = peek(rest, 29);

    ret->is_interlaced = head && head[28] != 0;
    if (!skip(rest, 8) || !keep(ret, 0, 8))
        return ends_early;
    while ((head = peek(rest, 8))) {
        bool is_needed = png_is_needed(head + 4), is_last = memcmp(head + 4, "IEND", 4) == 0;
        uint64_t from = rest->at;

        if (!skip(rest, (uint64_t)12 + be32(head)))
            break;
        if (is_needed && !keep(ret, from, rest->at))
            return in_pieces;
        if (is_last)
            return NULL;
    }
    return ends_early;
}

/* --- JPEG: segments, and scans of any length behind their heads, up to EOI -------------------- */

/* clang-format off */
enum {
    JPEG_TEM = 0x01, JPEG_SOF0 = 0xc0, JPEG_DHT = 0xc4, JPEG_JPG = 0xc8, JPEG_DAC = 0xcc,
    JPEG_SOF15 = 0xcf, JPEG_RST0 = 0xd0, JPEG_SOI = 0xd8, JPEG_EOI = 0xd9, JPEG_SOS = 0xda,
    JPEG_APP0 = 0xe0, JPEG_APP1 = 0xe1, JPEG_APP14 = 0xee, JPEG_APP15 = 0xef, JPEG_COM = 0xfe,
};
/* clang-format on */

struct jpeg {
    int scans;
    unsigned components;   /* 0: there was no SOF yet */
    bool is_progressive;   /* its scans give parts of all coefficients */
    uint64_t coefficients; /* bytes of all of them */
    unsigned seen;         /* bits: which of `needed` */
};

/* Goes behind the next marker, whatever lies before it. 0: there is none. */
static int next_marker(struct rest *rest)
{
    const unsigned char *p;

    while ((p = peek(rest, 2))) {
        size_t n = ahead(rest);
        const unsigned char *at = memchr(p, 0xff, n - 1);

        (void)skip(rest, at ? (size_t)(at - p) + 1 : n - 1); /* of what has been read */
        if (!at || at[1] == 0 || at[1] == 0xff)
            continue; /* nothing here; a byte of a scan; filling */
        (void)skip(rest, 1);
        return at[1];
    }
    return 0;
}

static bool stands_alone(int marker)
{
    return marker == JPEG_TEM || (marker >= JPEG_RST0 && marker <= JPEG_SOI);
}

static bool is_frame(int marker)
{
    return marker >= JPEG_SOF0 && marker <= JPEG_SOF15 && marker != JPEG_DHT &&
           marker != JPEG_JPG && marker != JPEG_DAC;
}

/* Blocks of 64 for each component, filled up to whole units of all components. */
static const char *look_frame(struct jpeg *jpeg, int marker, const unsigned char *segment, size_t n)
{
    unsigned most_x = 1, most_y = 1, blocks = 0, height, width;

    if (n < 8 || n < 8 + (size_t)3 * segment[7] || jpeg->components > 0)
        return "its frame is wrong";
    height = be16(segment + 3);
    width = be16(segment + 5);
    jpeg->components = segment[7];
    jpeg->is_progressive = (marker & 3) == 2;
    for (unsigned i = 0; i < jpeg->components; i++) {
        unsigned x = segment[9 + 3 * i] >> 4, y = segment[9 + 3 * i] & 15;

        most_x = x > most_x ? x : most_x;
        most_y = y > most_y ? y : most_y;
        blocks += x * y;
    }
    jpeg->coefficients = (uint64_t)((width + 8 * most_x - 1) / (8 * most_x)) *
                         ((height + 8 * most_y - 1) / (8 * most_y)) * blocks * 64 * 2;
    return NULL;
}

/* The first of each kind that tells of colours and of how the picture is turned. */
static bool jpeg_is_needed(struct jpeg *jpeg, int marker, const unsigned char *segment, size_t n)
{
    static const struct {
        int marker;
        const char *name;
    } needed[] = {{JPEG_APP0, "JFIF"}, {JPEG_APP1, "Exif"}, {JPEG_APP14, "Adobe"}};

    if (marker != JPEG_COM && (marker < JPEG_APP0 || marker > JPEG_APP15))
        return true;
    for (unsigned i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        size_t name_n = strlen(needed[i].name);

        if (marker == needed[i].marker && !(jpeg->seen & 1U << i) && n >= 2 + name_n &&
            memcmp(segment + 2, needed[i].name, name_n) == 0) {
            jpeg->seen |= 1U << i;
            return true;
        }
    }
    return false;
}

/* All coefficients are kept when a scan has only some of them. */
static const char *look_scan(struct jpeg *jpeg, const unsigned char *segment, size_t n,
                             struct picture *ret)
{
    if (n < 3)
        return ends_early;
    if (++jpeg->scans > MOST_SCANS)
        return "it has too many scans";
    if (jpeg->is_progressive || segment[2] != jpeg->components)
        ret->coefficients = jpeg->coefficients;
    return NULL;
}

static const char *look_jpeg(struct rest *rest, struct picture *ret)
{
    struct jpeg jpeg = {0};
    uint64_t from = 0; /* what has not been given to the decoder yet */

    for (int marker; (marker = next_marker(rest)) != 0;) {
        uint64_t at = rest->at - 2;
        const unsigned char *segment;
        const char *why = NULL;
        size_t n;

        if (marker == JPEG_EOI && !keep(ret, from, rest->at))
            return in_pieces;
        if (marker == JPEG_EOI)
            return jpeg.scans > 0 ? NULL : "it has no pixels";
        if (stands_alone(marker))
            continue;
        segment = peek(rest, 2);
        if (!segment)
            break;
        n = be16(segment);
        segment = peek(rest, n < SEGMENT_HEAD ? n : SEGMENT_HEAD);
        if (!segment)
            break;
        if (is_frame(marker))
            why = look_frame(&jpeg, marker, segment, n);
        else if (marker == JPEG_SOS)
            why = look_scan(&jpeg, segment, n, ret);
        if (why)
            return why;
        if (!jpeg_is_needed(&jpeg, marker, segment, n)) {
            if (!keep(ret, from, at))
                return in_pieces;
            from = at + 2 + n;
        }
        if (!skip(rest, n))
            break;
    }
    return ends_early;
}

/* --- GIF: blocks up to the end of the first frame --------------------------------------------- */

enum { GIF_EXTENSION = 0x21, GIF_FRAME = 0x2c, GIF_CONTROL = 0xf9 };

static bool skip_colours(struct rest *rest, unsigned flags)
{
    return !(flags & 0x80) || skip(rest, (uint64_t)3 << ((flags & 7) + 1));
}

static bool skip_blocks(struct rest *rest)
{
    const unsigned char *p;

    while ((p = peek(rest, 1))) {
        size_t n = p[0];

        if (!skip(rest, n + 1))
            return false;
        if (n == 0)
            return true;
    }
    return false;
}

/* Of these, the control of the frame alone is needed. */
static const char *look_extensions(struct rest *rest, struct picture *ret)
{
    const unsigned char *p;

    while ((p = peek(rest, 2)) && p[0] == GIF_EXTENSION) {
        bool is_needed = p[1] == GIF_CONTROL;
        uint64_t from = rest->at;

        if (!skip(rest, 2) || !skip_blocks(rest))
            return ends_early;
        if (is_needed && !keep(ret, from, rest->at))
            return in_pieces;
    }
    return NULL;
}

static const char *look_gif(struct rest *rest, struct picture *ret)
{
    const unsigned char *p = peek(rest, 13);
    const char *why;
    uint64_t from;

    if (!p || !skip(rest, 13) || !skip_colours(rest, p[10]) || !keep(ret, 0, rest->at))
        return ends_early;
    why = look_extensions(rest, ret);
    if (why)
        return why;
    from = rest->at;
    p = peek(rest, 10);
    if (!p)
        return ends_early;
    if (p[0] != GIF_FRAME)
        return "it has no frame";
    ret->frame =
        (struct plan_area){(int)le16(p + 1), (int)le16(p + 3), (int)le16(p + 5), (int)le16(p + 7)};
    if (!skip(rest, 10) || !skip_colours(rest, p[9]) || !skip(rest, 1) || !skip_blocks(rest))
        return ends_early;
    ret->end = ";"; /* in place of the other frames */
    return keep(ret, from, rest->at) ? NULL : in_pieces;
}

/* --- WebP: one chunk around everything -------------------------------------------------------- */

static const char *look_webp(struct rest *rest, struct picture *ret)
{
    const unsigned char *p = peek(rest, 30);

    if (!p || le32(p + 4) > rest->end - 8)
        return ends_early;
    if (memcmp(p + 12, "VP8X", 4) == 0 && p[20] & 2)
        return "it is animated"; /* which PocketBase serves as it is */
    return keep(ret, 0, (uint64_t)8 + le32(p + 4)) ? NULL : in_pieces;
}

/* clang-format off */
static const struct format {
    enum picture_kind kind;
    size_t at;
    const char *magic;
    const char *(*look)(struct rest *rest, struct picture *ret);
} formats[] = {
    {PICTURE_JPEG, 0, "\xff\xd8\xff",      look_jpeg},
    {PICTURE_PNG,  0, "\x89PNG\r\n\x1a\n", look_png},
    {PICTURE_GIF,  0, "GIF8",              look_gif},
    {PICTURE_WEBP, 8, "WEBP",              look_webp},
};
/* clang-format on */

const char *picture_look(int fd, uint64_t n, struct picture *ret)
{
    struct rest rest;

    rest.fd = fd;
    rest.at = rest.window_at = rest.window_n = 0;
    rest.end = n;
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        const struct format *format = &formats[i];

        if (starts(&rest, format->at, format->magic, strlen(format->magic))) {
            *ret = (struct picture){.kind = format->kind, .end = ""};
            return format->look(&rest, ret);
        }
    }
    return "it is no JPEG, PNG, GIF or WebP";
}
