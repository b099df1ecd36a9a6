/*
 * Files of programs, fonts, archives and drawings that take a look behind their signature.
 */
#include "files/internal.h"

#define B(literal) STR_INIT(literal)
#define TAR_BLOCK 512
#define TAR_SUM_AT 148
#define TAR_SUM_LEN 8
#define PDF_WITHIN 1024

/* The first table of a font's directory. */
static const struct str font_tables[] = {
    B("BASE"), B("CBDT"), B("CBLC"), B("CFF "), B("CFF2"), B("COLR"), B("CPAL"), B("DSIG"),
    B("EBDT"), B("EBLC"), B("EBSC"), B("GDEF"), B("GPOS"), B("GSUB"), B("HVAR"), B("JSTF"),
    B("LTSH"), B("MATH"), B("MERG"), B("MVAR"), B("OS/2"), B("PCLT"), B("STAT"), B("SVG "),
    B("VDMX"), B("VORG"), B("VVAR"), B("avar"), B("cmap"), B("cvar"), B("cvt "), B("fpgm"),
    B("fvar"), B("gasp"), B("glyf"), B("gvar"), B("hdmx"), B("head"), B("hhea"), B("hmtx"),
    B("kern"), B("loca"), B("maxp"), B("meta"), B("name"), B("post"), B("prep"), B("sbix"),
    B("vhea"), B("vmtx"),
};

static uint32_t number_at(struct str s, size_t at)
{
    return (uint32_t)sniff_byte(s, at) | (uint32_t)sniff_byte(s, at + 1) << 8 |
           (uint32_t)sniff_byte(s, at + 2) << 16 | (uint32_t)sniff_byte(s, at + 3) << 24;
}

static bool is_pdf(struct str head, struct file_type *ret)
{
    *ret = sniff_type(STR("application/pdf"), STR(".pdf"), STR("application/x-pdf"));
    return str_has(str_sub(head, 0, PDF_WITHIN), STR("%PDF-"));
}

static bool is_program(struct str head, struct file_type *ret)
{
    static const struct str kinds[][2] = {
        {B("application/x-elf"), B("")},        {B("application/x-object"), B("")},
        {B("application/x-executable"), B("")}, {B("application/x-sharedlib"), B(".so")},
        {B("application/x-coredump"), B("")},
    };
    unsigned char kind = sniff_byte(head, sniff_byte(head, 5) == 2 ? 17 : 16);

    if (str_starts(head, STR("\x7f"
                             "ELF"))) {
        kind = kind < COUNT_OF(kinds) ? kind : 0;
        *ret = sniff_type(kinds[kind][0], kinds[kind][1], STR(""));
        return true;
    }
    if (!str_starts(head, STR("\xca\xfe\xba\xbe")) || head.n < 8)
        return false;
    if (sniff_byte(head, 7) < 20) /* so few architectures, or so old a version of Java */
        *ret = sniff_type(STR("application/x-mach-binary"), STR(".macho"), STR(""));
    else
        *ret = sniff_type(STR("application/x-java-applet"), STR(".class"), STR(""));
    return true;
}

static bool is_font(struct str head, struct file_type *ret)
{
    static const struct str collections[] = {B("ttcf\0\x01\0\0"), B("ttcf\0\x02\0\0")};

    *ret = sniff_type(STR("font/collection"), STR(".ttc"), STR(""));
    for (size_t i = 0; i < COUNT_OF(collections); i++)
        if (str_starts(head, collections[i]))
            return true;
    if (str_starts(head, STR("OTTO")))
        *ret = sniff_type(STR("font/otf"), STR(".otf"), STR(""));
    else if (str_starts(head, STR("\0\x01\0\0")))
        *ret = sniff_type(STR("font/ttf"), STR(".ttf"),
                          STR("font/sfnt,application/x-font-ttf,application/font-sfnt"));
    else
        return false;
    for (size_t i = 0; i < COUNT_OF(font_tables); i++)
        if (str_eq(str_sub(head, 12, 4), font_tables[i]))
            return true;
    return false;
}

/* The header's bytes add up to what it says, its own field counted as blanks. */
static bool is_tar(struct str head, struct file_type *ret)
{
    unsigned sum = 0, said = 0;

    *ret = sniff_type(STR("application/x-tar"), STR(".tar"), STR(""));
    if (head.n < TAR_BLOCK)
        return false;
    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += i - TAR_SUM_AT < TAR_SUM_LEN ? ' ' : sniff_byte(head, i);
    for (size_t i = 0; i < TAR_SUM_LEN; i++) {
        unsigned char c = sniff_byte(head, TAR_SUM_AT + i);

        if (c >= '0' && c <= '7')
            said = said * 8 + (c - '0');
    }
    return sum == said;
}

/* An archive behind a key and a signature. */
static bool is_browser_extension(struct str head, struct file_type *ret)
{
    uint64_t at = 16 + (uint64_t)number_at(head, 8) + number_at(head, 12);

    *ret = sniff_type(STR("application/x-chrome-extension"), STR(".crx"), STR(""));
    return str_starts(head, STR("Cr24")) && at < head.n &&
           str_starts(str_from(head, (size_t)at), STR("PK\x03\x04"));
}

/* "AC1032": a version in digits. */
static bool is_drawing(struct str head, struct file_type *ret)
{
    *ret = sniff_type(STR("image/vnd.dwg"), STR(".dwg"),
                      STR("image/x-dwg,application/acad,application/x-acad,"
                          "application/autocad_dwg,application/dwg,application/x-dwg,"
                          "application/x-autocad,drawing/dwg"));
    return head.n >= 6 && str_starts(head, STR("AC10")) && head.p[4] >= '0' && head.p[4] <= '9' &&
           head.p[5] >= '0' && head.p[5] <= '9';
}

bool sniff_binary(struct str head, struct file_type *ret)
{
    return is_pdf(head, ret) || is_program(head, ret) || is_font(head, ret) || is_tar(head, ret) ||
           is_browser_extension(head, ret) || is_drawing(head, ret);
}
