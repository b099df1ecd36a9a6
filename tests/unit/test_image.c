/* Pictures are made here by hand, and what image_make() makes of them is looked at pixel by pixel;
 * PNG is what comes out everywhere, since that can be read back with zlib alone. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/limits.h"
#include "base/thread.h"
#include "files/image.h"
#include "support/temp.h"
#include "unit/unit.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PIXELS ((uint64_t)100000000)
#define BYTES (256 * MIB)
#define MOST_BYTES (4 * MIB)

static char folder[TEMP_SIZE], in_path[TEMP_SIZE + 20], out_path[TEMP_SIZE + 20],
    build_dir[PATH_MAX];

/* 208x104 in grey: black, the upper left quarter white. */
static const char jpeg_text[] =
    "/9j/2wCEAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC"
    "4zNDIBCQkJDAsMGA0NGDIhHCEyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIy"
    "Mv/AAAsIAGgA0AEBEQD/xADSAAABBQEBAQEBAQAAAAAAAAAAAQIDBAUGBwgJCgsQAAIBAwMCBAMFBQQEAAABfQECAw"
    "AEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldY"
    "WVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1t"
    "fY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAAgBAQAAPwD3+iiiiiiiiiiiivgCiiiiiiiiiiiivv8Aoooooooooooo"
    "r4Aoooooooooooor7/oooooooooooor4Aoooooooooooor7/AKKKKKKKKKKKKK+AKKKKKKKKKKKKK+/6KKKKKKKKKK"
    "KK+AKKKKKKKKKKKKK+/wCiiiiiiiiiiiivgCiiiiiiiiiiiivf/wDhpr/qUf8Aypf/AGqj/hpr/qUf/Kl/9qo/4aa/"
    "6lH/AMqX/wBqo/4aa/6lH/ypf/aqP+Gmv+pR/wDKl/8AaqP+Gmv+pR/8qX/2qj/hpr/qUf8Aypf/AGqj/hpr/qUf/K"
    "l/9qo/4aa/6lH/AMqX/wBqo/4aa/6lH/ypf/aqP+Gmv+pR/wDKl/8AaqP+Gmv+pR/8qX/2qj/hpr/qUf8Aypf/AGqv"
    "AKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKK"
    "KKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKK//2Q==";
/* 120x60, all of it rgba(10, 200, 30, 128). */
static const char webp_text[] =
    "UklGRvgAAABXRUJQVlA4WAoAAAAYAAAAdwAAOwAAVlA4TBcAAAAvd8AOEAdQ5CrUo4ABICH8v69E9D8VBABFWElGug"
    "AAAEV4aWYAAElJKgAIAAAABgASAQMAAQAAAAEAAAAaAQUAAQAAAFYAAAAbAQUAAQAAAF4AAAAoAQMAAQAAAAIAAAAT"
    "AgMAAQAAAAEAAABphwQAAQAAAGYAAAAAAAAAOGMAAOgDAAA4YwAA6AMAAAYAAJAHAAQAAAAwMjEwAZEHAAQAAAABAg"
    "MAAKAHAAQAAAAwMTAwAaADAAEAAAD//wAAAqAEAAEAAAB4AAAAA6AEAAEAAAA8AAAAAAAAAA==";

static void put_file(const char *path, struct str content)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(content.p, 1, content.n, f), content.n);
    assert_int_equal(fclose(f), 0);
}

static struct str get_file(struct arena *a, const char *path)
{
    FILE *f = fopen(path, "r");
    char *bytes = arena_alloc(a, MOST_BYTES);
    size_t n;

    assert_non_null(f);
    n = fread(bytes, 1, MOST_BYTES, f);
    assert_true(n < MOST_BYTES);
    (void)fclose(f); /* it was only read */
    return (struct str){bytes, n};
}

static struct str decoded(struct arena *a, const char *text)
{
    struct str bytes;

    assert_true(base64_decode(a, str_of(text), &bytes));
    return bytes;
}

/* --- PNG, written without compression --------------------------------------------------------- */

struct colour {
    unsigned char r, g, b, a;
};
struct pixels {
    unsigned width, height;
    const struct colour *at; /* row by row */
};

static void put_be32(struct buf *out, uint32_t n)
{
    const char bytes[] = {(char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n};

    buf_add(out, (struct str){bytes, sizeof(bytes)});
}

static void put_chunk(struct buf *out, const char *type, struct str content)
{
    uint32_t crc = UINT32_MAX;
    size_t from = out->n + 4;

    put_be32(out, (uint32_t)content.n);
    buf_add(out, str_of(type));
    buf_add(out, content);
    for (size_t i = from; i < out->n; i++) {
        crc ^= (unsigned char)out->p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    put_be32(out, ~crc);
}

static void put_head(struct buf *out, unsigned width, unsigned height, struct str kind)
{
    struct buf head;

    buf_init(&head, KIB);
    put_be32(&head, width);
    put_be32(&head, height);
    buf_add(&head, kind); /* depth, colour type, compression, filter, interlace */
    buf_add(out, STR("\x89PNG\r\n\x1a\n"));
    put_chunk(out, "IHDR", (struct str){head.p, head.n});
    buf_done(&head);
}

/* A row is one block, which its length bounds. */
static void put_stored(struct buf *out, struct str raw, size_t row)
{
    uint32_t low = 1, high = 0;

    buf_add(out, STR("\x78\x01"));
    for (size_t at = 0; at < raw.n; at += row) {
        const unsigned char lengths[] = {at + row == raw.n, (unsigned char)row,
                                         (unsigned char)(row >> 8), (unsigned char)~row,
                                         (unsigned char)(~row >> 8)};

        buf_add(out, (struct str){(const char *)lengths, sizeof(lengths)});
        buf_add(out, str_sub(raw, at, row));
    }
    for (size_t i = 0; i < raw.n; i++) {
        low = (low + (unsigned char)raw.p[i]) % 65521;
        high = (high + low) % 65521;
    }
    put_be32(out, high << 16 | low);
}

static void write_png(struct pixels picture)
{
    struct buf raw, packed, out;

    buf_init(&raw, MOST_BYTES);
    buf_init(&packed, MOST_BYTES);
    buf_init(&out, MOST_BYTES);
    for (unsigned y = 0; y < picture.height; y++) {
        buf_add(&raw, STR("\0"));
        buf_add(&raw, (struct str){(const char *)&picture.at[(size_t)y * picture.width],
                                   picture.width * sizeof(struct colour)});
    }
    put_stored(&packed, (struct str){raw.p, raw.n}, 1 + picture.width * sizeof(struct colour));
    put_head(&out, picture.width, picture.height, STR("\x08\x06\0\0\0"));
    put_chunk(&out, "IDAT", (struct str){packed.p, packed.n});
    put_chunk(&out, "IEND", STR_NONE);
    assert_false(out.full);
    put_file(in_path, (struct str){out.p, out.n});
    buf_done(&raw);
    buf_done(&packed);
    buf_done(&out);
}

/* Three stripes: red, green, blue; across the picture or down it. */
static void write_stripes(struct arena *a, unsigned width, unsigned height, bool down)
{
    static const struct colour stripes[] = {{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}};
    struct colour *at = arena_alloc(a, (size_t)width * height * sizeof(*at));

    for (unsigned y = 0; y < height; y++)
        for (unsigned x = 0; x < width; x++)
            at[(size_t)y * width + x] = stripes[down ? y * 3 / height : x * 3 / width];
    write_png((struct pixels){width, height, at});
}

/* --- PNG, read back --------------------------------------------------------------------------- */

typedef int inflate_all(unsigned char *out, unsigned long *n, const unsigned char *in,
                        unsigned long in_n);

static uint32_t be32_at(struct str s, size_t at)
{
    const unsigned char *p = (const unsigned char *)s.p + at;

    assert_true(at + 4 <= s.n);
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static struct str inflated(struct arena *a, struct str packed)
{
    void *zlib = dlopen("libz.so.1", RTLD_NOW); /* the module's library needs it anyway */
    void *found = zlib ? dlsym(zlib, "uncompress") : NULL;
    unsigned long n = MOST_BYTES;
    unsigned char *out = arena_alloc(a, MOST_BYTES);
    inflate_all *uncompress;

    assert_non_null(found);
    memcpy(&uncompress, &found, sizeof(found));
    assert_int_equal(uncompress(out, &n, (const unsigned char *)packed.p, packed.n), 0);
    return (struct str){(const char *)out, n};
}

static unsigned char nearest(int left, int up, int corner)
{
    int to_left = abs(up - corner), to_up = abs(left - corner);
    int to_corner = abs(left + up - 2 * corner);

    if (to_left <= to_up && to_left <= to_corner)
        return (unsigned char)left;
    return (unsigned char)(to_up <= to_corner ? up : corner);
}

/* Undoes a row's filter; `up` is the row above. */
static void unfilter(int filter, unsigned char *row, const unsigned char *up, size_t n, size_t pel)
{
    for (size_t i = 0; i < n; i++) {
        int left = i >= pel ? row[i - pel] : 0, corner = i >= pel ? up[i - pel] : 0;
        const int added[] = {0, left, up[i], (left + up[i]) / 2, nearest(left, up[i], corner)};

        assert_true(filter < 5);
        row[i] = (unsigned char)(row[i] + added[filter]);
    }
}

static struct colour colour_of(const unsigned char *p, size_t pel)
{
    unsigned char alpha = pel == 2 || pel == 4 ? p[pel - 1] : 255;

    return pel < 3 ? (struct colour){p[0], p[0], p[0], alpha}
                   : (struct colour){p[0], p[1], p[2], alpha};
}

static struct pixels read_png(struct arena *a)
{
    static const size_t pels[] = {[0] = 1, [2] = 3, [4] = 2, [6] = 4};
    struct str file = get_file(a, out_path), raw;
    struct pixels ret = {be32_at(file, 16), be32_at(file, 20), NULL};
    struct colour *at = arena_alloc(a, (size_t)ret.width * ret.height * sizeof(*at));
    size_t pel = pels[(unsigned char)file.p[25]], row_bytes = ret.width * pel;
    unsigned char *row, *up = arena_alloc(a, row_bytes);
    struct buf packed;

    assert_int_equal(file.p[24], 8);
    buf_init(&packed, MOST_BYTES);
    for (size_t i = 8; i + 12 <= file.n; i += 12 + be32_at(file, i)) {
        if (str_eq(str_sub(file, i + 4, 4), STR("IDAT")))
            buf_add(&packed, str_sub(file, i + 8, be32_at(file, i)));
        else /* nothing of the picture's own comes along */
            assert_false(str_eq(str_sub(file, i + 4, 4), STR("eXIf")));
    }
    raw = inflated(a, (struct str){packed.p, packed.n});
    buf_done(&packed);
    assert_int_equal(raw.n, ret.height * (row_bytes + 1));
    memset(up, 0, row_bytes);
    for (unsigned y = 0; y < ret.height; y++, up = row) {
        const char *line = raw.p + y * (row_bytes + 1);

        row = arena_alloc(a, row_bytes);
        memcpy(row, line + 1, row_bytes);
        unfilter(line[0], row, up, row_bytes, pel);
        for (unsigned x = 0; x < ret.width; x++)
            at[(size_t)y * ret.width + x] = colour_of(row + x * pel, pel);
    }
    ret.at = at;
    return ret;
}

static bool is_about(struct pixels picture, unsigned x, unsigned y, struct colour want)
{
    struct colour is = picture.at[(size_t)y * picture.width + x];

    assert_true(x < picture.width && y < picture.height);
    return abs(is.r - want.r) < 12 && abs(is.g - want.g) < 12 && abs(is.b - want.b) < 12 &&
           abs(is.a - want.a) < 12;
}

/* --- tasks ------------------------------------------------------------------------------------ */

static struct image_task task(unsigned width, unsigned height, enum image_cut cut)
{
    return (struct image_task){.in_path = in_path,
                               .out_path = out_path,
                               .width = width,
                               .height = height,
                               .cut = cut,
                               .out = IMAGE_PNG,
                               .max_pixels = PIXELS,
                               .max_bytes = BYTES};
}

static struct pixels thumb(struct arena *a, struct image_task asked)
{
    struct err *err = image_make(a, &asked);

    if (err)
        fail_msg("%ux%u: %.*s", asked.width, asked.height, STR_ARG(err->cause));
    return read_png(a);
}

static void assert_refused(struct image_task asked, const char *what)
{
    struct arena *a = arena_new();
    struct err *err = image_make(a, &asked);

    if (!err)
        fail_msg("%s: was made", what);
    assert_int_equal(err->kind, E_BAD_REQUEST);
    assert_true(err->cause.n > 0);
    assert_int_not_equal(access(out_path, F_OK), 0);
    arena_free(a);
}

/* --- cases ------------------------------------------------------------------------------------ */

/* What PocketBase makes of the same. */
static void sizes_are_pocketbases(void **state)
{
    static const struct {
        unsigned from_width, from_height, width, height;
        enum image_cut cut;
        unsigned made_width, made_height;
    } cases[] = {
        {333, 777, 100, 100, IMAGE_CENTRE, 100, 100},
        {333, 777, 33, 200, IMAGE_TOP, 33, 200},
        {333, 777, 200, 33, IMAGE_BOTTOM, 200, 33},
        {99, 101, 300, 301, IMAGE_CENTRE, 300, 301},
        {1, 500, 100, 100, IMAGE_CENTRE, 100, 100},
        {500, 1, 50, 100, IMAGE_BOTTOM, 50, 100},
        {1, 1, 7, 3, IMAGE_TOP, 7, 3},
        {100, 100, 1, 1, IMAGE_CENTRE, 1, 1},
        {101, 99, 3, 700, IMAGE_BOTTOM, 3, 700},
        {333, 777, 77, 55, IMAGE_FIT, 23, 55},
        {777, 333, 77, 55, IMAGE_FIT, 77, 33},
        {333, 777, 2000, 2000, IMAGE_FIT, 333, 777},
        {333, 777, 1000, 10, IMAGE_FIT, 4, 10},
        {1, 500, 77, 55, IMAGE_FIT, 1, 55},
        {150, 149, 77, 55, IMAGE_FIT, 55, 55},
        {333, 777, 0, 77, IMAGE_CENTRE, 33, 77},
        {333, 777, 77, 0, IMAGE_CENTRE, 77, 180},
        {1, 500, 0, 77, IMAGE_CENTRE, 1, 77},
        {500, 1, 1, 0, IMAGE_CENTRE, 1, 1},
        {50, 70, 0, 140, IMAGE_FIT, 100, 140},
        {50, 2000, 7, 3, IMAGE_CENTRE, 7, 3},
        {50, 2000, 1, 1, IMAGE_BOTTOM, 1, 1},
        {640, 480, 0, 1, IMAGE_TOP, 1, 1},
        {50, 3, 0, 90, IMAGE_TOP, 1500, 90},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena *a = arena_new();
        struct pixels made;

        write_stripes(a, cases[i].from_width, cases[i].from_height, false);
        made = thumb(a, task(cases[i].width, cases[i].height, cases[i].cut));
        if (made.width != cases[i].made_width || made.height != cases[i].made_height)
            fail_msg("%ux%u as %ux%u: %ux%u", cases[i].from_width, cases[i].from_height,
                     cases[i].width, cases[i].height, made.width, made.height);
        arena_free(a);
    }
}

static const struct colour red = {255, 0, 0, 255}, green = {0, 255, 0, 255},
                           blue = {0, 0, 255, 255}, white = {255, 255, 255, 255},
                           black = {0, 0, 0, 255};

/* Of a tall picture top, middle and bottom; of a wide one always the middle. */
static void crops_are_where_they_should_be(void **state)
{
    static const unsigned lengths[] = {90, 330}; /* cropped after the scaling, and before it */
    static const struct {
        enum image_cut cut;
        const struct colour *tall;
    } cases[] = {{IMAGE_TOP, &red}, {IMAGE_CENTRE, &green}, {IMAGE_BOTTOM, &blue}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases) * COUNT_OF(lengths); i++) {
        unsigned length = lengths[i % COUNT_OF(lengths)], breadth = length / 3;
        struct arena *a = arena_new();
        struct pixels made;

        write_stripes(a, breadth, length, true);
        made = thumb(a, task(20, 20, cases[i / COUNT_OF(lengths)].cut));
        assert_true(is_about(made, 10, 3, *cases[i / COUNT_OF(lengths)].tall));
        assert_true(is_about(made, 10, 16, *cases[i / COUNT_OF(lengths)].tall));
        write_stripes(a, length, breadth, false);
        made = thumb(a, task(20, 20, cases[i / COUNT_OF(lengths)].cut));
        assert_true(is_about(made, 3, 10, green));
        assert_true(is_about(made, 16, 10, green));
        arena_free(a);
    }
}

static void write_jpeg(struct arena *a, char orientation)
{
    struct str plain = decoded(a, jpeg_text);
    struct buf out;

    buf_init(&out, MOST_BYTES);
    buf_add(&out, STR("\xff\xd8\xff\xe1\0\x22"
                      "Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0"));
    buf_add(&out, (struct str){&orientation, 1});
    buf_add(&out, STR("\0\0\0\0\0\0"));
    buf_add(&out, str_from(plain, 2));
    put_file(in_path, (struct str){out.p, out.n});
    buf_done(&out);
}

static void a_jpeg_is_turned_as_it_says(void **state)
{
    static const struct {
        char orientation;
        bool right, low; /* where the white quarter is */
    } cases[] = {{0, false, false}, {1, false, false}, {2, true, false}, {3, true, true},
                 {4, false, true},  {5, false, false}, {6, true, false}, {7, true, true},
                 {8, false, true},  {9, false, false}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bool upright = cases[i].orientation >= 5 && cases[i].orientation <= 8;
        struct arena *a = arena_new();
        struct pixels made;

        write_jpeg(a, cases[i].orientation);
        made = thumb(a, task(60, 60, IMAGE_FIT));
        assert_int_equal(made.width, upright ? 30 : 60);
        assert_int_equal(made.height, upright ? 60 : 30);
        for (unsigned quarter = 0; quarter < 4; quarter++) {
            bool right = quarter & 1, low = quarter & 2;
            unsigned x = made.width * (right ? 3 : 1) / 4, y = made.height * (low ? 3 : 1) / 4;

            assert_true(is_about(made, x, y,
                                 right == cases[i].right && low == cases[i].low ? white : black));
        }
        /* the upper half: white is in it or not */
        made = thumb(a, task(upright ? 52 : 104, upright ? 52 : 26, IMAGE_TOP));
        assert_true(is_about(made, made.width * (cases[i].right ? 3 : 1) / 4, made.height / 2,
                             cases[i].low ? black : white));
        arena_free(a);
    }
}

static void put_frame(struct buf *out, unsigned width, unsigned height, char colour)
{
    const unsigned char place[] = {0x2c, 2, 0, 3, 0, (unsigned char)width, 0, (unsigned char)height,
                                   0,    0, 7};

    buf_add(out, (struct str){(const char *)place, sizeof(place)});
    for (unsigned i = 0; i < width * height; i++) /* a code is a byte as long as codes are few */
        if (i % 100)
            buf_add(out, (struct str){&colour, 1});
        else
            buf_addf(out, "%c\x80%c",
                     width * height - i < 100 ? (char)(width * height - i + 1) : 101, colour);
    buf_add(out, STR("\x01\x81\0"));
}

/* A red frame of 15x20 on a canvas of 40x50, then a green one. */
static struct str animation(struct buf *out)
{
    char colours[3 * 128] = {(char)255, 0, 0, 0, (char)255, 0};

    buf_add(out, STR("GIF89a\x28\0\x32\0\xf6\0\0"));
    buf_add(out, (struct str){colours, sizeof(colours)});
    put_frame(out, 15, 20, 0);
    put_frame(out, 30, 40, 1);
    buf_add(out, STR(";"));
    return (struct str){out->p, out->n};
}

/* That one alone is the picture, as PocketBase has it. */
static void the_first_frame_counts(void **state)
{
    struct arena *a = arena_new();
    struct pixels made;
    struct buf gif;

    (void)state;
    buf_init(&gif, MOST_BYTES);
    put_file(in_path, animation(&gif));
    buf_done(&gif);
    made = thumb(a, task(100, 100, IMAGE_FIT));
    assert_int_equal(made.width, 15);
    assert_int_equal(made.height, 20);
    for (unsigned i = 0; i < made.width * made.height; i++)
        assert_true(is_about(made, i % made.width, i / made.width, red));
    arena_free(a);
}

static void alpha_is_kept(void **state)
{
    struct arena *a = arena_new();
    struct colour at[200 * 100];
    struct pixels made;

    (void)state;
    for (unsigned i = 0; i < COUNT_OF(at); i++)
        at[i] = i % 200 < 95 ? red : (struct colour){0, 255, 0, 0};
    write_png((struct pixels){200, 100, at});
    made = thumb(a, task(20, 10, IMAGE_CENTRE));
    for (unsigned x = 0; x < 20; x++) {
        struct colour is = made.at[x];

        assert_true(is.g < 12); /* what cannot be seen colours nothing */
        assert_true(x == 9 || abs(is.a - (x < 9 ? 255 : 0)) < 12 || x == 8 || x == 10);
    }
    put_file(in_path, decoded(a, webp_text));
    made = thumb(a, task(0, 30, IMAGE_CENTRE));
    assert_int_equal(made.width, 60);
    assert_true(is_about(made, 30, 15, (struct colour){10, 200, 30, 128}));
    arena_free(a);
}

static void each_format_can_be_made(void **state)
{
    static const struct {
        enum image_format format;
        struct str head;
    } cases[] = {{IMAGE_PNG, STR_INIT("\x89PNG")},
                 {IMAGE_JPEG, STR_INIT("\xff\xd8\xff")},
                 {IMAGE_GIF, STR_INIT("GIF89a\x14\0\x0a\0")}};
    struct arena *a = arena_new();

    (void)state;
    put_file(in_path, decoded(a, webp_text));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct image_task asked = task(20, 10, IMAGE_CENTRE);

        asked.out = cases[i].format;
        assert_null(image_make(a, &asked));
        assert_true(str_starts(get_file(a, out_path), cases[i].head));
    }
    arena_free(a);
}

static void refuse_cut(struct arena *a, struct str whole, size_t n, const char *what)
{
    put_file(in_path, whole);
    (void)thumb(a, task(10, 10, IMAGE_TOP));
    put_file(in_path, str_sub(whole, 0, n));
    assert_refused(task(10, 10, IMAGE_TOP), what);
}

static void what_ends_early_is_refused(void **state)
{
    struct arena *a = arena_new();
    struct str jpeg = decoded(a, jpeg_text), webp = decoded(a, webp_text), png, frames;
    struct buf gif;

    (void)state;
    buf_init(&gif, MOST_BYTES);
    write_stripes(a, 120, 120, false);
    png = get_file(a, in_path);
    frames = animation(&gif);
    refuse_cut(a, png, png.n - 12, "a PNG without its end");
    refuse_cut(a, png, png.n / 2, "half a PNG");
    refuse_cut(a, jpeg, jpeg.n - 2, "a JPEG without its end");
    refuse_cut(a, jpeg, jpeg.n / 2, "half a JPEG");
    refuse_cut(a, webp, webp.n - 1, "a WebP without its end");
    refuse_cut(a, frames, 700, "a GIF's frame");
    buf_done(&gif);
    for (size_t n = 0; n < jpeg.n; n++) {
        put_file(in_path, str_sub(jpeg, 0, n));
        assert_refused(task(10, 10, IMAGE_TOP), "a part of a JPEG");
    }
    for (size_t n = 0; n < webp.n; n++) {
        put_file(in_path, str_sub(webp, 0, n));
        assert_refused(task(10, 10, IMAGE_TOP), "a part of a WebP");
    }
    arena_free(a);
}

static void what_is_no_picture_is_refused(void **state)
{
    static const struct {
        const char *what;
        struct str content;
    } cases[] = {
        {"nothing", STR_INIT("")},
        {"garbage", STR_INIT("\x01\x02\x03\x04 garbage")},
        {"SVG", STR_INIT("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>")},
        {"TIFF", STR_INIT("II*\0\x08\0\0\0\x03\0\0\x01\x03\0\x01\0\0\0\x01\0\0\0\x01\x01\x03\0"
                          "\x01\0\0\0\x01\0\0\0\x11\x01\x04\0\x01\0\0\0\0\0\0\0\0\0\0\0")},
        {"a PNG's head", STR_INIT("\x89PNG\r\n\x1a\n")},
        {"a PNG of nothing", STR_INIT("\x89PNG\r\n\x1a\n\0\0\0\0IEND\xae\x42\x60\x82")},
        {"a JPEG of nothing", STR_INIT("\xff\xd8\xff\xd9")},
        {"a GIF of nothing", STR_INIT("GIF89a\x01\0\x01\0\0\0\0;")},
        {"a WebP of nothing", STR_INIT("RIFF\x16\0\0\0WEBPVP8 \x0a\0\0\0..........")},
    };
    struct image_task asked = task(10, 10, IMAGE_CENTRE);
    struct arena *a = arena_new();
    struct str webp = decoded(a, webp_text);
    char *moving = arena_alloc(a, webp.n);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        put_file(in_path, cases[i].content);
        assert_refused(asked, cases[i].what);
    }
    memcpy(moving, webp.p, webp.n);
    moving[20] |= 2;
    put_file(in_path, (struct str){moving, webp.n});
    assert_refused(asked, "an animated WebP"); /* as PocketBase does */
    asked.in_path = folder;
    assert_refused(asked, "a folder");
    asked.in_path = "/nonexistent";
    assert_refused(asked, "no file");
    asked.in_path = in_path;
    asked.out_path = "/nonexistent/thumb";
    put_file(in_path, webp);
    assert_refused(asked, "no place for the thumb");
    arena_free(a);
}

static uint64_t cpu_ms(void)
{
    struct timespec now;

    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static long most_kib(void)
{
    struct rusage usage;

    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

static void bombs_are_refused_for_their_head(void **state)
{
    static const struct {
        unsigned side;
        struct str kind;
    } cases[] = {
        {60000, STR_INIT("\x01\0\0\0\0")},        /* a bit a pixel */
        {20000, STR_INIT("\x08\x02\0\0\x01")},    /* interlaced */
        {9000, STR_INIT("\x10\x06\0\0\0")},       /* 8 bytes a pixel: too many bytes */
        {2000000000, STR_INIT("\x08\x02\0\0\0")}, /* more than can be counted */
    };
    struct arena *a = arena_new();

    (void)state;
    write_stripes(a, 9, 9, false);
    (void)thumb(a, task(3, 3, IMAGE_CENTRE)); /* opening the module is not to be measured */
    (void)unlink(out_path);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint64_t from_ms;
        struct buf out;
        long kib;

        buf_init(&out, MOST_BYTES);
        put_head(&out, cases[i].side, cases[i].side, cases[i].kind);
        put_chunk(&out, "IDAT", STR("\x78\x01"));
        put_chunk(&out, "IEND", STR_NONE);
        put_file(in_path, (struct str){out.p, out.n});
        buf_done(&out);
        kib = most_kib();
        from_ms = cpu_ms();
        assert_refused(task(100, 100, IMAGE_CENTRE), "a bomb");
        assert_true(cpu_ms() - from_ms < 100);
        assert_true(most_kib() - kib < 10000);
    }
    arena_free(a);
}

/* --- what hostile pictures cost --------------------------------------------------------------- */

/* To the sanitizer: what is freed is freed, or nothing could be measured here. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "quarantine_size_mb=0";
}

static unsigned long resident_kib(const char *key)
{
    FILE *f = fopen("/proc/self/status", "r");
    unsigned long kib = 0;
    char line[200];

    assert_non_null(f);
    while (kib == 0 && fgets(line, sizeof(line), f))
        if (strncmp(line, key, strlen(key)) == 0)
            kib = strtoul(line + strlen(key), NULL, 10);
    (void)fclose(f); /* it was only read */
    assert_true(kib > 0);
    return kib;
}

/* Forgets the peak there has been; what is held now. */
static unsigned long begin_kib(void)
{
    int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "5", 1), 1);
    assert_int_equal(close(fd), 0);
    return resident_kib("VmRSS:");
}

/* How far the peak since then is above it. */
static unsigned long grown_kib(unsigned long begin)
{
    unsigned long peak = resident_kib("VmHWM:");

    return peak > begin ? peak - begin : 0; /* the kernel counts roughly */
}

/* Of that many zeros. */
static struct str deflated(struct arena *a, size_t zeros)
{
    void *zlib = dlopen("libz.so.1", RTLD_NOW); /* the module's library needs it anyway */
    void *found = zlib ? dlsym(zlib, "compress") : NULL;
    unsigned long n = MOST_BYTES;
    unsigned char *out = arena_alloc(a, n);
    inflate_all *compress; /* which looks the same */

    assert_non_null(found);
    memcpy(&compress, &found, sizeof(found));
    assert_int_equal(compress(out, &n, arena_zalloc(a, zeros), zeros), 0);
    return (struct str){(const char *)out, n};
}

/* A small PNG with some 2 GB of them, behind its head or behind its pixels. */
static void write_bomb(struct arena *a, const char *type, struct str head, bool behind)
{
    struct str zeros = deflated(a, 7900000), plain;
    struct buf chunk, out;
    size_t at;

    write_stripes(a, 90, 90, true);
    plain = get_file(a, in_path);
    at = behind ? plain.n - 12 : 33;
    buf_init(&chunk, MOST_BYTES);
    buf_init(&out, MOST_BYTES);
    buf_add(&chunk, head);
    buf_add(&chunk, zeros);
    buf_add(&out, str_sub(plain, 0, at));
    for (int i = 0; i < 250; i++)
        put_chunk(&out, type, (struct str){chunk.p, chunk.n});
    buf_add(&out, str_from(plain, at));
    assert_false(out.full);
    put_file(in_path, (struct str){out.p, out.n});
    buf_done(&chunk);
    buf_done(&out);
}

static void texts_are_never_unpacked(void **state)
{
    static const struct {
        const char *type;
        struct str head;
    } cases[] = {{"zTXt", STR_INIT("k\0\0")},
                 {"iTXt", STR_INIT("k\0\1\0\0\0")},
                 {"iCCP", STR_INIT("k\0\0")}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases) * 2; i++) {
        const char *type = cases[i / 2].type;
        struct arena *a = arena_new();
        unsigned long kib;
        uint64_t ms;

        write_bomb(a, type, cases[i / 2].head, i % 2);
        kib = begin_kib();
        ms = cpu_ms();
        assert_true(is_about(thumb(a, task(30, 30, IMAGE_CENTRE)), 15, 4, red));
        ms = cpu_ms() - ms;
        kib = grown_kib(kib);
        if (ms >= 100 || kib >= 20000)
            fail_msg("%s: %" PRIu64 " ms, %lu KiB", type, ms, kib);
        arena_free(a);
    }
}

/* By the module's own library; its options are in brackets behind the name's end. */
static void write_black(struct arena *a, int width, int height, const char *end)
{
    typedef int make_black(void **, int, int, ...);
    typedef int write_file(void *, const char *, ...);
    void *vips = dlopen("libvips.so.42", RTLD_NOW), *image = NULL;
    void *found = vips ? dlsym(vips, "vips_black") : NULL;
    void *found_write = vips ? dlsym(vips, "vips_image_write_to_file") : NULL;
    void *found_unref = vips ? dlsym(vips, "g_object_unref") : NULL;
    struct str name = arena_printf(a, "%s/black%s", folder, end);
    size_t options = str_find_byte(name, '[');
    const char *path = arena_cstr(a, str_sub(name, 0, options));
    make_black *make;
    write_file *write_to_file;
    void (*unref)(void *);

    assert_true(found && found_write && found_unref);
    memcpy(&make, &found, sizeof(found));
    memcpy(&write_to_file, &found_write, sizeof(found));
    memcpy(&unref, &found_unref, sizeof(found));
    assert_int_equal(make(&image, width, height, "bands", 3, (void *)NULL), 0);
    assert_int_equal(write_to_file(image, arena_cstr(a, name), (void *)NULL), 0);
    unref(image);
    assert_int_equal(rename(path, in_path), 0);
}

/* Whatever the picture takes, but for some MiB, a limit below it refuses; none far above does. */
static void assert_is_bounded(struct arena *a, const char *what)
{
    struct image_task asked = task(100, 100, IMAGE_CENTRE);
    unsigned long kib = begin_kib();

    asked.max_bytes = UINT64_MAX;
    (void)thumb(a, asked);
    kib = grown_kib(kib);
    (void)unlink(out_path);
    if (kib > 16 * KIB) {
        asked.max_bytes = (kib - 16 * KIB) * KIB;
        assert_refused(asked, what);
    }
    asked.max_bytes = kib * KIB * 2 + 64 * MIB;
    (void)thumb(a, asked);
    (void)unlink(out_path);
}

/* A canvas of 4096 * 4096 around a small frame. */
static void write_canvas(void)
{
    struct buf gif;

    buf_init(&gif, MOST_BYTES);
    (void)animation(&gif);
    memcpy(gif.p + 6, "\0\x10\0\x10", 4);
    put_file(in_path, (struct str){gif.p, gif.n});
    buf_done(&gif);
}

static void limits_are_of_what_is_taken(void **state)
{
    static const struct {
        const char *end;
        int width, height;
    } cases[] = {
        {".webp[lossless=true,effort=0]", 4000, 3000},
        {".webp[effort=0]", 4000, 3000},
        {".jpg[interlace=true,subsample_mode=off]", 4000, 3000},
        {".jpg[interlace=true,subsample_mode=on]", 4000, 3000},
        {".jpg", 4000, 3000},
        {".png[interlace=true,compression=1]", 4000, 3000},
        {".png[interlace=true,compression=1]", 90, 100000}, /* cropped afterwards */
        {".png[compression=1]", 200000, 100},
    };
    struct arena *a = arena_new();

    (void)state;
    write_stripes(a, 9, 9, false);
    (void)thumb(a, task(3, 3, IMAGE_CENTRE)); /* opens the module */
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        write_black(a, cases[i].width, cases[i].height, cases[i].end);
        assert_is_bounded(a, cases[i].end);
    }
    write_canvas();
    assert_is_bounded(a, "a GIF");
    arena_free(a);
}

struct making {
    struct image_task task;
    bool failed;
};

static void make_one(void *arg)
{
    struct making *making = arg;
    struct arena *a = arena_new();
    struct err *err = image_make(a, &making->task);

    making->failed = err != NULL;
    if (err && err->kind != E_BAD_REQUEST)
        abort();
    arena_free(a);
    image_thread_end();
}

/* At any moment, it is an error at most. */
static void a_file_may_become_shorter_meanwhile(void **state)
{
    struct arena *a = arena_new();
    struct str whole;
    int failures = 0;

    (void)state;
    write_black(a, 1000, 1000, ".png[compression=0]");
    whole = get_file(a, in_path);
    for (long i = 0; i < 20; i++) {
        struct making making = {task(100, 100, IMAGE_FIT), false};
        struct timespec moment = {0, i * 500000};
        pthread_t thread;

        put_file(in_path, whole);
        assert_true(thread_start("pictures", make_one, &making, &thread));
        (void)nanosleep(&moment, NULL);
        assert_int_equal(truncate(in_path, 100), 0);
        thread_join(thread);
        failures += making.failed;
        assert_int_equal(access(out_path, F_OK) != 0, making.failed);
        (void)unlink(out_path);
    }
    assert_true(failures > 0);
    arena_free(a);
}

/* Lines above the part that is needed cost what decoding them costs: less than using them would.
 * Whoever keeps and searches them takes many times as long. */
static void a_tall_picture_is_passed_over(void **state)
{
    enum { WIDTH = 104, HEIGHT = 200000, ROW = 1 + WIDTH / 8 };
    struct arena *a = arena_new();
    uint64_t whole_ms, bottom_ms;
    char *rows = arena_zalloc(a, (size_t)HEIGHT * ROW);
    struct buf packed, out;

    (void)state;
    for (size_t i = 0; i < HEIGHT; i++)
        memset(rows + i * ROW + 1, i < HEIGHT - 1000 ? 0 : 0xff, ROW - 1); /* black, white */
    buf_init(&packed, MOST_BYTES);
    buf_init(&out, MOST_BYTES);
    put_stored(&packed, (struct str){rows, (size_t)HEIGHT * ROW}, ROW);
    put_head(&out, WIDTH, HEIGHT, STR("\x01\0\0\0\0"));
    put_chunk(&out, "IDAT", (struct str){packed.p, packed.n});
    put_chunk(&out, "IEND", STR_NONE);
    assert_false(out.full);
    put_file(in_path, (struct str){out.p, out.n});
    buf_done(&packed);
    buf_done(&out);
    whole_ms = cpu_ms();
    (void)thumb(a, task(0, 50, IMAGE_CENTRE));
    whole_ms = cpu_ms() - whole_ms;
    bottom_ms = cpu_ms();
    assert_true(is_about(thumb(a, task(8, 8, IMAGE_BOTTOM)), 4, 4, white));
    bottom_ms = cpu_ms() - bottom_ms;
    if (bottom_ms > whole_ms * 2)
        fail_msg("all of it: %" PRIu64 " ms, its end: %" PRIu64 " ms", whole_ms, bottom_ms);
    arena_free(a);
}

static void limits_hold_at_their_edges(void **state)
{
    struct image_task asked = task(4, 4, IMAGE_CENTRE);
    struct arena *a = arena_new();

    (void)state;
    write_stripes(a, 30, 20, false); /* 4 bytes a pixel */
    asked.max_pixels = 600;
    asked.max_bytes = 2400;
    (void)thumb(a, asked);
    (void)unlink(out_path);
    asked.max_pixels = 599;
    assert_refused(asked, "too many pixels");
    asked.max_pixels = 600;
    asked.max_bytes = 2399;
    assert_refused(asked, "too many bytes");
    asked.max_bytes = 2400;
    asked.width = 30;
    asked.height = 20;
    (void)thumb(a, asked);
    (void)unlink(out_path);
    asked.height = 21;
    assert_refused(asked, "a thumb of too many pixels");
    asked.width = 0;
    asked.height = UINT_MAX;
    asked.max_pixels = UINT64_MAX;
    asked.max_bytes = UINT64_MAX;
    assert_refused(asked, "a thumb beyond counting");
    arena_free(a);
}

/* A JPEG may be gone through again and again, for a few bytes each time. */
static void scans_are_counted(void **state)
{
    struct arena *a = arena_new();
    struct str whole = decoded(a, jpeg_text), again;
    size_t scan = str_find(whole, STR("\xff\xda"));
    struct buf out;

    (void)state;
    again = str_sub(whole, scan, whole.n - 2 - scan);
    buf_init(&out, MOST_BYTES);
    buf_add(&out, str_sub(whole, 0, scan));
    for (int i = 0; i <= 100; i++)
        buf_add(&out, again);
    buf_add(&out, STR("\xff\xd9"));
    put_file(in_path, (struct str){out.p, out.n});
    buf_done(&out);
    assert_refused(task(10, 10, IMAGE_CENTRE), "101 scans");
    arena_free(a);
}

static void make_some(void *arg)
{
    struct image_task mine = *(const struct image_task *)arg;

    for (int i = 0; i < 5; i++) {
        struct arena *a = arena_new();

        if (image_make(a, &mine))
            abort();
        arena_free(a);
    }
    image_thread_end();
}

static void many_threads_make_at_a_time(void **state)
{
    struct image_task tasks[4];
    char paths[4][sizeof(out_path) + 4];
    struct arena *a = arena_new();
    pthread_t threads[4];

    (void)state;
    put_file(in_path, decoded(a, jpeg_text));
    for (unsigned i = 0; i < 4; i++) {
        (void)snprintf(paths[i], sizeof(paths[i]), "%s/thumb%u", folder, i);
        tasks[i] = task(50 + i, 50, IMAGE_CENTRE);
        tasks[i].out_path = paths[i];
        assert_true(thread_start("pictures", make_some, &tasks[i], &threads[i]));
    }
    for (unsigned i = 0; i < 4; i++) {
        thread_join(threads[i]);
        assert_true(str_starts(get_file(a, paths[i]), STR("\x89PNG")));
        assert_int_equal(unlink(paths[i]), 0);
    }
    arena_free(a);
}

/* In a process that has not opened it yet: both of two pictures are refused, with one line. */
static void assert_none(const char *module)
{
    struct arena *a = arena_new();
    struct str said;
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        struct image_task asked = task(10, 10, IMAGE_CENTRE);
        int errors = 0;

        (void)dup2(open(in_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), STDERR_FILENO);
        image_module_path(module);
        image_thread_end();
        for (int i = 0; i < 2; i++) {
            struct err *err = image_make(a, &asked);

            errors += err && err->kind == E_INTERNAL && err->cause.n > 0;
        }
        _exit(errors);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 2);
    said = get_file(a, in_path);
    assert_true(str_has(said, STR("image.no_module")));
    assert_int_equal(str_find_byte(said, '\n'), said.n - 1);
    arena_free(a);
}

/* The first case: later ones open it here. */
static void a_missing_module_is_an_error_every_time(void **state)
{
    static char old[PATH_MAX + 40];

    (void)state;
    (void)snprintf(old, sizeof(old), "%s/reeve-image-old.so", build_dir);
    assert_int_equal(access(old, R_OK), 0);
    assert_none("/nonexistent/reeve-image.so");
    assert_none("libz.so.1"); /* another library */
    assert_none(old);         /* another version */
}

static int set_up(void **state)
{
    static char module[PATH_MAX + 40];
    ssize_t n = readlink("/proc/self/exe", build_dir, sizeof(build_dir) - 1);

    (void)state;
    if (n <= 0 || !mkdtemp(temp_path(folder, "image")))
        return -1;
    for (int up = 0; up < 2; up++) /* from <build>/tests/unit_image */
        *strrchr(build_dir, '/') = '\0';
    (void)snprintf(module, sizeof(module), "%s/%s", build_dir, IMAGE_MODULE_FILE);
    (void)snprintf(in_path, sizeof(in_path), "%s/[page=1].png", folder);
    (void)snprintf(out_path, sizeof(out_path), "%s/thumb", folder);
    image_module_path(module);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    image_thread_end();
    (void)unlink(in_path);
    (void)unlink(out_path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_module_is_an_error_every_time),
        cmocka_unit_test(sizes_are_pocketbases),
        cmocka_unit_test(crops_are_where_they_should_be),
        cmocka_unit_test(a_jpeg_is_turned_as_it_says),
        cmocka_unit_test(the_first_frame_counts),
        cmocka_unit_test(alpha_is_kept),
        cmocka_unit_test(each_format_can_be_made),
        cmocka_unit_test(what_ends_early_is_refused),
        cmocka_unit_test(what_is_no_picture_is_refused),
        cmocka_unit_test(bombs_are_refused_for_their_head),
        cmocka_unit_test(texts_are_never_unpacked),
        cmocka_unit_test(limits_are_of_what_is_taken),
        cmocka_unit_test(a_file_may_become_shorter_meanwhile),
        cmocka_unit_test(a_tall_picture_is_passed_over),
        cmocka_unit_test(limits_hold_at_their_edges),
        cmocka_unit_test(scans_are_counted),
        cmocka_unit_test(many_threads_make_at_a_time),
    };

    return cmocka_run_group_tests_name("image", tests, set_up, tear_down);
}
