/*
 * What SQLite makes of values, for those who evaluate a condition without it, and a function that
 * makes one.
 */
#include "db/sqlite.h"

#include <string.h>

#define REAL_TEXT_MAX 64

struct str sqlite_real_text(struct arena *a, double x)
{
    char text[REAL_TEXT_MAX];

    /* what SQLite writes when it casts; it keeps the decimal point */
    return arena_dup(a, str_of(sqlite3_snprintf(REAL_TEXT_MAX, text, "%!.17g", x)));
}

bool sqlite_like_match(struct str pattern, struct str text, size_t *left, bool *ret)
{
    struct like_work work = {.left = *left};
    struct like *like = like_new(pattern, '\\');
    enum like_result result = like_match(like, text, &work);

    like_free(like);
    *left = work.left;
    *ret = result == LIKE_YES;
    return result != LIKE_STOPPED;
}

/* Errors as SQLite's own has them. */
static void zeroblob_call(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    const int most = sqlite3_limit(sqlite3_context_db_handle(context), SQLITE_LIMIT_LENGTH, -1);
    sqlite3_int64 n = sqlite3_value_int64(argv[0]);
    void *p;

    (void)argc;
    if (n > most) {
        sqlite3_result_error_toobig(context);
        return;
    }
    if (n <= 0) {
        sqlite3_result_blob(context, "", 0, SQLITE_STATIC);
        return;
    }
    p = sqlite3_malloc64((sqlite3_uint64)n);
    if (!p) {
        sqlite3_result_error_nomem(context);
        return;
    }
    memset(p, 0, (size_t)n);
    sqlite3_result_blob64(context, p, (sqlite3_uint64)n, sqlite3_free);
}

int sqlite_blob_register(struct db_eng_conn *conn)
{
    return sqlite3_create_function_v2(conn->db, "zeroblob", 1,
                                      SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL,
                                      zeroblob_call, NULL, NULL, NULL);
}
