/*
 * cli/inspect: a data directory that is only looked at. Nothing is made or written there; a server
 * may run on it meanwhile.
 */
#ifndef REEVE_CLI_INSPECT_H
#define REEVE_CLI_INSPECT_H

#include "base/err.h"
#include "cli/options.h"
#include "db/db.h"
#include "schema/schema.h"

/* One state of the database, and the collections in it. */
struct inspect {
    struct db *db;
    struct db_conn *conn;  /* the calling thread's; inside a snapshot */
    struct schema *schema; /* as that snapshot has it; published nowhere */
};

/* options: must outlive it. An error where there is no data.db, or one that this version cannot
 * read; its cause is for a person. inspect_close() in any case, on the same thread. */
MUST_CHECK struct err *inspect_open(struct arena *a, const struct options *options,
                                    struct inspect *ret);
/* Gives back what was opened, be it all or nothing. */
void inspect_close(struct inspect *inspect);

#endif
