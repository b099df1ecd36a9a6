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

bool sqlite_like_match(const char *pattern, const char *text)
{
    return sqlite3_strlike(pattern, text, '\\') == 0;
}
