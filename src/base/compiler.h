/*
 * base/compiler: the GNU extensions that the tree uses, in one place.
 */
#ifndef REEVE_BASE_COMPILER_H
#define REEVE_BASE_COMPILER_H

#include <stddef.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF(at, first) __attribute__((format(printf, at, first)))
#define NORETURN __attribute__((noreturn))
#define UNUSED __attribute__((unused))

#define LIKELY(condition) __builtin_expect(!!(condition), 1)
/* Off the usual way: kept out of its caller, which then saves no registers for it. */
#define RARELY __attribute__((cold, noinline))
/* Runs before main(). */
#define AT_START __attribute__((constructor))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* AUTO(f) calls f(x) on every way out of the scope unless x is NULL by then. */
#define AUTO(f) __attribute__((cleanup(auto_##f)))
#define AUTO_DEFINE(f, T)                \
    static inline void auto_##f(T *slot) \
    {                                    \
        if (*slot)                       \
            f(*slot);                    \
    }

/* Yields the pointer and leaves NULL behind: ownership moves on. */
#define TAKE(pointer)                           \
    __extension__({                             \
        __typeof__(pointer) taken_ = (pointer); \
        (pointer) = NULL;                       \
        taken_;                                 \
    })

/* Our own functions broke a promise: prints where, then aborts. Never for what comes from outside.
 */
#define BUG(what) bug_at(what, __FILE__, __LINE__)
NORETURN void bug_at(const char *what, const char *file, int line);

/* The high and the low half of a * b, xored: the mixing step of hashes. */
static inline unsigned long long mul_fold(unsigned long long a, unsigned long long b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;

    return (unsigned long long)product ^ (unsigned long long)(product >> 64);
}

#endif
