/*
 * base/form: bodies of a fixed structure, decoded by a table (auth.md 1.3, records.md 3.2 and 3.3).
 *
 *   struct login { struct str identity, password; };
 *   static const struct form_field fields[] = {
 *       {"identity", FORM_TEXT, offsetof(struct login, identity)}, …};
 *   if (!form_decode(a, fields, COUNT_OF(fields), &input, &login))
 *       … the endpoint's "could not be loaded" answer
 *
 * Names in JSON match whatever their case and without '-' and '_'; names of form pairs and inside
 * @jsonPayload match exactly. Unknown names are ignored. A '.' in a field's name parts objects in
 * JSON ("smtp.port" is {"smtp":{"port":…}}); form pairs name it whole.
 */
#ifndef REEVE_BASE_FORM_H
#define REEVE_BASE_FORM_H

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum form_type {
    FORM_TEXT,   /* struct str */
    FORM_BOOL,   /* bool */
    FORM_INT,    /* int64_t */
    FORM_NUMBER, /* double */
    FORM_TEXTS,  /* struct form_texts; pairs: every value of the name */
    FORM_JSON,   /* const struct json *, NULL for null or absent; from JSON and @jsonPayload only */
};

struct form_texts {
    struct str *items;
    size_t n;
};

struct form_field {
    const char *name;
    enum form_type type;
    size_t offset; /* of the member in the target */
};

struct form_pair {
    struct str name, value;
};

/* A body: JSON or form pairs. Both empty: an empty form. */
struct form_input {
    const struct json *body; /* NULL: no JSON body */
    /* In the order in which they count: the first value of a name wins; @jsonPayload among them. */
    const struct form_pair *pairs;
    size_t n_pairs;
};

/* Fills the members of target, which starts as all zeros. Texts are borrowed from the input or live
 * in `a`. False: a value of the wrong type, a field named twice, JSON that is no object; target is
 * then of no use. */
bool form_decode(struct arena *a, const struct form_field *fields, size_t n,
                 const struct form_input *input, void *target);

/* The same over what target holds: what the input does not name stays; a list is replaced whole. */
bool form_merge(struct arena *a, const struct form_field *fields, size_t n,
                const struct form_input *input, void *target);

#endif
