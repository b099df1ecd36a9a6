/*
 * What SQLite makes of values, for those who evaluate a condition without it.
 */
#include "db/sqlite.h"

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
