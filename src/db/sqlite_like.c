/*
 * LIKE for SQLite, with the same results: in linear time, and under the limits of statements, which
 * SQLite cannot look at while a function runs.
 *
 * As in SQLite built with LIKE_DOESNT_MATCH_BLOBS: a blob on either side is no match, NULL gives
 * NULL, a number is its text, a pattern over the limit and an ESCAPE of more than a character are
 * errors.
 */
#include "db/sqlite.h"

#include "base/limits.h"
#include "db/like_pattern.h"

static struct str value_text(sqlite3_value *value)
{
    const unsigned char *p = sqlite3_value_text(value);

    return (struct str){(const char *)p, (size_t)sqlite3_value_bytes(value)};
}

/* A pattern is kept as long as the statement runs, where it is the same for all rows. What is
 * stopped ends as the progress handler ends a statement: sqlite_err() says which limit was passed.
 */
static void like_run(sqlite3_context *context, struct str pattern, struct str text, uint32_t escape)
{
    struct db_eng_conn *conn = sqlite3_user_data(context);
    struct like *kept = sqlite3_get_auxdata(context, 0);
    struct like *like = kept;

    if (text.n > LIMIT_INLINE_BYTES && sqlite_over_budget(conn)) {
        sqlite3_result_error_code(context, SQLITE_INTERRUPT);
        return;
    }
    if (!like)
        like = like_new(pattern, escape);
    switch (like_match(like, text, &conn->like_work)) {
    case LIKE_NO:
        sqlite3_result_int(context, 0);
        break;
    case LIKE_YES:
        sqlite3_result_int(context, 1);
        break;
    case LIKE_STOPPED:
        sqlite3_result_error_code(context, SQLITE_INTERRUPT);
        break;
    }
    if (!kept)
        sqlite3_set_auxdata(context, 0, like, like_free); /* may free it at once */
}

/* like(pattern, text [, escape]) */
static void like_call(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    sqlite3 *db = sqlite3_context_db_handle(context);
    struct str pattern, text;
    uint32_t escape = 0;

    if (sqlite3_value_type(argv[0]) == SQLITE_BLOB || sqlite3_value_type(argv[1]) == SQLITE_BLOB) {
        sqlite3_result_int(context, 0);
        return;
    }
    if (sqlite3_value_bytes(argv[0]) > sqlite3_limit(db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, -1)) {
        sqlite3_result_error(context, "LIKE or GLOB pattern too complex", -1);
        return;
    }
    if (argc == 3) {
        const unsigned char *given = sqlite3_value_text(argv[2]);

        if (!given)
            return;
        escape = like_code(&given);
        if (escape == 0 || *given) { /* none, or more than one; a NUL ends it */
            sqlite3_result_error(context, "ESCAPE expression must be a single character", -1);
            return;
        }
    }
    pattern = value_text(argv[0]);
    text = value_text(argv[1]);
    if (pattern.p && text.p)
        like_run(context, pattern, text, escape);
}

static bool more_work(struct like_work *work)
{
    struct db_eng_conn *conn = work->user;

    work->left = LIMIT_LIKE_LOOK_BYTES;
    return db_watch_check(conn->watch) == DB_GO_ON;
}

int sqlite_like_register(struct db_eng_conn *conn)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int rc = SQLITE_OK;

    conn->like_work =
        (struct like_work){.left = LIMIT_LIKE_LOOK_BYTES, .more = more_work, .user = conn};
    for (int argc = 2; argc <= 3 && rc == SQLITE_OK; argc++)
        rc = sqlite3_create_function_v2(conn->db, "like", argc, flags, conn, like_call, NULL, NULL,
                                        NULL);
    return rc;
}
