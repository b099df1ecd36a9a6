/*
 * Character references of HTML: the names of HTML 4, and numbers.
 */
#include "base/compiler.h"
#include "query/excerpt.h"

#include <stdint.h>

struct entity {
    struct str name;
    uint32_t code;
    bool open; /* counts without its semicolon too */
};

/* clang-format off */
static const struct entity entities[] = {
    {STR_INIT("AElig"), 0xc6, true},
    {STR_INIT("Aacute"), 0xc1, true},
    {STR_INIT("Acirc"), 0xc2, true},
    {STR_INIT("Agrave"), 0xc0, true},
    {STR_INIT("Alpha"), 0x391, false},
    {STR_INIT("Aring"), 0xc5, true},
    {STR_INIT("Atilde"), 0xc3, true},
    {STR_INIT("Auml"), 0xc4, true},
    {STR_INIT("Beta"), 0x392, false},
    {STR_INIT("Ccedil"), 0xc7, true},
    {STR_INIT("Chi"), 0x3a7, false},
    {STR_INIT("Dagger"), 0x2021, false},
    {STR_INIT("Delta"), 0x394, false},
    {STR_INIT("ETH"), 0xd0, true},
    {STR_INIT("Eacute"), 0xc9, true},
    {STR_INIT("Ecirc"), 0xca, true},
    {STR_INIT("Egrave"), 0xc8, true},
    {STR_INIT("Epsilon"), 0x395, false},
    {STR_INIT("Eta"), 0x397, false},
    {STR_INIT("Euml"), 0xcb, true},
    {STR_INIT("Gamma"), 0x393, false},
    {STR_INIT("Iacute"), 0xcd, true},
    {STR_INIT("Icirc"), 0xce, true},
    {STR_INIT("Igrave"), 0xcc, true},
    {STR_INIT("Iota"), 0x399, false},
    {STR_INIT("Iuml"), 0xcf, true},
    {STR_INIT("Kappa"), 0x39a, false},
    {STR_INIT("Lambda"), 0x39b, false},
    {STR_INIT("Mu"), 0x39c, false},
    {STR_INIT("Ntilde"), 0xd1, true},
    {STR_INIT("Nu"), 0x39d, false},
    {STR_INIT("OElig"), 0x152, false},
    {STR_INIT("Oacute"), 0xd3, true},
    {STR_INIT("Ocirc"), 0xd4, true},
    {STR_INIT("Ograve"), 0xd2, true},
    {STR_INIT("Omega"), 0x3a9, false},
    {STR_INIT("Omicron"), 0x39f, false},
    {STR_INIT("Oslash"), 0xd8, true},
    {STR_INIT("Otilde"), 0xd5, true},
    {STR_INIT("Ouml"), 0xd6, true},
    {STR_INIT("Phi"), 0x3a6, false},
    {STR_INIT("Pi"), 0x3a0, false},
    {STR_INIT("Prime"), 0x2033, false},
    {STR_INIT("Psi"), 0x3a8, false},
    {STR_INIT("Rho"), 0x3a1, false},
    {STR_INIT("Scaron"), 0x160, false},
    {STR_INIT("Sigma"), 0x3a3, false},
    {STR_INIT("THORN"), 0xde, true},
    {STR_INIT("Tau"), 0x3a4, false},
    {STR_INIT("Theta"), 0x398, false},
    {STR_INIT("Uacute"), 0xda, true},
    {STR_INIT("Ucirc"), 0xdb, true},
    {STR_INIT("Ugrave"), 0xd9, true},
    {STR_INIT("Upsilon"), 0x3a5, false},
    {STR_INIT("Uuml"), 0xdc, true},
    {STR_INIT("Xi"), 0x39e, false},
    {STR_INIT("Yacute"), 0xdd, true},
    {STR_INIT("Yuml"), 0x178, false},
    {STR_INIT("Zeta"), 0x396, false},
    {STR_INIT("aacute"), 0xe1, true},
    {STR_INIT("acirc"), 0xe2, true},
    {STR_INIT("acute"), 0xb4, true},
    {STR_INIT("aelig"), 0xe6, true},
    {STR_INIT("agrave"), 0xe0, true},
    {STR_INIT("alefsym"), 0x2135, false},
    {STR_INIT("alpha"), 0x3b1, false},
    {STR_INIT("amp"), 0x26, true},
    {STR_INIT("and"), 0x2227, false},
    {STR_INIT("ang"), 0x2220, false},
    {STR_INIT("apos"), 0x27, false},
    {STR_INIT("aring"), 0xe5, true},
    {STR_INIT("asymp"), 0x2248, false},
    {STR_INIT("atilde"), 0xe3, true},
    {STR_INIT("auml"), 0xe4, true},
    {STR_INIT("bdquo"), 0x201e, false},
    {STR_INIT("beta"), 0x3b2, false},
    {STR_INIT("brvbar"), 0xa6, true},
    {STR_INIT("bull"), 0x2022, false},
    {STR_INIT("cap"), 0x2229, false},
    {STR_INIT("ccedil"), 0xe7, true},
    {STR_INIT("cedil"), 0xb8, true},
    {STR_INIT("cent"), 0xa2, true},
    {STR_INIT("chi"), 0x3c7, false},
    {STR_INIT("circ"), 0x2c6, false},
    {STR_INIT("clubs"), 0x2663, false},
    {STR_INIT("cong"), 0x2245, false},
    {STR_INIT("copy"), 0xa9, true},
    {STR_INIT("crarr"), 0x21b5, false},
    {STR_INIT("cup"), 0x222a, false},
    {STR_INIT("curren"), 0xa4, true},
    {STR_INIT("dArr"), 0x21d3, false},
    {STR_INIT("dagger"), 0x2020, false},
    {STR_INIT("darr"), 0x2193, false},
    {STR_INIT("deg"), 0xb0, true},
    {STR_INIT("delta"), 0x3b4, false},
    {STR_INIT("diams"), 0x2666, false},
    {STR_INIT("divide"), 0xf7, true},
    {STR_INIT("eacute"), 0xe9, true},
    {STR_INIT("ecirc"), 0xea, true},
    {STR_INIT("egrave"), 0xe8, true},
    {STR_INIT("empty"), 0x2205, false},
    {STR_INIT("emsp"), 0x2003, false},
    {STR_INIT("ensp"), 0x2002, false},
    {STR_INIT("epsilon"), 0x3b5, false},
    {STR_INIT("equiv"), 0x2261, false},
    {STR_INIT("eta"), 0x3b7, false},
    {STR_INIT("eth"), 0xf0, true},
    {STR_INIT("euml"), 0xeb, true},
    {STR_INIT("euro"), 0x20ac, false},
    {STR_INIT("exist"), 0x2203, false},
    {STR_INIT("fnof"), 0x192, false},
    {STR_INIT("forall"), 0x2200, false},
    {STR_INIT("frac12"), 0xbd, true},
    {STR_INIT("frac14"), 0xbc, true},
    {STR_INIT("frac34"), 0xbe, true},
    {STR_INIT("frasl"), 0x2044, false},
    {STR_INIT("gamma"), 0x3b3, false},
    {STR_INIT("ge"), 0x2265, false},
    {STR_INIT("gt"), 0x3e, true},
    {STR_INIT("hArr"), 0x21d4, false},
    {STR_INIT("harr"), 0x2194, false},
    {STR_INIT("hearts"), 0x2665, false},
    {STR_INIT("hellip"), 0x2026, false},
    {STR_INIT("iacute"), 0xed, true},
    {STR_INIT("icirc"), 0xee, true},
    {STR_INIT("iexcl"), 0xa1, true},
    {STR_INIT("igrave"), 0xec, true},
    {STR_INIT("image"), 0x2111, false},
    {STR_INIT("infin"), 0x221e, false},
    {STR_INIT("int"), 0x222b, false},
    {STR_INIT("iota"), 0x3b9, false},
    {STR_INIT("iquest"), 0xbf, true},
    {STR_INIT("isin"), 0x2208, false},
    {STR_INIT("iuml"), 0xef, true},
    {STR_INIT("kappa"), 0x3ba, false},
    {STR_INIT("lArr"), 0x21d0, false},
    {STR_INIT("lambda"), 0x3bb, false},
    {STR_INIT("lang"), 0x2329, false},
    {STR_INIT("laquo"), 0xab, true},
    {STR_INIT("larr"), 0x2190, false},
    {STR_INIT("lceil"), 0x2308, false},
    {STR_INIT("ldquo"), 0x201c, false},
    {STR_INIT("le"), 0x2264, false},
    {STR_INIT("lfloor"), 0x230a, false},
    {STR_INIT("lowast"), 0x2217, false},
    {STR_INIT("loz"), 0x25ca, false},
    {STR_INIT("lrm"), 0x200e, false},
    {STR_INIT("lsaquo"), 0x2039, false},
    {STR_INIT("lsquo"), 0x2018, false},
    {STR_INIT("lt"), 0x3c, true},
    {STR_INIT("macr"), 0xaf, true},
    {STR_INIT("mdash"), 0x2014, false},
    {STR_INIT("micro"), 0xb5, true},
    {STR_INIT("middot"), 0xb7, true},
    {STR_INIT("minus"), 0x2212, false},
    {STR_INIT("mu"), 0x3bc, false},
    {STR_INIT("nabla"), 0x2207, false},
    {STR_INIT("nbsp"), 0xa0, true},
    {STR_INIT("ndash"), 0x2013, false},
    {STR_INIT("ne"), 0x2260, false},
    {STR_INIT("ni"), 0x220b, false},
    {STR_INIT("not"), 0xac, true},
    {STR_INIT("notin"), 0x2209, false},
    {STR_INIT("nsub"), 0x2284, false},
    {STR_INIT("ntilde"), 0xf1, true},
    {STR_INIT("nu"), 0x3bd, false},
    {STR_INIT("oacute"), 0xf3, true},
    {STR_INIT("ocirc"), 0xf4, true},
    {STR_INIT("oelig"), 0x153, false},
    {STR_INIT("ograve"), 0xf2, true},
    {STR_INIT("oline"), 0x203e, false},
    {STR_INIT("omega"), 0x3c9, false},
    {STR_INIT("omicron"), 0x3bf, false},
    {STR_INIT("oplus"), 0x2295, false},
    {STR_INIT("or"), 0x2228, false},
    {STR_INIT("ordf"), 0xaa, true},
    {STR_INIT("ordm"), 0xba, true},
    {STR_INIT("oslash"), 0xf8, true},
    {STR_INIT("otilde"), 0xf5, true},
    {STR_INIT("otimes"), 0x2297, false},
    {STR_INIT("ouml"), 0xf6, true},
    {STR_INIT("para"), 0xb6, true},
    {STR_INIT("part"), 0x2202, false},
    {STR_INIT("permil"), 0x2030, false},
    {STR_INIT("perp"), 0x22a5, false},
    {STR_INIT("phi"), 0x3c6, false},
    {STR_INIT("pi"), 0x3c0, false},
    {STR_INIT("piv"), 0x3d6, false},
    {STR_INIT("plusmn"), 0xb1, true},
    {STR_INIT("pound"), 0xa3, true},
    {STR_INIT("prime"), 0x2032, false},
    {STR_INIT("prod"), 0x220f, false},
    {STR_INIT("prop"), 0x221d, false},
    {STR_INIT("psi"), 0x3c8, false},
    {STR_INIT("quot"), 0x22, true},
    {STR_INIT("rArr"), 0x21d2, false},
    {STR_INIT("radic"), 0x221a, false},
    {STR_INIT("rang"), 0x232a, false},
    {STR_INIT("raquo"), 0xbb, true},
    {STR_INIT("rarr"), 0x2192, false},
    {STR_INIT("rceil"), 0x2309, false},
    {STR_INIT("rdquo"), 0x201d, false},
    {STR_INIT("real"), 0x211c, false},
    {STR_INIT("reg"), 0xae, true},
    {STR_INIT("rfloor"), 0x230b, false},
    {STR_INIT("rho"), 0x3c1, false},
    {STR_INIT("rlm"), 0x200f, false},
    {STR_INIT("rsaquo"), 0x203a, false},
    {STR_INIT("rsquo"), 0x2019, false},
    {STR_INIT("sbquo"), 0x201a, false},
    {STR_INIT("scaron"), 0x161, false},
    {STR_INIT("sdot"), 0x22c5, false},
    {STR_INIT("sect"), 0xa7, true},
    {STR_INIT("shy"), 0xad, true},
    {STR_INIT("sigma"), 0x3c3, false},
    {STR_INIT("sigmaf"), 0x3c2, false},
    {STR_INIT("sim"), 0x223c, false},
    {STR_INIT("spades"), 0x2660, false},
    {STR_INIT("sub"), 0x2282, false},
    {STR_INIT("sube"), 0x2286, false},
    {STR_INIT("sum"), 0x2211, false},
    {STR_INIT("sup"), 0x2283, false},
    {STR_INIT("sup1"), 0xb9, true},
    {STR_INIT("sup2"), 0xb2, true},
    {STR_INIT("sup3"), 0xb3, true},
    {STR_INIT("supe"), 0x2287, false},
    {STR_INIT("szlig"), 0xdf, true},
    {STR_INIT("tau"), 0x3c4, false},
    {STR_INIT("there4"), 0x2234, false},
    {STR_INIT("theta"), 0x3b8, false},
    {STR_INIT("thetasym"), 0x3d1, false},
    {STR_INIT("thinsp"), 0x2009, false},
    {STR_INIT("thorn"), 0xfe, true},
    {STR_INIT("tilde"), 0x2dc, false},
    {STR_INIT("times"), 0xd7, true},
    {STR_INIT("trade"), 0x2122, false},
    {STR_INIT("uArr"), 0x21d1, false},
    {STR_INIT("uacute"), 0xfa, true},
    {STR_INIT("uarr"), 0x2191, false},
    {STR_INIT("ucirc"), 0xfb, true},
    {STR_INIT("ugrave"), 0xf9, true},
    {STR_INIT("uml"), 0xa8, true},
    {STR_INIT("upsih"), 0x3d2, false},
    {STR_INIT("upsilon"), 0x3c5, false},
    {STR_INIT("uuml"), 0xfc, true},
    {STR_INIT("weierp"), 0x2118, false},
    {STR_INIT("xi"), 0x3be, false},
    {STR_INIT("yacute"), 0xfd, true},
    {STR_INIT("yen"), 0xa5, true},
    {STR_INIT("yuml"), 0xff, true},
    {STR_INIT("zeta"), 0x3b6, false},
    {STR_INIT("zwj"), 0x200d, false},
    {STR_INIT("zwnj"), 0x200c, false},
    {STR_INIT("LT"), 0x3c, true},
    {STR_INIT("GT"), 0x3e, true},
    {STR_INIT("AMP"), 0x26, true},
    {STR_INIT("QUOT"), 0x22, true},
    {STR_INIT("COPY"), 0xa9, true},
    {STR_INIT("REG"), 0xae, true},
};

/* What the numbers 0x80 to 0x9f stand for: Windows' letters. */
static const uint16_t windows[32] = {
    0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
    0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008d, 0x017d, 0x008f,
    0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178,
};
/* clang-format on */

#define REPLACEMENT 0xfffd

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static int digit_value(char c, int base)
{
    int value = -1;

    if (c >= '0' && c <= '9')
        value = c - '0';
    else if (c >= 'a' && c <= 'f')
        value = c - 'a' + 10;
    else if (c >= 'A' && c <= 'F')
        value = c - 'A' + 10;
    return value < base ? value : -1;
}

/* "&#65;" or "&#x41;", the semicolon optional. */
static size_t number(struct str s, uint32_t *ret_code)
{
    bool is_hex = s.n > 2 && (s.p[2] == 'x' || s.p[2] == 'X');
    int base = is_hex ? 16 : 10;
    size_t from = is_hex ? 3 : 2, at = from;
    uint32_t code = 0;

    for (; at < s.n && digit_value(s.p[at], base) >= 0; at++)
        if (code < 0x110000)
            code = code * (uint32_t)base + (uint32_t)digit_value(s.p[at], base);
    if (at == from)
        return 0;
    if (code >= 0x80 && code < 0xa0)
        code = windows[code - 0x80];
    else if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        code = REPLACEMENT;
    *ret_code = code;
    return at < s.n && s.p[at] == ';' ? at + 1 : at;
}

static const struct entity *find(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(entities); i++)
        if (str_eq(entities[i].name, name))
            return &entities[i];
    return NULL;
}

size_t html_entity(struct str s, uint32_t *ret_code)
{
    const struct entity *entity;
    size_t n = 1;

    if (s.n > 1 && s.p[1] == '#')
        return number(s, ret_code);
    while (n < s.n && n < 16 && is_alnum(s.p[n]))
        n++;
    if (n < s.n && s.p[n] == ';') {
        entity = find(str_sub(s, 1, n - 1));
        if (entity) {
            *ret_code = entity->code;
            return n + 1;
        }
    }
    for (; n > 2; n--) { /* the longest that counts without a semicolon */
        entity = find(str_sub(s, 1, n - 1));
        if (entity && entity->open) {
            *ret_code = entity->code;
            return n;
        }
    }
    return 0;
}
