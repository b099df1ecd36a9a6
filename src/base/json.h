/*
 * base/json: JSON in and out.
 *
 * In: strict RFC 8259 plus compat records.md 3.2: no duplicate keys, no invalid UTF-8, no unpaired
 * surrogates, no number out of float64's range, a bound on depth, not recursive. yyjson does the
 * reading; what travels is ours.
 * Out: compact, the minimal escapes of records.md 3.5.
 */
#ifndef REEVE_BASE_JSON_H
#define REEVE_BASE_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_type {
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_TEXT,
    JSON_LIST,
    JSON_OBJECT,
};

struct json_member;

/* Immutable once made; lives in an arena. */
struct json {
    enum json_type type : 8; /* with `truth` and `n` in eight bytes: there may be millions */
    bool truth : 1;          /* JSON_BOOL */
    uint32_t n;              /* items or members */
    union {
        struct str text;             /* JSON_TEXT: unescaped; JSON_NUMBER: as written */
        struct json *items;          /* JSON_LIST */
        struct json_member *members; /* JSON_OBJECT, in the order they came */
    };
};

struct json_member {
    struct str key;
    struct json value;
};

struct json_limits {
    size_t max_depth; /* the outermost value is level 1 */
    size_t max_values;
    bool allow_duplicates; /* of stored JSON: kept; json_get finds the last */
    bool allow_trailing;   /* the first value counts, what follows is ignored */
    bool allow_range;      /* numbers beyond float64 pass */
    bool mend_texts;       /* unpaired surrogates and bad UTF-8 pass, as U+FFFD */
    bool asks;             /* nothing is read that would pass the memory budget */
};
extern const struct json_limits json_limits_body; /* records.md 3.2: a request body */
extern const struct json_limits
    json_limits_strict;                          /* one value, nothing behind it, no duplicates */
extern const struct json_limits json_limits_raw; /* the same, with texts mended */
extern const struct json_limits json_limits_stored; /* and duplicates and range allowed */

/* Why reading failed; `what` is a constant. */
struct json_fault {
    const char *what;
    size_t byte;
    bool starved; /* for want of memory: the text may be good */
};

/* Reads `text`; all of it must be UTF-8 unless texts are mended. Nodes and texts
 * live in `a` (texts may point into `text` where nothing was unescaped, so `text` must live as
 * long). False: *ret_fault says why (may be NULL). */
bool json_read(struct arena *a, struct str text, const struct json_limits *limits,
               const struct json **ret, struct json_fault *ret_fault);
/* Whether text is one valid JSON value under the limits. Nothing is kept. */
bool json_valid(struct str text, const struct json_limits *limits);

/* Member by key (the last of duplicates), or NULL; NULL too when `object` is no object or NULL. */
const struct json *json_get(const struct json *object, struct str key);
/* The same, ignoring ASCII case: fixed structures (records.md 3.2). */
const struct json *json_get_nocase(const struct json *object, struct str key);
/* A number's value, ±infinity beyond float64; 0 for what is no number. */
double json_double(const struct json *value);

/* Making values, for resolved bodies and answers. Texts are borrowed. */
struct json json_of_null(void);
struct json json_of_bool(bool truth);
struct json json_of_text(struct str text);
/* ±Inf and NaN become numbers whose text is no JSON ("+Inf", "NaN"): check before writing. */
struct json json_of_double(struct arena *a, double number);
struct json json_of_list(struct json *items, size_t n);
struct json json_of_object(struct json_member *members, size_t n);

/* Writing, as records.md 3.5 says. */
void json_write_text(struct buf *out, struct str text); /* with quotes; bad bytes become U+FFFD */
void json_write_double(struct buf *out, double number); /* shortest; ±Inf and NaN: null */
/* Numbers through float64 where `normal`, as written otherwise. Keys in their order, or sorted
 * bytewise where `normal`, the last of duplicates only. */
void json_write(struct buf *out, const struct json *value, bool normal);
/* Stored JSON text: white space removed, strings rewritten in the minimal form, key order,
 * duplicates and number texts kept. False (and nothing written) when it is no valid JSON. */
bool json_write_stored(struct buf *out, struct str text);
/* The same under limits of the caller's; duplicates are not looked for. out NULL: only checks. */
bool json_write_checked(struct buf *out, struct str text, const struct json_limits *limits);

#endif
