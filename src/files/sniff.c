/*
 * Content types by signature, as PocketBase's library tells them: the first row that fits, where
 * rows of one container stand before the container itself.
 */
#include "files/internal.h"

#include <string.h>

#define B(literal) STR_INIT(literal)

/* Bytes at an offset, and further ones where there are any. */
struct signature {
    size_t offset;
    struct str bytes;
    size_t offset_2;
    struct str bytes_2;
    struct str mime, extension, aliases;
};

/* clang-format off */
static const struct signature signatures[] = {
    {0, B("/* XPM */"), 0, B(""), B("image/x-xpixmap"), B(".xpm"), B("")},
    {0, B("7z\xbc\xaf\x27\x1c"), 0, B(""), B("application/x-7z-compressed"), B(".7z"), B("")},
    {0, B("%FDF"), 0, B(""), B("application/vnd.fdf"), B(".fdf"), B("")},
    {0, B("%!PS-Adobe-"), 0, B(""), B("application/postscript"), B(".ps"), B("")},
    {0, B("8BPS"), 0, B(""), B("image/vnd.adobe.photoshop"), B(".psd"), B("image/x-psd,application/photoshop")},
    {0, B("\x89PNG\r\n\x1a\n"), 37, B("acTL"), B("image/apng"), B(".apng"), B("image/vnd.mozilla.apng")},
    {0, B("\x89PNG\r\n\x1a\n"), 0, B(""), B("image/png"), B(".png"), B("")},
    {0, B("\xff\xd8\xff"), 0, B(""), B("image/jpeg"), B(".jpg"), B("")},
    {0, B("\xff\x0a"), 0, B(""), B("image/jxl"), B(".jxl"), B("")},
    {0, B("\0\0\0\x0cJXL \r\n\x87\n"), 0, B(""), B("image/jxl"), B(".jxl"), B("")},
    {0, B("\0\0\0\x0cjP  \r\n\x87\n"), 20, B("jp2 "), B("image/jp2"), B(".jp2"), B("")},
    {0, B("\0\0\0\x0cjP  \r\n\x87\n"), 20, B("jpx "), B("image/jpx"), B(".jpf"), B("")},
    {0, B("\0\0\0\x0cjP  \r\n\x87\n"), 20, B("jpm "), B("image/jpm"), B(".jpm"), B("video/jpm")},
    {0, B("GIF87a"), 0, B(""), B("image/gif"), B(".gif"), B("")},
    {0, B("GIF89a"), 0, B(""), B("image/gif"), B(".gif"), B("")},
    {0, B("RIFF"), 8, B("WEBP"), B("image/webp"), B(".webp"), B("")},
    {0, B("MZ"), 0, B(""), B("application/vnd.microsoft.portable-executable"), B(".exe"), B("")},
    {0, B("!<arch>\n"), 8, B("debian-binary"), B("application/vnd.debian.binary-package"), B(".deb"), B("")},
    {0, B("!<arch>"), 0, B(""), B("application/x-archive"), B(".a"), B("application/x-unix-archive")},
    {0, B("xar!"), 0, B(""), B("application/x-xar"), B(".xar"), B("")},
    {0, B("BZh"), 0, B(""), B("application/x-bzip2"), B(".bz2"), B("")},
    {0, B("SIMPLE  =                    T"), 0, B(""), B("application/fits"), B(".fits"), B("image/fits")},
    {0, B("II*\0"), 0, B(""), B("image/tiff"), B(".tiff"), B("")},
    {0, B("MM\0*"), 0, B(""), B("image/tiff"), B(".tiff"), B("")},
    {0, B("\0\0\x01\0"), 0, B(""), B("image/x-icon"), B(".ico"), B("")},
    {0, B("fLaC\0\0\0\x22"), 0, B(""), B("audio/flac"), B(".flac"), B("")},
    {0, B("MThd"), 0, B(""), B("audio/midi"), B(".midi"), B("audio/mid,audio/sp-midi,audio/x-mid,audio/x-midi")},
    {0, B("MAC \x96\x0f\0\0\x34\0\0\0\x18\0\0\0\x90\xe3"), 0, B(""), B("audio/ape"), B(".ape"), B("")},
    {0, B("MPCK"), 0, B(""), B("audio/musepack"), B(".mpc"), B("")},
    {0, B("RIFF"), 8, B("WAVE"), B("audio/wav"), B(".wav"), B("audio/x-wav,audio/vnd.wave,audio/wave")},
    {0, B("FORM"), 8, B("AIFF"), B("audio/aiff"), B(".aiff"), B("audio/x-aiff")},
    {0, B(".snd"), 0, B(""), B("audio/basic"), B(".au"), B("")},
    {0, B("#!AMR"), 0, B(""), B("audio/amr"), B(".amr"), B("audio/amr-nb")},
    {4, B("ftypavif"), 0, B(""), B("image/avif"), B(".avif"), B("")},
    {4, B("ftypavis"), 0, B(""), B("image/avif"), B(".avif"), B("")},
    {4, B("ftyp3gp"), 0, B(""), B("video/3gpp"), B(".3gp"), B("video/3gp,audio/3gpp")},
    {4, B("ftyp3g2"), 0, B(""), B("video/3gpp2"), B(".3g2"), B("video/3g2,audio/3gpp2")},
    {4, B("ftypmqt "), 0, B(""), B("video/quicktime"), B(".mqv"), B("")},
    {4, B("ftypheic"), 0, B(""), B("image/heic"), B(".heic"), B("")},
    {4, B("ftypheix"), 0, B(""), B("image/heic"), B(".heic"), B("")},
    {4, B("ftyphevx"), 0, B(""), B("image/heic-sequence"), B(".heic"), B("")},
    {4, B("ftyphevc"), 0, B(""), B("image/heic-sequence"), B(".heic"), B("")},
    {4, B("ftypmif1"), 0, B(""), B("image/heif"), B(".heif"), B("")},
    {4, B("ftypmsf1"), 0, B(""), B("image/heif-sequence"), B(".heif"), B("")},
    {0, B("RIFF"), 8, B("AVI LIST"), B("video/x-msvideo"), B(".avi"), B("video/avi,video/msvideo")},
    {0, B("FLV\x01"), 0, B(""), B("video/x-flv"), B(".flv"), B("")},
    {0, B("0&\xb2u\x8e\x66\xcf\x11\xa6\xd9\0\xaa\0\x62\xce\x6c"), 0, B(""), B("video/x-ms-asf"), B(".asf"), B("video/asf,video/x-ms-wmv")},
    {0, B("\xff\xf1"), 0, B(""), B("audio/aac"), B(".aac"), B("")},
    {0, B("\xff\xf9"), 0, B(""), B("audio/aac"), B(".aac"), B("")},
    {0, B("Creative Voice File"), 0, B(""), B("audio/x-unknown"), B(".voc"), B("")},
    {0, B(".RMF"), 0, B(""), B("application/vnd.rn-realmedia-vbr"), B(".rmvb"), B("")},
    {0, B("\x1f\x8b"), 0, B(""), B("application/gzip"), B(".gz"), B("application/x-gzip,application/x-gunzip,application/gzipped,application/gzip-compressed,application/x-gzip-compressed,gzip/document")},
    {0, B("CWS"), 0, B(""), B("application/x-shockwave-flash"), B(".swf"), B("")},
    {0, B("FWS"), 0, B(""), B("application/x-shockwave-flash"), B(".swf"), B("")},
    {0, B("ZWS"), 0, B(""), B("application/x-shockwave-flash"), B(".swf"), B("")},
    {0, B("wOFF"), 0, B(""), B("font/woff"), B(".woff"), B("")},
    {0, B("wOF2"), 0, B(""), B("font/woff2"), B(".woff2"), B("")},
    {0, B("\0asm"), 0, B(""), B("application/wasm"), B(".wasm"), B("")},
    {128, B("DICM"), 0, B(""), B("application/dicom"), B(".dcm"), B("")},
    {0, B("AT&TFORM"), 12, B("DJV"), B("image/vnd.djvu"), B(".djvu"), B("")},
    {60, B("BOOKMOBI"), 0, B(""), B("application/x-mobipocket-ebook"), B(".mobi"), B("")},
    {0, B("BPG\xfb"), 0, B(""), B("image/bpg"), B(".bpg"), B("")},
    {0, B("SQLite format 3\0"), 0, B(""), B("application/vnd.sqlite3"), B(".sqlite"), B("application/x-sqlite3")},
    {0, B("\x28\xb5\x2f\xfd"), 0, B(""), B("application/zstd"), B(".zst"), B("")},
    {0, B("MSCF\0\0\0\0"), 0, B(""), B("application/vnd.ms-cab-compressed"), B(".cab"), B("")},
    {0, B("\xed\xab\xee\xdb"), 0, B(""), B("application/x-rpm"), B(".rpm"), B("")},
    {0, B("\xfd" "7zXZ\0"), 0, B(""), B("application/x-xz"), B(".xz"), B("")},
    {0, B("LZIP"), 0, B(""), B("application/lzip"), B(".lz"), B("application/x-lzip")},
    {0, B("d8:announce"), 0, B(""), B("application/x-bittorrent"), B(".torrent"), B("")},
    {0, B("gimp xcf"), 0, B(""), B("image/x-xcf"), B(".xcf"), B("")},
    {0, B("glTF\x02\0\0\0"), 0, B(""), B("model/gltf-binary"), B(".glb"), B("")},
    {0, B("II\xbc\x01"), 0, B(""), B("image/jxr"), B(".jxr"), B("image/vnd.ms-photo")},
    {0, B("PAR1"), 0, B(""), B("application/vnd.apache.parquet"), B(".parquet"), B("application/x-parquet")},
    {0, B("OggS"), 28, B("\x80theora"), B("video/ogg"), B(".ogv"), B("")},
    {0, B("OggS"), 28, B("fishead\0"), B("video/ogg"), B(".ogv"), B("")},
    {0, B("OggS"), 28, B("\x7f" "FLAC"), B("audio/ogg"), B(".oga"), B("")},
    {0, B("OggS"), 28, B("\x01vorbis"), B("audio/ogg"), B(".oga"), B("")},
    {0, B("OggS"), 28, B("OpusHead"), B("audio/ogg"), B(".oga"), B("")},
    {0, B("OggS"), 28, B("Speex\x20\x20\x20"), B("audio/ogg"), B(".oga"), B("")},
    {0, B("OggS"), 28, B("\x01video\0\0\0"), B("video/ogg"), B(".ogv"), B("")},
    {0, B("OggS"), 0, B(""), B("application/ogg"), B(".ogg"), B("application/x-ogg")},
    {0, B("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), 0, B(""), B("application/x-ole-storage"), B(""), B("")},
    {0, B("Rar!\x1a\x07\0"), 0, B(""), B("application/vnd.rar"), B(".rar"), B("application/x-rar-compressed,application/x-rar")},
    {0, B("Rar!\x1a\x07\x01\0"), 0, B(""), B("application/vnd.rar"), B(".rar"), B("application/x-rar-compressed,application/x-rar")},
    {0, B("\0\0\x02\0"), 0, B(""), B("image/x-icon"), B(".ico"), B("")},
    {0, B("icns"), 0, B(""), B("image/x-icns"), B(".icns"), B("")},
    {0, B("#?RADIANCE\n"), 0, B(""), B("image/vnd.radiance"), B(".hdr"), B("")},
    {20, B("GIMP"), 0, B(""), B("image/x-gimp-gbr"), B(".gbr"), B("")},
    {0, B("\0\0\0\x0cJXS \r\n\x87\n"), 0, B(""), B("image/jxs"), B(".jxs"), B("")},
    {0, B("RIFF"), 8, B("QLCM"), B("audio/qcelp"), B(".qcp"), B("")},
    {0, B("#EXTM3U\n"), 0, B(""), B("application/vnd.apple.mpegurl"), B(".m3u"), B("audio/mpegurl")},
    {0, B("#EXTM3U\r\n"), 0, B(""), B("application/vnd.apple.mpegurl"), B(".m3u"), B("audio/mpegurl")},
    {0, B("070701"), 0, B(""), B("application/x-cpio"), B(".cpio"), B("")},
    {0, B("070702"), 0, B(""), B("application/x-cpio"), B(".cpio"), B("")},
    {0, B("070707"), 0, B(""), B("application/x-cpio"), B(".cpio"), B("")},
    {0, B("\xfe\xed\xfa\xce"), 0, B(""), B("application/x-mach-binary"), B(".macho"), B("")},
    {0, B("\xfe\xed\xfa\xcf"), 0, B(""), B("application/x-mach-binary"), B(".macho"), B("")},
    {0, B("\xce\xfa\xed\xfe"), 0, B(""), B("application/x-mach-binary"), B(".macho"), B("")},
    {0, B("\xcf\xfa\xed\xfe"), 0, B(""), B("application/x-mach-binary"), B(".macho"), B("")},
    {0, B("NES\x1a"), 0, B(""), B("application/vnd.nintendo.snes.rom"), B(".nes"), B("")},
    {0, B("L\0\0\0\x01\x14\x02\0"), 0, B(""), B("application/x-ms-shortcut"), B(".lnk"), B("")},
    {4, B("Standard Jet DB"), 0, B(""), B("application/x-msaccess"), B(".mdb"), B("")},
    {4, B("Standard ACE DB"), 0, B(""), B("application/x-msaccess"), B(".accdb"), B("")},
    {0, B("\0\0\x27\x0a"), 28, B("\xe8\x03\0\0"), B("application/vnd.shp"), B(".shp"), B("")},
    {0, B("\0\0\x27\x0a"), 0, B(""), B("application/vnd.shx"), B(".shx"), B("")},
    {0, B("ITOLITLS"), 0, B(""), B("application/x-ms-reader"), B(".lit"), B("")},
    {0, B("-----BEGIN PKCS7"), 0, B(""), B("application/pkcs7-signature"), B(".p7s"), B("")},
    {0, B("\xffWPC"), 8, B("\x01\x0a"), B("application/vnd.wordperfect"), B(".wpd"), B("")},
    {0, B("\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3"), 0, B(""), B("application/onenote"), B(".one"), B("")},
    {0, B("\xd4\xc3\xb2\xa1"), 0, B(""), B("application/vnd.tcpdump.pcap"), B(".pcap"), B("")},
    {0, B("\xa1\xb2\xc3\xd4"), 0, B(""), B("application/vnd.tcpdump.pcap"), B(".pcap"), B("")},
};
/* clang-format on */

static bool has_at(struct str head, size_t offset, struct str bytes)
{
    return str_starts(str_from(head, offset), bytes);
}

struct file_type sniff_type(struct str mime, struct str extension, struct str aliases)
{
    return (struct file_type){.mime = mime, .extension = extension, .aliases = aliases};
}

unsigned char sniff_byte(struct str head, size_t at)
{
    return at < head.n ? (unsigned char)head.p[at] : 0;
}

static bool by_signature(struct str head, struct file_type *ret)
{
    for (size_t i = 0; i < COUNT_OF(signatures); i++) {
        const struct signature *s = &signatures[i];

        if (has_at(head, s->offset, s->bytes) &&
            (s->bytes_2.n == 0 || has_at(head, s->offset_2, s->bytes_2))) {
            *ret = (struct file_type){
                .mime = s->mime, .extension = s->extension, .aliases = s->aliases};
            return true;
        }
    }
    return false;
}

struct file_type file_sniff(struct str head)
{
    struct file_type type;

    if (by_signature(head, &type) || sniff_zip(head, &type) || sniff_media(head, &type) ||
        sniff_binary(head, &type))
        return type;
    return sniff_text(head);
}

struct str file_type_text(struct arena *a, const struct file_type *type)
{
    if (type->charset.n == 0)
        return type->mime;
    return arena_concat(a, type->mime, STR("; charset="), type->charset);
}

/* Without parameters; types are compared in lower case. */
static bool is_type(const struct file_type *type, struct str mime)
{
    struct str bare = str_trim_space(str_sub(mime, 0, str_find_byte(mime, ';')));

    if (str_eq_nocase(bare, type->mime))
        return true;
    for (struct str rest = type->aliases; rest.n;)
        if (str_eq_nocase(str_split(&rest, ','), bare))
            return true;
    return false;
}

bool file_type_is_among(const struct file_type *type, const struct str *mimes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is_type(type, mimes[i]))
            return true;
    return false;
}
