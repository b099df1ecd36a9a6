/*
 * Media whose type is told from more than a signature: brands of MP4's family, EBML's document
 * types, frames of MPEG, bitmaps.
 */
#include "files/internal.h"

#define B(literal) STR_INIT(literal)
#define EBML_HEAD 128 /* where the document type is */

struct brand {
    struct str name; /* the start of it */
    struct str mime, extension, aliases;
};

static const struct brand brands[] = {
    {B("qt  "), B("video/quicktime"), B(".mov"), B("")},
    {B("M4A "), B("audio/x-m4a"), B(".m4a"), B("")},
    {B("M4B "), B("audio/mp4"), B(".mp4"), B("audio/x-mp4a")},
    {B("M4P "), B("audio/mp4"), B(".mp4"), B("audio/x-mp4a")},
    {B("F4A "), B("audio/mp4"), B(".mp4"), B("audio/x-mp4a")},
    {B("F4B "), B("audio/mp4"), B(".mp4"), B("audio/x-mp4a")},
    {B("MSNV"), B("audio/mp4"), B(".mp4"), B("audio/x-mp4a")},
    {B("M4V"), B("video/x-m4v"), B(".m4v"), B("")},
    {B("mj2s"), B("video/mj2"), B(".mj2"), B("")},
    {B("mjp2"), B("video/mj2"), B(".mj2"), B("")},
    {B("KDDI"), B("video/3gpp2"), B(".3g2"), B("video/3g2,audio/3gpp2")},
    {B("3g2"), B("video/3gpp2"), B(".3g2"), B("video/3g2,audio/3gpp2")},
    {B("3g"), B("video/3gpp"), B(".3gp"), B("video/3gp,audio/3gpp")},
    {B(""), B("video/mp4"), B(".mp4"), B("")},
};

static const struct str movie_atoms[] = {B("moov"), B("mdat"), B("free"), B("skip"), B("pnot")};

static bool is_movie(struct str head, struct file_type *ret)
{
    struct str atom = str_sub(head, 4, 4), brand = str_sub(head, 8, 4);

    if (head.n < 12 || head.p[0] != 0)
        return false;
    for (size_t i = 0; i < COUNT_OF(brands) && str_eq(atom, STR("ftyp")); i++)
        if (str_starts(brand, brands[i].name)) {
            *ret = sniff_type(brands[i].mime, brands[i].extension, brands[i].aliases);
            return true;
        }
    *ret = sniff_type(STR("video/quicktime"), STR(".mov"), STR(""));
    for (size_t i = 0; i < COUNT_OF(movie_atoms); i++)
        if (str_eq(atom, movie_atoms[i]))
            return true;
    return false;
}

static bool is_matroska(struct str head, struct file_type *ret)
{
    struct str start = str_sub(head, 0, EBML_HEAD);

    if (!str_starts(head, STR("\x1a\x45\xdf\xa3")))
        return false;
    if (str_has(start, STR("webm")))
        *ret = sniff_type(STR("video/webm"), STR(".webm"), STR("audio/webm"));
    else
        *ret = sniff_type(STR("video/matroska"), STR(".mkv"), STR("video/x-matroska"));
    return str_has(start, STR("webm")) || str_has(start, STR("matroska"));
}

static bool is_mpeg(struct str head, struct file_type *ret)
{
    unsigned char second = sniff_byte(head, 1) & 0xfe;

    *ret = sniff_type(STR("video/mpeg"), STR(".mpeg"), STR(""));
    if (str_starts(head, STR("\0\0\x01")) && (sniff_byte(head, 3) & 0xf0) == 0xb0)
        return true;
    *ret = sniff_type(STR("audio/mpeg"), STR(".mp3"), STR("audio/x-mpeg,audio/mp3"));
    if (str_starts(head, STR("ID3")))
        return head.n >= 10;
    return head.n >= 3 && sniff_byte(head, 0) == 0xff &&
           (second == 0xfa || second == 0xf2 || second == 0xe2);
}

/* The size of the second header tells its kind. */
static bool is_bitmap(struct str head, struct file_type *ret)
{
    static const unsigned char sizes[] = {40, 52, 56, 64, 108, 124};

    *ret = sniff_type(STR("image/bmp"), STR(".bmp"), STR("image/x-bmp,image/x-ms-bmp"));
    for (size_t i = 0; i < COUNT_OF(sizes) && str_starts(head, STR("BM")); i++)
        if (head.n >= 18 && sniff_byte(head, 14) == sizes[i] && sniff_byte(head, 15) == 0)
            return true;
    return false;
}

/* "P3", a line end, and the size in digits, perhaps behind comments. */
static bool is_portable_map(struct str head, struct file_type *ret)
{
    static const struct str kinds[][2] = {
        {B("image/x-portable-bitmap"), B(".pbm")},
        {B("image/x-portable-graymap"), B(".pgm")},
        {B("image/x-portable-pixmap"), B(".ppm")},
    };
    unsigned char digit = sniff_byte(head, 1);

    if (head.n < 4 || head.p[0] != 'P' || head.p[2] != '\n' || digit < '1' || digit > '6')
        return false;
    *ret = sniff_type(kinds[(digit - '1') % 3][0], kinds[(digit - '1') % 3][1], STR(""));
    return true;
}

bool sniff_media(struct str head, struct file_type *ret)
{
    return is_movie(head, ret) || is_matroska(head, ret) || is_mpeg(head, ret) ||
           is_bitmap(head, ret) || is_portable_map(head, ret);
}
