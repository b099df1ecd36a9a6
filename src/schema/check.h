/*
 * schema/check: what the files share that check a definition (collections.md 11).
 */
#ifndef REEVE_SCHEMA_CHECK_H
#define REEVE_SCHEMA_CHECK_H

#include "schema/define.h"
#include "schema/internal.h"

struct check {
    struct arena *a;
    struct db_conn *tx;
    const struct schema_check *in;
    struct schema
        *with; /* for rules, once there is one; NULL: the definition cannot be read whole */
    bool has_with;
    struct err *refused; /* items so far, or NULL */
};

/* check_parts.c. A code that belongs to one check alone; the rows of base/err.h go through
 * err_add_item(). */
void check_refuse(struct check *check, struct str path, const char *code, struct str message,
                  struct str params);
/* An empty text is refused. */
void check_required(struct check *check, struct str path, struct str text);
/* Of `min` to `max` bytes, or empty; else it is refused. Whether it passed. */
bool check_length(struct check *check, struct str path, struct str text, size_t min, size_t max);
/* 0 passes both; what is refused gives false. */
bool check_min(struct check *check, struct str path, double number, double min);
bool check_max(struct check *check, struct str path, double number, double max);
bool check_word(struct str text);                     /* ^\w+$ */
bool check_has_via(struct arena *a, struct str name); /* "_via_" in any case */
/* A rule's text compiles, and of a system collection is what it was. */
void check_rule(struct check *check, struct str path, const struct schema_rule *rule,
                const struct schema_rule *old);

/* `path`.`key`; the key alone where the path is empty. */
struct str path_join(struct arena *a, struct str path, const char *key);
/* What a definition has under a key; of another type or missing: empty, false, 0. Borrowed. */
struct str def_text(const struct json *object, const char *key);
bool def_truth(const struct json *object, const char *key);
double def_number(const struct json *object, const char *key);

/* The parts of schema_check_def(), a file each: what they refuse is added to check->refused. `at`:
 * the field's place in the definition. The error is one of the database. */
void check_fields(struct check *check);
void check_field_options(struct check *check, size_t at);
MUST_CHECK struct err *check_indexes(struct check *check);
void check_auth_options(struct check *check);

#endif
