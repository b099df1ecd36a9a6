/*
 * records/edits: submitted bodies, as changes of fields. Private to this folder; any thread.
 */
#ifndef REEVE_RECORDS_EDITS_H
#define REEVE_RECORDS_EDITS_H

#include "records/records.h"

enum rec_op { REC_OP_NONE, REC_OP_SET, REC_OP_APPEND, REC_OP_PREPEND, REC_OP_REMOVE };

/* One submitted key that names a field, converted. */
struct rec_edit {
    const struct schema_field *field;
    enum rec_op op;
    struct value value;    /* SET; a number's operand */
    struct str_list items; /* a list's operand */
    size_t key_length, at; /* order: shorter keys first, then as submitted */
};

struct rec_edits {
    struct rec_edit *items;
    size_t n, cap;
};

/* Hidden fields are for superusers; but everybody chooses a password. */
bool rec_may_set(const struct schema_col *col, const struct schema_field *field, bool superuser);
/* Which field a key names, with its modifier; NULL when none. */
const struct schema_field *rec_key_field(const struct schema_col *col, struct str key,
                                         enum rec_op *ret_op, bool *ret_generate);
/* Hidden fields are left out unless the actor is a superuser. body may be NULL. Texts are borrowed
 * from the body. */
void rec_edits_parse(struct arena *a, const struct schema_col *col, const struct json *body,
                     bool superuser, struct rec_edits *ret);
/* values: one a field, changed in place. */
void rec_edits_apply(struct arena *a, const struct rec_edits *edits, struct value *values);
/* The body as rules see it: the resolved values in place of what was submitted. body may be NULL.
 */
const struct json *rec_resolved_body(struct arena *a, const struct schema_col *col,
                                     const struct json *body, bool superuser,
                                     const struct value *values);

#endif
