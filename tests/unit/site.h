/*
 * unit/site.h: a data directory with a small site in it, for tests of what works on records. Writes
 * run every unit twice with a rollback between, and compare what both left behind.
 */
#ifndef REEVE_TESTS_SITE_H
#define REEVE_TESTS_SITE_H

#include "unit/unit.h"

#include "records/records.h"
#include "support/temp.h"

/* authors (mentor: authors), tags (unique name), posts (title of 3 to 20; score; meta; hidden note;
 * author: authors, cascade; tags: tags; created, updated), pins (post: posts, required), users. */
struct site {
    struct arena *a;
    char dir[TEMP_SIZE];
    struct db *db;
    struct schema *schema;
    struct rec_actor actor; /* a guest; site_act() makes it somebody */
};
extern struct site site;

#define SITE_NOW_MS 1899999900000LL

/* cmocka's setup and teardown. */
int site_setup(void **state);
int site_teardown(void **state);

void site_ok(const struct err *err);
void site_exec(const char *sql);
/* The schema as it is stored now, for what follows. */
void site_reload(void);
/* A rule or an option: SQL for _collections' column, e.g. "createRule". NULL: null. */
void site_rule(const char *collection, const char *rule, const char *text);
const struct schema_col *site_col(const char *name);
int64_t site_count(const char *sql);
/* The actor is a guest (NULL), a record of users, or a superuser ("super"). */
void site_act(const char *who);

/* The answer as text: a body, or the error's envelope. */
const char *site_create(const char *collection, const char *body);
const char *site_update(const char *collection, const char *id, const char *body);
const char *site_delete(const char *collection, const char *id);
const char *site_write(enum rec_action action, const char *collection, const char *id,
                       const char *body, const char *expand);
const char *site_view(const char *collection, const char *id, const char *expand);
const char *site_list(const char *collection, const char *filter, const char *sort,
                      const char *expand);
const char *site_list_page(const char *collection, const struct rec_list_params *params);

void site_has(const char *answer, const char *part);
void site_lacks(const char *answer, const char *part);

#endif
