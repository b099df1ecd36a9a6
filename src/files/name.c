/*
 * Names of stored files (data-dir.md 12.3).
 */
#include "files/files.h"

#include "base/buf.h"
#include "base/id.h"

#define CLIENT_NAME_MAX 300
#define EXTENSION_MAX 20
#define BASE_MIN 3
#define BASE_MAX 100
#define RANDOM_LEN 10
#define SEGMENT_MAX 255

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_alnum(char c)
{
    return is_upper(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static struct str from_last(struct str s, size_t n)
{
    return s.n > n ? str_from(s, s.n - n) : s;
}

static struct str random_part(struct arena *a)
{
    return random_text(a, RANDOM_LEN, ALPHABET_ID);
}

/* ".gz", ".tar.gz"; empty where there is no dot. */
static struct str extension_of(struct str name)
{
    size_t dot = str_find_last_byte(name, '.');
    size_t before = str_find_last_byte(str_sub(name, 0, dot), '.');

    return str_from(name, before < dot ? before : dot);
}

/* What may stand in an extension, without dots around it. */
static struct str clean(struct arena *a, struct str extension)
{
    char *out = arena_alloc(a, extension.n);
    size_t n = 0;

    for (size_t i = 0; i < extension.n; i++) {
        char c = extension.p[i];

        if (is_alnum(c) || str_find_byte(STR("_.*-+=#"), c) < 7)
            out[n++] = c;
    }
    return str_trim((struct str){out, n}, STR("."));
}

static struct str safe_extension(struct arena *a, struct str original, struct str from_type)
{
    struct str safe = clean(a, original);

    if (safe.n == 0)
        return from_type;
    if (safe.n + 1 > EXTENSION_MAX)
        safe = str_trim(from_last(safe, EXTENSION_MAX), STR("."));
    return arena_concat(a, STR("."), safe, STR_NONE);
}

/* "My Photo-2" → "my_photo_2", "fooBar" → "foo_bar". */
static struct str snake_case(struct arena *a, struct str text)
{
    char *out = arena_alloc(a, text.n * 2);
    size_t n = 0;
    bool inside = false; /* a word */

    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (!is_alnum(c)) {
            inside = false;
            continue;
        }
        if (n > 0 && (!inside || (is_upper(c) && !is_upper(text.p[i - 1]))))
            out[n++] = '_';
        out[n++] = is_upper(c) ? (char)(c - 'A' + 'a') : c;
        inside = true;
    }
    return (struct str){out, n};
}

struct str file_name(struct arena *a, struct str client_name, struct str extension)
{
    struct str name = from_last(client_name, CLIENT_NAME_MAX);
    struct str original = extension_of(name);
    struct str base = str_trim(str_sub(name, 0, name.n - original.n), STR("."));

    base = snake_case(a, base);
    if (base.n < BASE_MIN)
        base = arena_concat(a, base, random_part(a), STR_NONE);
    base = str_sub(base, 0, BASE_MAX);
    return arena_concat(a, arena_concat(a, base, STR("_"), STR_NONE), random_part(a),
                        safe_extension(a, original, extension));
}

bool file_is_segment(struct str text)
{
    if (text.n == 0 || text.n > SEGMENT_MAX || text.p[0] == '.')
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == '/' || (unsigned char)text.p[i] < 32)
            return false;
    return true;
}
