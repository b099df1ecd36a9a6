/*
 * Entities of HTML: numbers, and the names that mails have (HTML 4's Latin-1 and common marks). Any
 * other name stays as it stands.
 */
#include "mail/internal.h"

#define NAME_MAX_LEN 8
#define DIGITS_MAX 9 /* more would be past all characters anyway, but for zeros */
#define REPLACEMENT 0xFFFD

/* From U+00A0 to U+00FF, in order. */
static const char *const latin[] = {
    "nbsp",   "iexcl",  "cent",   "pound",  "curren", "yen",    "brvbar", "sect",   "uml",
    "copy",   "ordf",   "laquo",  "not",    "shy",    "reg",    "macr",   "deg",    "plusmn",
    "sup2",   "sup3",   "acute",  "micro",  "para",   "middot", "cedil",  "sup1",   "ordm",
    "raquo",  "frac14", "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc",  "Atilde",
    "Auml",   "Aring",  "AElig",  "Ccedil", "Egrave", "Eacute", "Ecirc",  "Euml",   "Igrave",
    "Iacute", "Icirc",  "Iuml",   "ETH",    "Ntilde", "Ograve", "Oacute", "Ocirc",  "Otilde",
    "Ouml",   "times",  "Oslash", "Ugrave", "Uacute", "Ucirc",  "Uuml",   "Yacute", "THORN",
    "szlig",  "agrave", "aacute", "acirc",  "atilde", "auml",   "aring",  "aelig",  "ccedil",
    "egrave", "eacute", "ecirc",  "euml",   "igrave", "iacute", "icirc",  "iuml",   "eth",
    "ntilde", "ograve", "oacute", "ocirc",  "otilde", "ouml",   "divide", "oslash", "ugrave",
    "uacute", "ucirc",  "uuml",   "yacute", "thorn",  "yuml"};

static const struct {
    const char *name;
    uint32_t code;
} others[] = {{"amp", '&'},       {"lt", '<'},        {"gt", '>'},        {"quot", '"'},
              {"apos", '\''},     {"OElig", 0x152},   {"oelig", 0x153},   {"Scaron", 0x160},
              {"scaron", 0x161},  {"Yuml", 0x178},    {"ensp", 0x2002},   {"emsp", 0x2003},
              {"thinsp", 0x2009}, {"zwnj", 0x200C},   {"zwj", 0x200D},    {"ndash", 0x2013},
              {"mdash", 0x2014},  {"lsquo", 0x2018},  {"rsquo", 0x2019},  {"sbquo", 0x201A},
              {"ldquo", 0x201C},  {"rdquo", 0x201D},  {"bdquo", 0x201E},  {"dagger", 0x2020},
              {"bull", 0x2022},   {"hellip", 0x2026}, {"permil", 0x2030}, {"prime", 0x2032},
              {"lsaquo", 0x2039}, {"rsaquo", 0x203A}, {"euro", 0x20AC},   {"trade", 0x2122},
              {"larr", 0x2190},   {"uarr", 0x2191},   {"rarr", 0x2192},   {"darr", 0x2193},
              {"minus", 0x2212},  {"infin", 0x221E},  {"ne", 0x2260},     {"le", 0x2264},
              {"ge", 0x2265},     {"check", 0x2713}};

static bool by_name(struct str name, uint32_t *ret_code)
{
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (str_eq(name, str_of(others[i].name))) {
            *ret_code = others[i].code;
            return true;
        }
    for (size_t i = 0; i < COUNT_OF(latin); i++)
        if (str_eq(name, str_of(latin[i]))) {
            *ret_code = (uint32_t)(0xA0 + i);
            return true;
        }
    return false;
}

static bool is_space(uint32_t code)
{
    return code == '\t' || code == '\n' || code == '\f' || code == '\r';
}

static uint32_t character(uint32_t code)
{
    bool is_control = (code < ' ' && !is_space(code)) || (code >= 127 && code < 160);
    bool is_surrogate = code >= 0xD800 && code < 0xE000;

    return is_control || is_surrogate || code > 0x10FFFF ? REPLACEMENT : code;
}

static unsigned digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if ((c | 32) >= 'a' && (c | 32) <= 'f')
        return (unsigned)((c | 32) - 'a' + 10);
    return 16;
}

/* "&#...": the semicolon may be missing. */
static bool by_number(struct str s, uint32_t *ret_code, size_t *ret_n)
{
    bool is_hex = s.n > 2 && (s.p[2] | 32) == 'x';
    unsigned base = is_hex ? 16 : 10;
    size_t from = is_hex ? 3 : 2;
    size_t n = from;
    uint64_t code = 0;

    while (n < s.n && n - from < DIGITS_MAX && digit(s.p[n]) < base)
        code = code * base + digit(s.p[n++]);
    if (n == from)
        return false;
    *ret_code = character(code > UINT32_MAX ? UINT32_MAX : (uint32_t)code);
    *ret_n = n + (n < s.n && s.p[n] == ';');
    return true;
}

bool mail_entity(struct str s, uint32_t *ret_code, size_t *ret_n)
{
    size_t semicolon;

    if (s.n > 1 && s.p[1] == '#')
        return by_number(s, ret_code, ret_n);
    semicolon = str_find_byte(str_sub(s, 0, NAME_MAX_LEN + 2), ';');
    if (semicolon >= s.n || semicolon < 2 || s.p[semicolon] != ';' ||
        !by_name(str_sub(s, 1, semicolon - 1), ret_code))
        return false;
    *ret_n = semicolon + 1;
    return true;
}
