/*
 * schema/shape: which members a definition has, in which order and of which types: one table drives
 * how a submitted definition is decoded over a stored one and how it is written.
 */
#ifndef REEVE_SCHEMA_SHAPE_H
#define REEVE_SCHEMA_SHAPE_H

#include "schema/internal.h"

enum shape_type {
    SHAPE_TEXT,
    SHAPE_RULE, /* a text or null */
    SHAPE_BOOL,
    SHAPE_BOOL_OR_NULL,
    SHAPE_INT,
    SHAPE_NUMBER, /* or null */
    SHAPE_DATE,   /* any date text; kept in storage form */
    SHAPE_TEXTS,
    SHAPE_OBJECT,    /* of `members` */
    SHAPE_PROVIDERS, /* a list of objects of `members`, found again by their `name` */
    SHAPE_ANY,       /* any object */
};

struct shape {
    const char *key;
    enum shape_type type;
    bool is_secret; /* never shown */
    const struct shape *members;
    size_t n;
};

/* The object that `in` makes of `old` (NULL: of zero values): members of the shape alone, in its
 * order; absent ones stay, null gives zero. False: a value of the wrong type; *ret_why says which
 * (as PocketBase's decoder does), `path` is where the object stands. */
bool shape_merge(struct arena *a, const struct shape *object, const struct json *old,
                 const struct json *in, struct str path, struct json *ret, struct str *ret_why);
void shape_write(struct buf *out, const struct shape *object, const struct json *value,
                 bool with_secrets);

/* The shape of a field of that type, keys sorted as they are stored. */
const struct shape *shape_of_field(const struct field_type *type);
/* The options of an auth collection (collections.md 8), in order. */
extern const struct shape shape_auth_options;

/* Replaces a member of an object that a merge made. */
void shape_set(struct json *object, struct str key, struct json value);
/* `why` for a value of the wrong type. */
struct str shape_mismatch(struct arena *a, const struct json *in, const char *wanted,
                          struct str path);

#endif
