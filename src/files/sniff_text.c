/*
 * Content types of texts: told from how they begin, once no byte in them rules a text out.
 */
#include "files/internal.h"

#include <string.h>

/* Bytes that no text has (WHATWG MIME sniffing, binary data bytes). */
static bool is_binary(struct str head)
{
    for (size_t i = 0; i < head.n; i++) {
        unsigned char c = (unsigned char)head.p[i];

        if (c <= 0x08 || c == 0x0b || (c >= 0x0e && c <= 0x1a) || (c >= 0x1c && c <= 0x1f))
            return true;
    }
    return false;
}

static struct str bom_charset(struct str head)
{
    static const struct {
        struct str bytes, charset;
    } marks[] = {
        {STR_INIT("\xef\xbb\xbf"), STR_INIT("utf-8")},
        {STR_INIT("\0\0\xfe\xff"), STR_INIT("utf-32be")},
        {STR_INIT("\xff\xfe\0\0"), STR_INIT("utf-32le")},
        {STR_INIT("\xfe\xff"), STR_INIT("utf-16be")},
        {STR_INIT("\xff\xfe"), STR_INIT("utf-16le")},
    };

    for (size_t i = 0; i < COUNT_OF(marks); i++)
        if (str_starts(head, marks[i].bytes))
            return marks[i].charset;
    return STR("");
}

/* Less a character that the end of the head cuts. */
static struct str whole_characters(struct str head)
{
    size_t n = head.n;

    for (size_t back = 1; back <= 3 && back <= n; back++) {
        unsigned char c = (unsigned char)head.p[n - back];

        if ((c & 0xc0) == 0x80)
            continue;
        if ((c >= 0xf0 && back < 4) || (c >= 0xe0 && back < 3) || (c >= 0xc0 && back < 2))
            return str_sub(head, 0, n - back);
        break;
    }
    return head;
}

/* Bytes 0x80 to 0x9f are no text but for the line end among them, which only one of the two has. */
static struct str latin(struct str head)
{
    bool line_ends = false;

    for (size_t i = 0; i < head.n; i++) {
        unsigned char c = (unsigned char)head.p[i];

        if (c == 0x7f || (c >= 0x80 && c <= 0x9f && c != 0x85))
            return STR("");
        line_ends |= c == 0x85;
    }
    return line_ends ? STR("windows-1252") : STR("iso-8859-1");
}

static struct str plain_charset(struct str head)
{
    struct str marked = bom_charset(head);

    if (head.n == 0 || marked.n)
        return marked;
    return utf8_valid(whole_characters(head)) ? STR("utf-8") : latin(head);
}

struct str sniff_skip_space(struct str s)
{
    while (s.n && str_find_byte(STR(" \t\n\r\f"), s.p[0]) < 5)
        s = str_from(s, 1);
    return s;
}

/* --- markup ----------------------------------------------------------------------------------- */

static bool ends_tag(struct str s)
{
    return s.n > 0 && str_find_byte(STR(" >\t\n\r\f"), s.p[0]) < 6;
}

static bool is_html(struct str text)
{
    static const struct str tags[] = {
        STR_INIT("<!DOCTYPE HTML"),
        STR_INIT("<HTML"),
        STR_INIT("<HEAD"),
        STR_INIT("<SCRIPT"),
        STR_INIT("<IFRAME"),
        STR_INIT("<H1"),
        STR_INIT("<DIV"),
        STR_INIT("<FONT"),
        STR_INIT("<TABLE"),
        STR_INIT("<A"),
        STR_INIT("<STYLE"),
        STR_INIT("<TITLE"),
        STR_INIT("<B"),
        STR_INIT("<BODY"),
        STR_INIT("<BR"),
        STR_INIT("<P"),
        STR_INIT("<!--"),
    };

    for (size_t i = 0; i < COUNT_OF(tags); i++)
        if (str_starts_nocase(text, tags[i]) && ends_tag(str_from(text, tags[i].n)))
            return true;
    return false;
}

static bool is_xml(struct str text)
{
    return str_starts(text, STR("<?xml"));
}

/* What follows a name and an equals sign, perhaps in quotes. */
static struct str attribute(struct str text, struct str name)
{
    struct str rest = text;

    while (rest.n > 0 && !str_starts_nocase(rest, name))
        rest = str_from(rest, 1);
    rest = sniff_skip_space(str_from(rest, name.n));
    if (rest.n == 0 || rest.p[0] != '=')
        return STR("");
    rest = sniff_skip_space(str_from(rest, 1));
    if (rest.n && (rest.p[0] == '"' || rest.p[0] == '\''))
        rest = str_from(rest, 1);
    for (size_t i = 0; i < rest.n; i++)
        if (strchr("\"' \t\r\n;>/?", rest.p[i]))
            return str_sub(rest, 0, i);
    return STR("");
}

static struct str xml_charset(struct str head)
{
    struct str named = attribute(str_sub(head, 0, str_find_byte(head, '>')), STR("encoding"));

    return named.n ? named : plain_charset(head);
}

static struct str html_charset(struct str head)
{
    struct str rest = head, named = STR("");

    while (rest.n > 0 && named.n == 0) {
        struct str tag = str_sub(rest, 0, str_find_byte(rest, '>') + 1);

        rest = str_from(rest, tag.n);
        tag = str_from(tag, str_find_byte(tag, '<'));
        if (str_starts_nocase(tag, STR("<meta")))
            named = attribute(tag, STR("charset"));
    }
    return named.n ? named : plain_charset(head);
}

/* --- what begins in a telling way ------------------------------------------------------------- */

static bool is_rtf(struct str text)
{
    return str_starts(text, STR("{\\rtf"));
}

static bool is_php(struct str text)
{
    return str_starts(text, STR("<?php")) || str_starts(text, STR("<?\n")) ||
           str_starts(text, STR("<?\r")) || str_starts(text, STR("<? "));
}

static bool is_srt(struct str text)
{
    struct str rest = text;
    struct str first = str_trim(str_split(&rest, '\n'), STR("\r"));
    struct str times = str_trim(str_split(&rest, '\n'), STR("\r"));

    return str_eq(first, STR("1")) && times.n == 29 && times.p[8] == ',' &&
           str_eq(str_sub(times, 12, 5), STR(" --> ")) && times.p[25] == ',' && rest.n > 0;
}

static bool is_web_archive(struct str text)
{
    return str_starts(text, STR("WARC/1.0")) || str_starts(text, STR("WARC/1.1"));
}

static bool is_drawing(struct str text)
{
    struct str rest = text;
    struct str first = str_trim(str_split(&rest, '\n'), STR("\r"));

    return (str_eq(first, STR("0")) || str_eq(first, STR("  0"))) &&
           (str_starts(rest, STR("SECTION\n")) || str_starts(rest, STR("SECTION\r\n")));
}

/* Two header fields that mails have. */
static bool is_mail(struct str text)
{
    static const struct str names[] = {
        STR_INIT("From:"),     STR_INIT("To:"),           STR_INIT("Subject:"),
        STR_INIT("Date:"),     STR_INIT("Received:"),     STR_INIT("Message-ID:"),
        STR_INIT("Cc:"),       STR_INIT("Return-Path:"),  STR_INIT("MIME-Version:"),
        STR_INIT("Reply-To:"), STR_INIT("Delivered-To:"),
    };
    size_t n = 0;

    for (struct str rest = text; rest.n > 0 && n < 2; n++) {
        struct str line = str_split(&rest, '\n');
        bool known = false;

        for (size_t i = 0; i < COUNT_OF(names); i++)
            known |= str_starts_nocase(line, names[i]);
        if (!known)
            return false;
    }
    return n == 2;
}

static bool is_vcard(struct str text)
{
    return str_starts_nocase(text, STR("BEGIN:VCARD\n")) ||
           str_starts_nocase(text, STR("BEGIN:VCARD\r\n"));
}

static bool is_calendar(struct str text)
{
    return str_starts_nocase(text, STR("BEGIN:VCALENDAR\n")) ||
           str_starts_nocase(text, STR("BEGIN:VCALENDAR\r\n"));
}

static bool is_vtt(struct str text)
{
    return str_starts(text, STR("WEBVTT\n")) || str_starts(text, STR("WEBVTT\r")) ||
           str_starts(text, STR("WEBVTT ")) || str_eq(text, STR("WEBVTT"));
}

/* --- tables ----------------------------------------------------------------------------------- */

/* A record off *rest, whose fields in quotes may hold line ends; its fields. 0: a quote is open. */
static size_t take_record(struct str *rest, char separator)
{
    bool quoted = false, starts = true;
    size_t n = 1, i;

    for (i = 0; i < rest->n && (quoted || rest->p[i] != '\n'); i++) {
        char c = rest->p[i];

        if (c == '"' && (quoted || starts))
            quoted = !quoted;
        n += !quoted && c == separator;
        starts = c == separator;
    }
    *rest = str_from(*rest, i + 1);
    return quoted ? 0 : n;
}

/* Two records or more, each with the same number of fields, and more than one. */
static bool is_table(struct str text, char separator)
{
    bool cut = text.n >= FILE_HEAD_BYTES;
    size_t n_fields = 0, n_records = 0;

    while (text.n > 0) {
        bool empty = text.p[0] == '\n' || text.p[0] == '\r' || text.p[0] == '#';
        size_t n = take_record(&text, separator);

        if (text.n == 0 && cut && n_records > 1)
            break;
        if (empty)
            continue;
        if (n < 2 || (n_records > 0 && n != n_fields))
            return false;
        n_fields = n;
        n_records++;
    }
    return n_records > 1;
}

static bool is_csv(struct str text)
{
    return is_table(text, ',');
}

static bool is_tsv(struct str text)
{
    return is_table(text, '\t');
}

/* --- scripts ---------------------------------------------------------------------------------- */

/* What stands behind "#!", the first that is the path's end or the argument of env. */
static const struct {
    struct str program;
    bool by_env;
    struct str mime, extension, aliases;
} scripts[] = {
    {STR_INIT("/php"), true, STR_INIT("text/x-php"), STR_INIT(".php"), STR_INIT("")},
    {STR_INIT("/node"), true, STR_INIT("text/javascript"), STR_INIT(".js"),
     STR_INIT("application/x-javascript,application/javascript")},
    {STR_INIT("/lua"), true, STR_INIT("text/x-lua"), STR_INIT(".lua"), STR_INIT("")},
    {STR_INIT("/perl"), true, STR_INIT("text/x-perl"), STR_INIT(".pl"), STR_INIT("")},
    {STR_INIT("/python"), true, STR_INIT("text/x-python"), STR_INIT(".py"),
     STR_INIT("text/x-script.python,application/x-python")},
    {STR_INIT("/ruby"), true, STR_INIT("text/x-ruby"), STR_INIT(".rb"),
     STR_INIT("application/x-ruby")},
    {STR_INIT("/tclsh"), true, STR_INIT("text/x-tcl"), STR_INIT(".tcl"),
     STR_INIT("application/x-tcl")},
    {STR_INIT("/wish"), true, STR_INIT("text/x-tcl"), STR_INIT(".tcl"),
     STR_INIT("application/x-tcl")},
    {STR_INIT("/bash"), true, STR_INIT("text/x-shellscript"), STR_INIT(".sh"),
     STR_INIT("text/x-sh,application/x-shellscript,application/x-sh")},
    {STR_INIT("/bin/sh"), false, STR_INIT("text/x-shellscript"), STR_INIT(".sh"),
     STR_INIT("text/x-sh,application/x-shellscript,application/x-sh")},
    {STR_INIT("/bin/zsh"), false, STR_INIT("text/x-shellscript"), STR_INIT(".sh"),
     STR_INIT("text/x-sh,application/x-shellscript,application/x-sh")},
    {STR_INIT("/bin/csh"), false, STR_INIT("text/x-shellscript"), STR_INIT(".sh"),
     STR_INIT("text/x-sh,application/x-shellscript,application/x-sh")},
};

static bool is_script(struct str text, struct file_type *ret)
{
    struct str line = str_sub(text, 0, str_find_byte(text, '\n'));
    size_t env = str_find(line, STR("/env "));

    if (!str_starts(text, STR("#!")))
        return false;
    for (size_t i = 0; i < COUNT_OF(scripts); i++) {
        struct str word = str_from(scripts[i].program, 1);

        if (!str_has(line, scripts[i].program) &&
            !(scripts[i].by_env && str_has(str_from(line, env), word)))
            continue;
        *ret = (struct file_type){.mime = scripts[i].mime,
                                  .extension = scripts[i].extension,
                                  .aliases = scripts[i].aliases};
        return true;
    }
    return false;
}

/* --- all of them ------------------------------------------------------------------------------ */

/* In the order in which they are tried. */
static const struct {
    bool (*is)(struct str text);
    bool trims; /* space before it does not count */
    struct str mime, extension, aliases;
} texts[] = {
    {is_php, true, STR_INIT("text/x-php"), STR_INIT(".php"), STR_INIT("")},
    {is_rtf, false, STR_INIT("text/rtf"), STR_INIT(".rtf"), STR_INIT("application/rtf")},
    {is_srt, false, STR_INIT("application/x-subrip"), STR_INIT(".srt"),
     STR_INIT("application/x-srt,text/x-srt")},
    {is_csv, false, STR_INIT("text/csv"), STR_INIT(".csv"), STR_INIT("")},
    {is_tsv, false, STR_INIT("text/tab-separated-values"), STR_INIT(".tsv"), STR_INIT("")},
    {is_vcard, true, STR_INIT("text/vcard"), STR_INIT(".vcf"), STR_INIT("")},
    {is_calendar, true, STR_INIT("text/calendar"), STR_INIT(".ics"), STR_INIT("")},
    {is_web_archive, false, STR_INIT("application/warc"), STR_INIT(".warc"), STR_INIT("")},
    {is_drawing, false, STR_INIT("image/vnd.dxf"), STR_INIT(".dxf"), STR_INIT("")},
    {is_vtt, false, STR_INIT("text/vtt"), STR_INIT(".vtt"), STR_INIT("")},
    {is_mail, false, STR_INIT("message/rfc822"), STR_INIT(".eml"), STR_INIT("")},
};

static struct file_type named(struct str mime, struct str charset, struct str extension,
                              struct str aliases)
{
    return (struct file_type){
        .mime = mime, .charset = charset, .extension = extension, .aliases = aliases};
}

static bool by_start(struct str head, struct str body, struct file_type *ret)
{
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (texts[i].is(texts[i].trims ? body : head)) {
            *ret = named(texts[i].mime, STR(""), texts[i].extension, texts[i].aliases);
            return true;
        }
    return false;
}

struct file_type sniff_text(struct str head)
{
    struct str mark = bom_charset(head);
    struct str unmarked = str_eq(mark, STR("utf-8")) ? str_from(head, 3) : head;
    struct str body = sniff_skip_space(unmarked);
    struct file_type type;

    if (is_binary(head) && mark.n == 0)
        return named(STR("application/octet-stream"), STR(""), STR(""), STR(""));
    if (is_html(body))
        return named(STR("text/html"), html_charset(head), STR(".html"), STR(""));
    if (sniff_xml(body, &type) || (mark.n == 0 && sniff_json(body, &type)) ||
        is_script(body, &type) || by_start(unmarked, body, &type))
        return type;
    if (is_xml(body))
        return named(STR("text/xml"), xml_charset(body), STR(".xml"), STR("application/xml"));
    return named(STR("text/plain"), plain_charset(head), STR(".txt"), STR(""));
}
