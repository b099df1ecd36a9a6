/*
 * Names of public files: what a path names, as PocketBase reads it, and what a name says.
 */
#include "api/public.h"

#define HASH_BYTES 8
#define Q_WHOLE 1000

/* --- what a path names ------------------------------------------------------------------------ */

/* One segment after the others; "..": back to before the last one. False: there is none. */
static bool add_segment(struct buf *out, struct str segment)
{
    if (segment.n == 0 || str_eq(segment, STR(".")))
        return true;
    if (str_eq(segment, STR(".."))) {
        size_t slash = str_find_last_byte(buf_str(out), '/');

        if (out->n == 0)
            return false;
        out->n = slash < out->n ? slash : 0;
        return true;
    }
    if (out->n > 0)
        buf_add_byte(out, '/');
    buf_add(out, segment);
    return true;
}

bool public_name(struct arena *a, struct str path, struct str *ret)
{
    AUTO_BUF struct buf out;

    buf_init(&out, path.n + 1);
    for (int i = 0; i < 2 && str_starts(path, STR("/")); i++)
        path = str_from(path, 1); /* the second was escaped */
    if (str_starts(path, STR("/")))
        return false;
    for (struct str rest = path; rest.p;)
        if (!add_segment(&out, str_split(&rest, '/')))
            return false;
    *ret = out.n > 0 ? arena_dup(a, buf_str(&out)) : STR(".");
    return str_find_byte(*ret, '\0') == ret->n && utf8_valid(*ret);
}

/* --- what a name says ------------------------------------------------------------------------- */

struct str public_base(struct str name)
{
    size_t slash = str_find_last_byte(name, '/');

    return slash < name.n ? str_from(name, slash + 1) : name;
}

/* Digits among letters: a word or a date is none. */
static bool is_hash(struct str text)
{
    bool digits = false, letters = false;

    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (c >= '0' && c <= '9')
            digits = true;
        else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
            letters = true;
        else
            return false;
    }
    return text.n >= HASH_BYTES && digits && letters;
}

bool public_is_hashed(struct str name)
{
    struct str base = public_base(name);
    struct str stem = str_sub(base, 0, str_find_last_byte(base, '.'));
    size_t dot = str_find_last_byte(stem, '.'), dash = str_find_last_byte(stem, '-');
    size_t at = dot == stem.n || (dash < stem.n && dash > dot) ? dash : dot;

    return stem.n < base.n && at < stem.n && is_hash(str_from(stem, at + 1));
}

/* --- what a client takes ---------------------------------------------------------------------- */

/* "0.5" in thousandths; what is none is 1. */
static unsigned read_q(struct str text)
{
    unsigned q = 0, unit = Q_WHOLE;

    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (i == 1 ? c != '.' : c < '0' || c > '9')
            return Q_WHOLE;
        if (i == 1)
            continue;
        q += (unsigned)(c - '0') * unit;
        unit /= 10;
    }
    return text.n > 0 && q < Q_WHOLE ? q : Q_WHOLE;
}

static unsigned quality_of(struct str parameters)
{
    while (parameters.p) {
        struct str one = str_trim_space(str_split(&parameters, ';'));

        if (str_starts_nocase(one, STR("q=")))
            return read_q(str_from(one, 2));
    }
    return Q_WHOLE;
}

unsigned public_quality(struct str accepted, struct str coding)
{
    unsigned any = 0;

    while (accepted.p) {
        struct str rest = str_split(&accepted, ',');
        struct str name = str_trim_space(str_split(&rest, ';'));

        if (str_eq_nocase(name, coding))
            return quality_of(rest);
        if (str_eq(name, STR("*")))
            any = quality_of(rest);
    }
    return any;
}
