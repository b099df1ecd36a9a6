/*
 * The format of a URL (records.md 6.8). Two judges must agree: a grammar of the text, whose host
 * part runs as an automaton over the table below, and a URL parser, which also finds the host.
 */
#include "base/compiler.h"
#include "base/format.h"

#include <string.h>

#define URL_MIN_BYTES 4
#define URL_MAX_CHARS 2082

/* --- the host, as the grammar has it ---------------------------------------------------------- */

/* Classes of characters; one character may have several. */
enum {
    ALNUM = 1,  /* ASCII */
    LETTER = 2, /* ASCII, or U+00A1 to U+FFFF */
    NAME = 4,   /* LETTER or a digit */
    MINUS = 8,
    UNDERSCORE = 16,
    DOT = 32,
    LETTER_W = 64,
};

/*
 * A host is an optional prefix of ASCII names, a core of name characters with one or two minus
 * signs between them, and an optional last label of letters. The prefix comes in two forms: P,
 * whose first name may have any run of '-' and '_' inside, and Q, whose names are joined by single
 * '-', '_' or
 * '.', with "www." as a special case.
 */
enum host_state {
    START,
    P_FIRST,
    P_INSIDE,
    P_NAME,
    P_JOINT,
    P_MORE,
    Q_FIRST,
    Q_JOINT,
    Q_SINGLE,
    Q_NAME,
    Q_DOT,
    Q_LAST,
    W_1,
    W_2,
    W_3,
    W_DOT,
    CORE,
    CORE_MINUS,
    CORE_MINUS_2,
    LABEL_DOT,
    LABEL,
};

static const struct {
    unsigned char from, class, to;
} moves[] = {
    {START, ALNUM, P_FIRST},
    {P_FIRST, ALNUM, P_NAME},
    {P_FIRST, ALNUM | MINUS | UNDERSCORE, P_INSIDE},
    {P_INSIDE, ALNUM | MINUS | UNDERSCORE, P_INSIDE},
    {P_INSIDE, ALNUM, P_NAME},
    {P_NAME, MINUS | DOT, P_JOINT},
    {P_JOINT, ALNUM, P_MORE},
    {P_MORE, ALNUM, P_MORE},
    {P_MORE, MINUS | DOT, P_JOINT},

    {START, ALNUM, Q_FIRST},
    {Q_FIRST, ALNUM, Q_NAME},
    {Q_FIRST, MINUS | UNDERSCORE | DOT, Q_JOINT},
    {Q_JOINT, ALNUM, Q_SINGLE},
    {Q_SINGLE, ALNUM, Q_NAME},
    {Q_SINGLE, MINUS | UNDERSCORE | DOT, Q_JOINT},
    {Q_NAME, ALNUM, Q_NAME},
    {Q_NAME, MINUS | UNDERSCORE | DOT, Q_JOINT},
    {Q_NAME, DOT, Q_DOT},
    {Q_DOT, ALNUM, Q_LAST},
    {Q_LAST, ALNUM, Q_LAST},

    {START, LETTER_W, W_1},
    {W_1, LETTER_W, W_2},
    {W_2, LETTER_W, W_3},
    {W_3, DOT, W_DOT},

    {START, NAME, CORE},
    {P_NAME, NAME, CORE},
    {P_MORE, NAME, CORE},
    {Q_LAST, NAME, CORE},
    {W_DOT, NAME, CORE},
    {CORE, NAME, CORE},
    {CORE, MINUS, CORE_MINUS},
    {CORE_MINUS, MINUS, CORE_MINUS_2},
    {CORE_MINUS, NAME, CORE},
    {CORE_MINUS_2, NAME, CORE},
    {CORE, DOT, LABEL_DOT},
    {LABEL_DOT, LETTER, LABEL},
    {LABEL, LETTER, LABEL},
};

static unsigned ascii_class(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return ALNUM | NAME;
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
        return ALNUM | NAME | LETTER | (c == 'w' ? LETTER_W : 0U);
    return c == '-' ? MINUS : c == '_' ? UNDERSCORE : c == '.' ? DOT : 0U;
}

static unsigned host_step(unsigned states, unsigned class)
{
    unsigned next = 0;

    for (size_t i = 0; i < COUNT_OF(moves); i++) {
        if (states & (1U << moves[i].from) && class & moves[i].class)
            next |= 1U << moves[i].to;
    }
    return next;
}

static bool is_host_name(struct str s)
{
    unsigned states = 1U << START;

    for (size_t at = 0, n; at < s.n && states; at += n) {
        unsigned class = ascii_class((unsigned char)s.p[at]);
        uint32_t code;

        n = 1;
        if ((unsigned char)s.p[at] >= 0x80) {
            n = utf8_decode(str_from(s, at), &code);
            if (n == 0)
                return false;
            class = code >= 0xa1 && code <= 0xffff ? LETTER | NAME : 0U;
        }
        states = host_step(states, class);
    }
    return states & (1U << CORE | 1U << LABEL);
}

/* One to three digits up to 255; `first`: no leading zero, and no multicast or reserved network. */
static bool is_octet(struct str s, bool first)
{
    unsigned value = 0;

    if (s.n == 0 || s.n > 3)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        value = value * 10 + (unsigned)(s.p[i] - '0');
    }
    if (value > 255 || (s.n == 3 && s.p[0] == '0'))
        return false;
    return !first || (s.p[0] != '0' && (value < 224 || value > 239));
}

static bool is_ip4(struct str s, bool first_rule)
{
    unsigned n = 0;

    while (s.p) {
        if (!is_octet(str_split(&s, '.'), first_rule && n == 0))
            return false;
        n++;
    }
    return n == 4;
}

/* The groups of one side of "::", or all of them: how many, or 9 when one is none. */
static unsigned count_groups(struct str s)
{
    unsigned n = 0;

    while (s.p && n < 9) {
        struct str group = str_split(&s, ':');

        if (!s.p && str_find_byte(group, '.') < group.n)
            return is_ip4(group, false) ? n + 2 : 9;
        if (group.n == 0 || group.n > 4)
            return 9;
        for (size_t i = 0; i < group.n; i++) {
            if (!memchr("0123456789abcdefABCDEF", group.p[i], 22))
                return 9;
        }
        n++;
    }
    return n;
}

static bool is_ip6(struct str s)
{
    size_t gap = str_find(s, STR("::"));
    unsigned before, after;

    if (gap == s.n)
        return count_groups(s) == 8;
    before = gap ? count_groups(str_sub(s, 0, gap)) : 0;
    after = gap + 2 < s.n ? count_groups(str_from(s, gap + 2)) : 0;
    return before + after < 8;
}

/* A link-local address with a zone, "fe80::1%25eth0": few groups, and the zone of ASCII names. */
static bool is_zoned_ip6(struct str s)
{
    size_t percent = str_find(s, STR("%25"));
    struct str address = str_sub(s, 0, percent);
    size_t colons = 0;

    for (size_t i = 0; i < address.n; i++)
        colons += address.p[i] == ':';
    for (size_t i = percent + 3; i < s.n; i++) {
        if (!(ascii_class((unsigned char)s.p[i]) & ALNUM))
            return false;
    }
    return percent + 3 < s.n && str_starts(address, STR("fe80:")) && colons <= 5 && is_ip6(address);
}

static bool is_host(struct str s)
{
    struct str bare = s;

    if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']') {
        s = str_sub(s, 1, s.n - 2);
        return is_ip6(s) || is_zoned_ip6(s);
    }
    if (str_ends(s, STR(".")))
        bare.n--;
    return is_ip4(bare, true) || is_host_name(bare);
}

/* --- the rest of the grammar ------------------------------------------------------------------ */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static bool has_space(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (is_space(s.p[i]))
            return true;
    }
    return false;
}

/* From the host on: host, port, and a rest that starts with one of "/?#". */
static bool is_host_and_rest(struct str s)
{
    size_t at = 0;
    size_t digits = 0;

    if (s.n && s.p[0] == '[')
        at = str_find_byte(s, ']');
    while (at < s.n && !strchr(":/?#", s.p[at] ? s.p[at] : 'x'))
        at++;
    if (!is_host(str_sub(s, 0, at)))
        return false;
    if (at < s.n && s.p[at] == ':') {
        for (at++; at < s.n && s.p[at] >= '0' && s.p[at] <= '9'; at++)
            digits++;
        if (digits < 1 || digits > 5)
            return false;
    }
    return at == s.n || (strchr("/?#", s.p[at] ? s.p[at] : 'x') && !has_space(str_from(s, at)));
}

/* User information is anything without a space before an '@', and which '@' is not said. */
static bool is_user_and_rest(struct str s)
{
    if (is_host_and_rest(s))
        return true;
    for (size_t at = 0; at < s.n && !is_space(s.p[at]); at++) {
        if (at > 0 && s.p[at] == '@' && is_host_and_rest(str_from(s, at + 1)))
            return true;
    }
    return false;
}

static bool matches_grammar(struct str s)
{
    static const char *const schemes[] = {"ftp://", "tcp://",  "udp://",  "ws://",
                                          "wss://", "http://", "https://"};

    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        struct str scheme = str_of(schemes[i]);

        if (str_starts(s, scheme) && is_user_and_rest(str_from(s, scheme.n)))
            return true;
    }
    return is_user_and_rest(s);
}

/* --- the parser ------------------------------------------------------------------------------- */

struct url {
    struct str host, path;
};

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool escapes_are_valid(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '%' && (i + 2 >= s.n || !is_hex(s.p[i + 1]) || !is_hex(s.p[i + 2])))
            return false;
    }
    return true;
}

/* ASCII letters, digits and `others`; bytes beyond ASCII where `wide`. */
static bool consists_of(struct str s, const char *others, bool wide)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c >= 0x80 ? !wide : !(ascii_class(c) & ALNUM) && (!c || !strchr(others, c)))
            return false;
    }
    return true;
}

static bool parse_authority(struct str s, struct url *url)
{
    size_t at = str_find_last_byte(s, '@');
    size_t colon;

    if (at < s.n) {
        struct str user = str_sub(s, 0, at);

        if (!consists_of(user, "-._:~!$&'()*+,;=%@", false) || !escapes_are_valid(user))
            return false;
        s = str_from(s, at + 1);
    }
    url->host = s;
    colon = str_find_last_byte(s, ':');
    if (s.n && s.p[0] == '[') {
        size_t end = str_find_last_byte(s, ']');

        if (end == s.n || (colon < s.n && colon > end && colon != end + 1))
            return false;
        if (colon < end)
            colon = s.n;
    }
    for (size_t i = colon + 1; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    }
    return consists_of(s, "-._~!$&'()*+,;=:[]<>\"%", true) && escapes_are_valid(s) &&
           (str_starts(s, STR("[")) || str_find_byte(s, '%') == s.n);
}

/* Length of a scheme with its colon, 0 when there is none. */
static size_t scheme_length(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == ':')
            return i ? i + 1 : 0;
        if (!(ascii_class((unsigned char)s.p[i]) & LETTER) &&
            (i == 0 || !consists_of(str_sub(s, i, 1), "+-.", false)))
            return 0;
    }
    return 0;
}

static bool parse_url(struct str s, struct url *url)
{
    size_t hash = str_find_byte(s, '#');
    size_t scheme;

    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
            return false;
    }
    if (!escapes_are_valid(str_from(s, hash)))
        return false;
    s = str_sub(s, 0, hash);
    scheme = scheme_length(s);
    s = str_from(s, scheme);
    s = str_sub(s, 0, str_find_byte(s, '?'));
    *url = (struct url){0};
    if (!str_starts(s, STR("/"))) {
        if (scheme)
            return true; /* opaque: no host, no path */
        if (str_find_byte(s, ':') < str_find_byte(s, '/'))
            return false;
    } else if (str_starts(s, STR("//")) && (scheme || !str_starts(s, STR("///")))) {
        s = str_from(s, 2);
        if (!parse_authority(str_sub(s, 0, str_find_byte(s, '/')), url))
            return false;
        s = str_from(s, str_find_byte(s, '/'));
    }
    url->path = s;
    return escapes_are_valid(s);
}

/* Whether the parser is content, too. A text with a port and no scheme is parsed as if it had one.
 */
static bool parses(struct str text)
{
    char with_scheme[4 * URL_MAX_CHARS + 16] = "http://";
    struct str s = text;
    struct url url;

    if (str_find_byte(s, ':') < s.n && !str_has(s, STR("://")) && s.n <= 4 * URL_MAX_CHARS) {
        memcpy(with_scheme + 7, s.p, s.n);
        s = (struct str){with_scheme, s.n + 7};
    }
    if (!parse_url(s, &url) || str_starts(url.host, STR(".")))
        return false;
    return url.host.n || url.path.n == 0 || str_find_byte(url.path, '.') < url.path.n;
}

bool url_valid(struct str text, struct str *ret_host)
{
    struct url url;

    if (text.n < URL_MIN_BYTES || text.p[0] == '.' || text.n > 4 * URL_MAX_CHARS ||
        utf8_count(text) > URL_MAX_CHARS)
        return false;
    if (!parses(text) || !matches_grammar(text))
        return false;
    *ret_host = parse_url(text, &url) ? url.host : STR("");
    return true;
}
