/*
 * Values come from two worlds: JSON, where types must fit exactly, and texts of form pairs, which
 * are parsed as Go's strconv does. Each form_type is one row with a function for either.
 */
#include "base/form.h"

#include "base/compiler.h"
#include "base/num.h"

#include <string.h>

/* --- from JSON; null was dealt with before --------------------------------------------------- */

static bool text_of_json(struct arena *a, const struct json *in, void *out)
{
    (void)a;
    if (in->type != JSON_TEXT)
        return false;
    *(struct str *)out = in->text;
    return true;
}

static bool bool_of_json(struct arena *a, const struct json *in, void *out)
{
    (void)a;
    if (in->type != JSON_BOOL)
        return false;
    *(bool *)out = in->truth;
    return true;
}

/* "1.0" and "1e2" are no integers here. */
static bool int_of_json(struct arena *a, const struct json *in, void *out)
{
    (void)a;
    return in->type == JSON_NUMBER && num_parse_i64(in->text, out);
}

static bool number_of_json(struct arena *a, const struct json *in, void *out)
{
    (void)a;
    return in->type == JSON_NUMBER && num_parse_json(in->text, out);
}

static bool texts_of_json(struct arena *a, const struct json *in, void *out)
{
    struct form_texts texts = {0};

    if (in->type != JSON_LIST)
        return false;
    texts.items = ARENA_ARRAY(a, struct str, in->n);
    for (texts.n = 0; texts.n < in->n; texts.n++) {
        const struct json *item = &in->items[texts.n];

        if (item->type != JSON_TEXT && item->type != JSON_NULL)
            return false;
        texts.items[texts.n] = item->type == JSON_TEXT ? item->text : STR("");
    }
    *(struct form_texts *)out = texts;
    return true;
}

static bool json_of_json(struct arena *a, const struct json *in, void *out)
{
    (void)a;
    *(const struct json **)out = in;
    return true;
}

/* --- from a pair's text ---------------------------------------------------------------------- */

static bool text_of_pair(struct arena *a, struct str in, void *out)
{
    (void)a;
    *(struct str *)out = in;
    return true;
}

static bool bool_of_pair(struct arena *a, struct str in, void *out)
{
    static const struct {
        struct str text;
        bool truth;
    } words[] = {
        {STR_INIT(""), false},      {STR_INIT("1"), true},      {STR_INIT("t"), true},
        {STR_INIT("T"), true},      {STR_INIT("true"), true},   {STR_INIT("TRUE"), true},
        {STR_INIT("True"), true},   {STR_INIT("0"), false},     {STR_INIT("f"), false},
        {STR_INIT("F"), false},     {STR_INIT("false"), false}, {STR_INIT("FALSE"), false},
        {STR_INIT("False"), false},
    };

    (void)a;
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (str_eq(words[i].text, in)) {
            *(bool *)out = words[i].truth;
            return true;
        }
    }
    return false;
}

/* Cuts the base's prefix off: 0x, 0o, 0b, or the old octal's single 0, which stays a digit. */
static unsigned take_base(struct str *digits)
{
    static const struct {
        char letter;
        unsigned base;
    } bases[] = {{'x', 16}, {'o', 8}, {'b', 2}};

    if (digits->n < 2 || digits->p[0] != '0')
        return 10;
    for (size_t i = 0; i < COUNT_OF(bases); i++) {
        if ((digits->p[1] | 0x20) == bases[i].letter) {
            *digits = str_from(*digits, 2);
            return bases[i].base;
        }
    }
    return 8;
}

static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 99;
}

/* Digits with single underscores between them, or between the base's prefix and them. */
static bool parse_digits(struct str digits, unsigned base, bool after_prefix, uint64_t *ret)
{
    bool may_underscore = after_prefix;
    uint64_t value = 0;

    for (size_t i = 0; i < digits.n; i++) {
        unsigned digit = digit_value(digits.p[i]);

        if (digits.p[i] == '_' && may_underscore) {
            may_underscore = false;
            continue;
        }
        if (digit >= base || value > (UINT64_MAX - digit) / base)
            return false;
        value = value * base + digit;
        may_underscore = true;
    }
    *ret = value;
    return digits.n > 0 && digits.p[digits.n - 1] != '_';
}

/* As Go's strconv.ParseInt(text, 0, 64). */
static bool int_of_pair(struct arena *a, struct str in, void *out)
{
    bool negative = in.n > 0 && in.p[0] == '-';
    struct str digits = in.n > 0 && (negative || in.p[0] == '+') ? str_from(in, 1) : in;
    size_t before = digits.n;
    unsigned base = take_base(&digits);
    uint64_t value = 0;

    (void)a;
    if (in.n > 0 && !parse_digits(digits, base, digits.n < before, &value))
        return false;
    if (value > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    *(int64_t *)out = (int64_t)(negative ? 0 - value : value);
    return true;
}

static bool number_of_pair(struct arena *a, struct str in, void *out)
{
    (void)a;
    *(double *)out = 0;
    return in.n == 0 || num_parse_loose(in, out);
}

/* The list's room is the power of two at or above n, so it moves when n reaches one. */
static bool texts_of_pair(struct arena *a, struct str in, void *out)
{
    struct form_texts *texts = out;

    if ((texts->n & (texts->n - 1)) == 0) {
        struct str *items = ARENA_ARRAY(a, struct str, texts->n > 0 ? texts->n * 2 : 1);

        if (texts->n > 0)
            memcpy(items, texts->items, texts->n * sizeof(*items));
        texts->items = items;
    }
    texts->items[texts->n++] = in;
    return true;
}

static bool json_of_pair(struct arena *a, struct str in, void *out)
{
    (void)a;
    (void)in;
    (void)out;
    return false;
}

/* --- the table of types ---------------------------------------------------------------------- */

static const struct {
    size_t size;
    bool (*of_json)(struct arena *a, const struct json *in, void *out);
    bool (*of_pair)(struct arena *a, struct str in, void *out);
} types[] = {
    [FORM_TEXT] = {sizeof(struct str), text_of_json, text_of_pair},
    [FORM_BOOL] = {sizeof(bool), bool_of_json, bool_of_pair},
    [FORM_INT] = {sizeof(int64_t), int_of_json, int_of_pair},
    [FORM_NUMBER] = {sizeof(double), number_of_json, number_of_pair},
    [FORM_TEXTS] = {sizeof(struct form_texts), texts_of_json, texts_of_pair},
    [FORM_JSON] = {sizeof(const struct json *), json_of_json, json_of_pair},
};

struct form {
    struct arena *a;
    const struct form_field *fields;
    size_t n;
    char *target;
};

static void *slot(const struct form *form, size_t at)
{
    return form->target + form->fields[at].offset;
}

static void clear(const struct form *form, size_t at)
{
    memset(slot(form, at), 0, types[form->fields[at].type].size);
}

/* --- names ----------------------------------------------------------------------------------- */

/* The next letter of a folded name, 0 at its end: lower case, no '-' and '_', and the two letters
 * outside ASCII that fold into it (long s, Kelvin sign). */
static char next_folded(struct str *rest)
{
    char c;

    while (rest->n > 0 && (rest->p[0] == '-' || rest->p[0] == '_'))
        *rest = str_from(*rest, 1);
    if (rest->n == 0)
        return '\0';
    if (str_starts(*rest, STR("\xc5\xbf"))) {
        *rest = str_from(*rest, 2);
        return 's';
    }
    if (str_starts(*rest, STR("\xe2\x84\xaa"))) {
        *rest = str_from(*rest, 3);
        return 'k';
    }
    c = rest->p[0];
    *rest = str_from(*rest, 1);
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool folded_eq(struct str x, struct str y)
{
    while (x.n > 0 || y.n > 0)
        if (next_folded(&x) != next_folded(&y))
            return false;
    return true;
}

/* The part of a field's name that stands behind a group's prefix; p NULL: it is not in there. */
static struct str part_behind(struct str name, struct str group)
{
    return str_starts(name, group) ? str_from(name, group.n) : STR_NONE;
}

/* The field of that name in a group ("smtp.", or ""), or the first of those that are in a group of
 * that name; form->n when it is unknown. An exact match goes before a folded one. */
static size_t find_member(const struct form *form, struct str group, struct str name, bool exactly)
{
    struct str behind = name;
    const char first = next_folded(&behind); /* names of fields begin with a letter */

    for (int folded = 0; folded <= (exactly ? 0 : 1); folded++)
        for (size_t i = 0; i < form->n; i++) {
            struct str rest = part_behind(str_of(form->fields[i].name), group);
            struct str part = STR_NONE;

            if (rest.n > 0 && (rest.p[0] | 0x20) == first)
                part = str_split(&rest, '.');
            if (part.p && (folded ? folded_eq(part, name) : str_eq(part, name)))
                return i;
        }
    return form->n;
}

static size_t find_field(const struct form *form, struct str name)
{
    for (size_t i = 0; i < form->n; i++)
        if (str_eq(str_of(form->fields[i].name), name))
            return i;
    return form->n;
}

/* --- decoding -------------------------------------------------------------------------------- */

struct seen {
    bool *fields;
    bool *groups; /* by the first field of each */
};

static struct seen seen_new(const struct form *form)
{
    return (struct seen){ARENA_ARRAY(form->a, bool, form->n), ARENA_ARRAY(form->a, bool, form->n)};
}

static bool decode_group(const struct form *form, struct str group, const struct json *body,
                         bool exactly, struct seen *seen);

/* A member of an object: a field's value, or an object of them. False: it cannot be read, or is
 * there for the second time. */
static bool decode_member(const struct form *form, struct str group,
                          const struct json_member *member, bool exactly, struct seen *seen)
{
    size_t at = find_member(form, group, member->key, exactly);
    struct str name, rest;
    bool *once;

    if (at == form->n)
        return true;
    name = str_of(form->fields[at].name);
    rest = str_from(name, group.n);
    (void)str_split(&rest, '.');
    once = rest.p ? &seen->groups[at] : &seen->fields[at];
    if (*once)
        return false;
    *once = true;
    if (rest.p)
        return decode_group(form, str_sub(name, 0, name.n - rest.n), &member->value, exactly, seen);
    if (member->value.type == JSON_NULL)
        clear(form, at);
    else if (!types[form->fields[at].type].of_json(form->a, &member->value, slot(form, at)))
        return false;
    return true;
}

/* What is in a group, whose name ends in '.'; empty: the whole form. null clears it. */
static bool decode_group(const struct form *form, struct str group, const struct json *body,
                         bool exactly, struct seen *seen)
{
    if (body->type == JSON_NULL) {
        for (size_t i = 0; i < form->n; i++)
            if (part_behind(str_of(form->fields[i].name), group).p)
                clear(form, i);
        return true;
    }
    if (body->type != JSON_OBJECT)
        return false;
    for (uint32_t i = 0; i < body->n; i++)
        if (!decode_member(form, group, &body->members[i], exactly, seen))
            return false;
    return true;
}

static bool decode_json(const struct form *form, const struct json *body, bool exactly)
{
    struct seen seen = seen_new(form);

    return decode_group(form, STR(""), body, exactly, &seen);
}

static bool decode_pairs(const struct form *form, const struct form_input *input)
{
    bool *seen = ARENA_ARRAY(form->a, bool, form->n);

    for (size_t i = 0; i < input->n_pairs; i++) {
        size_t at = find_field(form, input->pairs[i].name);

        if (at == form->n || (seen[at] && form->fields[at].type != FORM_TEXTS))
            continue;
        if (!seen[at])
            clear(form, at);
        seen[at] = true;
        if (!types[form->fields[at].type].of_pair(form->a, input->pairs[i].value, slot(form, at)))
            return false;
    }
    return true;
}

/* Payloads come after all pairs, each over what is there. */
static bool decode_payloads(const struct form *form, const struct form_input *input)
{
    for (size_t i = 0; i < input->n_pairs; i++) {
        const struct json *payload;

        if (!str_eq(input->pairs[i].name, STR("@jsonPayload")))
            continue;
        if (!json_read(form->a, input->pairs[i].value, &json_limits_strict, &payload, NULL) ||
            !decode_json(form, payload, true))
            return false;
    }
    return true;
}

bool form_merge(struct arena *a, const struct form_field *fields, size_t n,
                const struct form_input *input, void *target)
{
    const struct form form = {.a = a, .fields = fields, .n = n, .target = target};

    if (input->body)
        return decode_json(&form, input->body, false);
    return decode_pairs(&form, input) && decode_payloads(&form, input);
}

bool form_decode(struct arena *a, const struct form_field *fields, size_t n,
                 const struct form_input *input, void *target)
{
    const struct form form = {.a = a, .fields = fields, .n = n, .target = target};

    for (size_t i = 0; i < n; i++)
        clear(&form, i);
    return form_merge(a, fields, n, input, target);
}
