/*
 * fuzz/site.h: a data directory with collections that have a field of each type, for targets that
 * need a schema, or ask the engine whether it takes what was made.
 */
#ifndef REEVE_TESTS_FUZZ_SITE_H
#define REEVE_TESTS_FUZZ_SITE_H

#include "api/collections.h"
#include "schema/schema.h"
#include "support/temp.h"

#define FUZZ_NOW_MS INT64_C(1767225600123)

struct fuzz_site {
    struct arena *a;
    struct db *db;
    struct db_conn *reader; /* of the target's thread, its snapshot begun */
    struct schema *schema;  /* users of a fresh directory; posts, tags, and the view stats */
    char dir[TEMP_SIZE];
};

/* Made at the first call; goes with the process. */
const struct fuzz_site *fuzz_site(void);

/* Makes, checks and stores a definition: of the collection `name`, or a new one where there is
 * none. A unit's part. *ret_why, p not NULL: the body could not be decoded. */
MUST_CHECK struct err *fuzz_define(struct arena *a, struct db_conn *tx, const struct schema *schema,
                                   struct str name, const struct json *body, struct str *ret_why);

#endif
