/*
 * Content types of public files, as PocketBase tells them: by the extension, as a system with the
 * shared MIME database has it, else by the content, by the rules of Go's http.DetectContentType.
 * That one's table is another one than that of uploads (files/sniff.c), with other answers.
 */
#include "api/public.h"

#define EXTENSION_BYTES 15

/* --- by name ---------------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
    struct str extension, type;
} types[] = { /* sorted, in lower case */
    {STR_INIT(".3g2"), STR_INIT("video/3gpp2")},
    {STR_INIT(".3gp"), STR_INIT("video/3gpp")},
    {STR_INIT(".7z"), STR_INIT("application/x-7z-compressed")},
    {STR_INIT(".aac"), STR_INIT("audio/aac")},
    {STR_INIT(".aif"), STR_INIT("audio/x-aiff")},
    {STR_INIT(".aiff"), STR_INIT("audio/x-aiff")},
    {STR_INIT(".apk"), STR_INIT("application/vnd.android.package-archive")},
    {STR_INIT(".apng"), STR_INIT("image/apng")},
    {STR_INIT(".asc"), STR_INIT("text/plain; charset=utf-8")},
    {STR_INIT(".asp"), STR_INIT("application/x-asp")},
    {STR_INIT(".atom"), STR_INIT("application/atom+xml")},
    {STR_INIT(".au"), STR_INIT("audio/basic")},
    {STR_INIT(".avi"), STR_INIT("video/x-msvideo")},
    {STR_INIT(".avif"), STR_INIT("image/avif")},
    {STR_INIT(".bak"), STR_INIT("application/x-trash")},
    {STR_INIT(".bmp"), STR_INIT("image/bmp")},
    {STR_INIT(".bz2"), STR_INIT("application/x-bzip")},
    {STR_INIT(".c"), STR_INIT("text/x-csrc; charset=utf-8")},
    {STR_INIT(".cc"), STR_INIT("text/x-c++src; charset=utf-8")},
    {STR_INIT(".cer"), STR_INIT("application/pkix-cert")},
    {STR_INIT(".cpp"), STR_INIT("text/x-c++src; charset=utf-8")},
    {STR_INIT(".crt"), STR_INIT("application/x-x509-ca-cert")},
    {STR_INIT(".css"), STR_INIT("text/css; charset=utf-8")},
    {STR_INIT(".csv"), STR_INIT("text/csv; charset=utf-8")},
    {STR_INIT(".cur"), STR_INIT("image/x-win-bitmap")},
    {STR_INIT(".deb"), STR_INIT("application/vnd.debian.binary-package")},
    {STR_INIT(".der"), STR_INIT("application/x-x509-ca-cert")},
    {STR_INIT(".desktop"), STR_INIT("application/x-desktop")},
    {STR_INIT(".diff"), STR_INIT("text/x-patch; charset=utf-8")},
    {STR_INIT(".dmg"), STR_INIT("application/x-apple-diskimage")},
    {STR_INIT(".doc"), STR_INIT("application/msword")},
    {STR_INIT(".docm"), STR_INIT("application/vnd.ms-word.document.macroEnabled.12")},
    {STR_INIT(".docx"), STR_INIT("application/vnd.openxmlformats-officedocument.wordprocessingml.document")},
    {STR_INIT(".dot"), STR_INIT("application/msword-template")},
    {STR_INIT(".dotx"), STR_INIT("application/vnd.openxmlformats-officedocument.wordprocessingml.template")},
    {STR_INIT(".dtd"), STR_INIT("application/xml-dtd")},
    {STR_INIT(".dxf"), STR_INIT("image/vnd.dxf")},
    {STR_INIT(".eps"), STR_INIT("application/postscript")},
    {STR_INIT(".epub"), STR_INIT("application/epub+zip")},
    {STR_INIT(".flac"), STR_INIT("audio/flac")},
    {STR_INIT(".flv"), STR_INIT("video/x-flv")},
    {STR_INIT(".geojson"), STR_INIT("application/geo+json")},
    {STR_INIT(".gif"), STR_INIT("image/gif")},
    {STR_INIT(".glb"), STR_INIT("model/gltf-binary")},
    {STR_INIT(".gltf"), STR_INIT("model/gltf+json")},
    {STR_INIT(".go"), STR_INIT("text/x-go; charset=utf-8")},
    {STR_INIT(".gpg"), STR_INIT("application/pgp-encrypted")},
    {STR_INIT(".gpx"), STR_INIT("application/gpx+xml")},
    {STR_INIT(".gz"), STR_INIT("application/gzip")},
    {STR_INIT(".h"), STR_INIT("text/x-chdr; charset=utf-8")},
    {STR_INIT(".heic"), STR_INIT("image/heif")},
    {STR_INIT(".heif"), STR_INIT("image/heif")},
    {STR_INIT(".hpp"), STR_INIT("text/x-c++hdr; charset=utf-8")},
    {STR_INIT(".htm"), STR_INIT("text/html; charset=utf-8")},
    {STR_INIT(".html"), STR_INIT("text/html; charset=utf-8")},
    {STR_INIT(".ico"), STR_INIT("image/vnd.microsoft.icon")},
    {STR_INIT(".ics"), STR_INIT("text/calendar; charset=utf-8")},
    {STR_INIT(".iso"), STR_INIT("application/x-cd-image")},
    {STR_INIT(".jar"), STR_INIT("application/x-java-archive")},
    {STR_INIT(".java"), STR_INIT("text/x-java; charset=utf-8")},
    {STR_INIT(".jfif"), STR_INIT("image/jpeg")},
    {STR_INIT(".jpe"), STR_INIT("image/jpeg")},
    {STR_INIT(".jpeg"), STR_INIT("image/jpeg")},
    {STR_INIT(".jpg"), STR_INIT("image/jpeg")},
    {STR_INIT(".js"), STR_INIT("text/javascript; charset=utf-8")},
    {STR_INIT(".json"), STR_INIT("application/json")},
    {STR_INIT(".jsonld"), STR_INIT("application/ld+json")},
    {STR_INIT(".jxl"), STR_INIT("image/jxl")},
    {STR_INIT(".key"), STR_INIT("application/vnd.apple.keynote")},
    {STR_INIT(".kml"), STR_INIT("application/vnd.google-earth.kml+xml")},
    {STR_INIT(".kmz"), STR_INIT("application/vnd.google-earth.kmz")},
    {STR_INIT(".kt"), STR_INIT("text/x-kotlin; charset=utf-8")},
    {STR_INIT(".log"), STR_INIT("text/x-log; charset=utf-8")},
    {STR_INIT(".lua"), STR_INIT("text/x-lua; charset=utf-8")},
    {STR_INIT(".lz4"), STR_INIT("application/x-lz4")},
    {STR_INIT(".m2ts"), STR_INIT("video/mp2t")},
    {STR_INIT(".m3u"), STR_INIT("audio/x-mpegurl")},
    {STR_INIT(".m3u8"), STR_INIT("audio/x-mpegurl")},
    {STR_INIT(".m4a"), STR_INIT("audio/mp4")},
    {STR_INIT(".m4v"), STR_INIT("video/mp4")},
    {STR_INIT(".manifest"), STR_INIT("text/cache-manifest; charset=utf-8")},
    {STR_INIT(".markdown"), STR_INIT("text/markdown; charset=utf-8")},
    {STR_INIT(".md"), STR_INIT("text/markdown; charset=utf-8")},
    {STR_INIT(".mdb"), STR_INIT("application/vnd.ms-access")},
    {STR_INIT(".mid"), STR_INIT("audio/midi")},
    {STR_INIT(".midi"), STR_INIT("audio/midi")},
    {STR_INIT(".mjs"), STR_INIT("text/javascript; charset=utf-8")},
    {STR_INIT(".mkv"), STR_INIT("video/x-matroska")},
    {STR_INIT(".mml"), STR_INIT("application/mathml+xml")},
    {STR_INIT(".mobi"), STR_INIT("application/x-mobipocket-ebook")},
    {STR_INIT(".mov"), STR_INIT("video/quicktime")},
    {STR_INIT(".mp3"), STR_INIT("audio/mpeg")},
    {STR_INIT(".mp4"), STR_INIT("video/mp4")},
    {STR_INIT(".mpe"), STR_INIT("video/mpeg")},
    {STR_INIT(".mpeg"), STR_INIT("video/mpeg")},
    {STR_INIT(".mpg"), STR_INIT("video/mpeg")},
    {STR_INIT(".msi"), STR_INIT("application/x-msi")},
    {STR_INIT(".obj"), STR_INIT("application/x-tgif")},
    {STR_INIT(".odg"), STR_INIT("application/vnd.oasis.opendocument.graphics")},
    {STR_INIT(".odp"), STR_INIT("application/vnd.oasis.opendocument.presentation")},
    {STR_INIT(".ods"), STR_INIT("application/vnd.oasis.opendocument.spreadsheet")},
    {STR_INIT(".odt"), STR_INIT("application/vnd.oasis.opendocument.text")},
    {STR_INIT(".oga"), STR_INIT("audio/ogg")},
    {STR_INIT(".ogg"), STR_INIT("audio/ogg")},
    {STR_INIT(".ogv"), STR_INIT("video/ogg")},
    {STR_INIT(".old"), STR_INIT("application/x-trash")},
    {STR_INIT(".opml"), STR_INIT("text/x-opml+xml; charset=utf-8")},
    {STR_INIT(".opus"), STR_INIT("audio/ogg")},
    {STR_INIT(".otf"), STR_INIT("application/vnd.oasis.opendocument.formula-template")},
    {STR_INIT(".ott"), STR_INIT("application/vnd.oasis.opendocument.text-template")},
    {STR_INIT(".p12"), STR_INIT("application/pkcs12")},
    {STR_INIT(".p7s"), STR_INIT("application/pkcs7-signature")},
    {STR_INIT(".patch"), STR_INIT("text/x-patch; charset=utf-8")},
    {STR_INIT(".pdf"), STR_INIT("application/pdf")},
    {STR_INIT(".pem"), STR_INIT("application/x-x509-ca-cert")},
    {STR_INIT(".pfx"), STR_INIT("application/pkcs12")},
    {STR_INIT(".pgp"), STR_INIT("application/pgp-encrypted")},
    {STR_INIT(".php"), STR_INIT("application/x-php")},
    {STR_INIT(".pl"), STR_INIT("application/x-perl")},
    {STR_INIT(".png"), STR_INIT("image/png")},
    {STR_INIT(".po"), STR_INIT("text/x-gettext-translation; charset=utf-8")},
    {STR_INIT(".pot"), STR_INIT("application/vnd.ms-powerpoint")},
    {STR_INIT(".pps"), STR_INIT("application/vnd.ms-powerpoint")},
    {STR_INIT(".ppsx"), STR_INIT("application/vnd.openxmlformats-officedocument.presentationml.slideshow")},
    {STR_INIT(".ppt"), STR_INIT("application/vnd.ms-powerpoint")},
    {STR_INIT(".pptx"), STR_INIT("application/vnd.openxmlformats-officedocument.presentationml.presentation")},
    {STR_INIT(".ps"), STR_INIT("application/postscript")},
    {STR_INIT(".psd"), STR_INIT("image/vnd.adobe.photoshop")},
    {STR_INIT(".pub"), STR_INIT("application/vnd.ms-publisher")},
    {STR_INIT(".py"), STR_INIT("text/x-python; charset=utf-8")},
    {STR_INIT(".qt"), STR_INIT("video/quicktime")},
    {STR_INIT(".rar"), STR_INIT("application/vnd.rar")},
    {STR_INIT(".rb"), STR_INIT("application/x-ruby")},
    {STR_INIT(".rpm"), STR_INIT("application/x-rpm")},
    {STR_INIT(".rs"), STR_INIT("text/rust; charset=utf-8")},
    {STR_INIT(".rss"), STR_INIT("application/rss+xml")},
    {STR_INIT(".rtf"), STR_INIT("application/rtf")},
    {STR_INIT(".scss"), STR_INIT("text/x-scss; charset=utf-8")},
    {STR_INIT(".sh"), STR_INIT("application/x-shellscript")},
    {STR_INIT(".sig"), STR_INIT("application/pgp-signature")},
    {STR_INIT(".so"), STR_INIT("application/x-sharedlib")},
    {STR_INIT(".sql"), STR_INIT("application/sql")},
    {STR_INIT(".srt"), STR_INIT("application/x-subrip")},
    {STR_INIT(".stl"), STR_INIT("model/stl")},
    {STR_INIT(".svg"), STR_INIT("image/svg+xml")},
    {STR_INIT(".svgz"), STR_INIT("image/svg+xml-compressed")},
    {STR_INIT(".swf"), STR_INIT("application/vnd.adobe.flash.movie")},
    {STR_INIT(".tar"), STR_INIT("application/x-tar")},
    {STR_INIT(".tbz"), STR_INIT("application/x-bzip-compressed-tar")},
    {STR_INIT(".tex"), STR_INIT("text/x-tex; charset=utf-8")},
    {STR_INIT(".text"), STR_INIT("text/plain; charset=utf-8")},
    {STR_INIT(".tgz"), STR_INIT("application/x-compressed-tar")},
    {STR_INIT(".tif"), STR_INIT("image/tiff")},
    {STR_INIT(".tiff"), STR_INIT("image/tiff")},
    {STR_INIT(".toml"), STR_INIT("application/toml")},
    {STR_INIT(".torrent"), STR_INIT("application/x-bittorrent")},
    {STR_INIT(".ts"), STR_INIT("text/vnd.trolltech.linguist; charset=utf-8")},
    {STR_INIT(".tsv"), STR_INIT("text/tab-separated-values; charset=utf-8")},
    {STR_INIT(".ttc"), STR_INIT("font/collection")},
    {STR_INIT(".ttf"), STR_INIT("font/ttf")},
    {STR_INIT(".txt"), STR_INIT("text/plain; charset=utf-8")},
    {STR_INIT(".txz"), STR_INIT("application/x-xz-compressed-tar")},
    {STR_INIT(".url"), STR_INIT("application/x-mswinurl")},
    {STR_INIT(".vcard"), STR_INIT("text/vcard; charset=utf-8")},
    {STR_INIT(".vcf"), STR_INIT("text/vcard; charset=utf-8")},
    {STR_INIT(".vsd"), STR_INIT("application/vnd.visio")},
    {STR_INIT(".vtt"), STR_INIT("text/vtt; charset=utf-8")},
    {STR_INIT(".wasm"), STR_INIT("application/wasm")},
    {STR_INIT(".wav"), STR_INIT("audio/wav")},
    {STR_INIT(".weba"), STR_INIT("audio/webm")},
    {STR_INIT(".webm"), STR_INIT("video/webm")},
    {STR_INIT(".webp"), STR_INIT("image/webp")},
    {STR_INIT(".wma"), STR_INIT("audio/x-ms-wma")},
    {STR_INIT(".wmv"), STR_INIT("video/x-ms-wmv")},
    {STR_INIT(".woff"), STR_INIT("font/woff")},
    {STR_INIT(".woff2"), STR_INIT("font/woff2")},
    {STR_INIT(".xhtml"), STR_INIT("application/xhtml+xml")},
    {STR_INIT(".xls"), STR_INIT("application/vnd.ms-excel")},
    {STR_INIT(".xlsm"), STR_INIT("application/vnd.ms-excel.sheet.macroEnabled.12")},
    {STR_INIT(".xlsx"), STR_INIT("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")},
    {STR_INIT(".xml"), STR_INIT("text/xml; charset=utf-8")},
    {STR_INIT(".xsd"), STR_INIT("application/xml")},
    {STR_INIT(".xsl"), STR_INIT("text/xml; charset=utf-8")},
    {STR_INIT(".xslt"), STR_INIT("application/xslt+xml")},
    {STR_INIT(".xz"), STR_INIT("application/x-xz")},
    {STR_INIT(".yaml"), STR_INIT("application/x-yaml")},
    {STR_INIT(".yml"), STR_INIT("application/x-yaml")},
    {STR_INIT(".zip"), STR_INIT("application/zip")},
    {STR_INIT(".zst"), STR_INIT("application/zstd")},
};
/* clang-format on */

static struct str find_type(struct str extension)
{
    size_t from = 0, to = COUNT_OF(types);

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = str_cmp(extension, types[middle].extension);

        if (order == 0)
            return types[middle].type;
        if (order < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return STR_NONE;
}

struct str public_type_by_name(struct str name)
{
    struct str extension = str_from(name, str_find_last_byte(name, '.'));
    char lower[EXTENSION_BYTES];

    if (extension.n > sizeof(lower))
        return STR_NONE;
    for (size_t i = 0; i < extension.n; i++) {
        char c = extension.p[i];

        lower[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    return find_type((struct str){lower, extension.n});
}

/* --- by content ------------------------------------------------------------------------------- */

#define B(literal) STR_INIT(literal)

static const struct str html_tags[] = {
    B("<!DOCTYPE HTML"),
    B("<HTML"),
    B("<HEAD"),
    B("<SCRIPT"),
    B("<IFRAME"),
    B("<H1"),
    B("<DIV"),
    B("<FONT"),
    B("<TABLE"),
    B("<A"),
    B("<STYLE"),
    B("<TITLE"),
    B("<B"),
    B("<BODY"),
    B("<BR"),
    B("<P"),
    B("<!--"),
};

/* Bytes at the start, and further ones where there are any. */
struct signature {
    struct str bytes;
    size_t offset_2;
    struct str bytes_2;
    struct str type;
};

/* clang-format off */
static const struct signature first_signatures[] = {
    {B("%PDF-"), 0, B(""), B("application/pdf")},
    {B("%!PS-Adobe-"), 0, B(""), B("application/postscript")},
    {B("\xfe\xff"), 0, B(""), B("text/plain; charset=utf-16be")},
    {B("\xff\xfe"), 0, B(""), B("text/plain; charset=utf-16le")},
    {B("\xef\xbb\xbf"), 0, B(""), B("text/plain; charset=utf-8")},
    {B("\0\0\x01\0"), 0, B(""), B("image/x-icon")},
    {B("\0\0\x02\0"), 0, B(""), B("image/x-icon")},
    {B("BM"), 0, B(""), B("image/bmp")},
    {B("GIF87a"), 0, B(""), B("image/gif")},
    {B("GIF89a"), 0, B(""), B("image/gif")},
    {B("RIFF"), 8, B("WEBPVP"), B("image/webp")},
    {B("\x89PNG\r\n\x1a\n"), 0, B(""), B("image/png")},
    {B("\xff\xd8\xff"), 0, B(""), B("image/jpeg")},
    {B("FORM"), 8, B("AIFF"), B("audio/aiff")},
    {B("ID3"), 0, B(""), B("audio/mpeg")},
    {B("OggS\0"), 0, B(""), B("application/ogg")},
    {B("MThd\0\0\0\x06"), 0, B(""), B("audio/midi")},
    {B("RIFF"), 8, B("AVI "), B("video/avi")},
    {B("RIFF"), 8, B("WAVE"), B("audio/wave")},
    {B("\x1a\x45\xdf\xa3"), 0, B(""), B("video/webm")},
};

static const struct signature last_signatures[] = {
    {B(""), 34, B("LP"), B("application/vnd.ms-fontobject")},
    {B("\0\x01\0\0"), 0, B(""), B("font/ttf")},
    {B("OTTO"), 0, B(""), B("font/otf")},
    {B("ttcf"), 0, B(""), B("font/collection")},
    {B("wOFF"), 0, B(""), B("font/woff")},
    {B("wOF2"), 0, B(""), B("font/woff2")},
    {B("\x1f\x8b\x08"), 0, B(""), B("application/x-gzip")},
    {B("PK\x03\x04"), 0, B(""), B("application/zip")},
    {B("Rar!\x1a\x07\0"), 0, B(""), B("application/x-rar-compressed")},
    {B("Rar!\x1a\x07\x01\0"), 0, B(""), B("application/x-rar-compressed")},
    {B("\0asm"), 0, B(""), B("application/wasm")},
};
/* clang-format on */

static struct str skip_space(struct str head)
{
    const struct str spaces = STR(" \t\n\f\r");

    while (head.n > 0 && str_find_byte(spaces, head.p[0]) < spaces.n)
        head = str_from(head, 1);
    return head;
}

static bool is_html(struct str head)
{
    for (size_t i = 0; i < COUNT_OF(html_tags); i++) {
        struct str next = str_from(head, html_tags[i].n);

        if (str_starts_nocase(head, html_tags[i]) && next.n > 0 &&
            (next.p[0] == ' ' || next.p[0] == '>'))
            return true;
    }
    return false;
}

/* An ISO base media file whose brands have "mp4" among them. */
static bool is_mp4(struct str head)
{
    const unsigned char *p = (const unsigned char *)head.p;
    size_t size;

    if (head.n < 12)
        return false;
    size = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    if (head.n < size || size % 4 != 0 || !str_eq(str_sub(head, 4, 4), STR("ftyp")))
        return false;
    for (size_t at = 8; at < size; at += 4)
        if (at != 12 && str_eq(str_sub(head, at, 3), STR("mp4"))) /* there is its version */
            return true;
    return false;
}

static bool is_text(struct str head)
{
    for (size_t i = 0; i < head.n; i++) {
        unsigned char c = (unsigned char)head.p[i];

        if (c < 0x20 && c != '\t' && c != '\n' && c != '\f' && c != '\r' && c != 0x1b)
            return false;
    }
    return true;
}

static bool has(struct str head, const struct signature *of)
{
    return str_starts(head, of->bytes) &&
           (of->bytes_2.n == 0 || str_starts(str_from(head, of->offset_2), of->bytes_2));
}

/* p NULL: none of them. */
static struct str type_by(const struct signature *signatures, size_t n, struct str head)
{
    for (size_t i = 0; i < n; i++)
        if (has(head, &signatures[i]))
            return signatures[i].type;
    return STR_NONE;
}

struct str public_type_by_content(struct str head)
{
    struct str text = skip_space(head), type;

    if (is_html(text))
        return STR("text/html; charset=utf-8");
    if (str_starts(text, STR("<?xml")))
        return STR("text/xml; charset=utf-8");
    type = type_by(first_signatures, COUNT_OF(first_signatures), head);
    if (!type.p && is_mp4(head))
        return STR("video/mp4");
    if (!type.p)
        type = type_by(last_signatures, COUNT_OF(last_signatures), head);
    if (type.p)
        return type;
    return is_text(text) ? STR("text/plain; charset=utf-8") : STR("application/octet-stream");
}
