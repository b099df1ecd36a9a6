/*
 * The one file in C++: RE2 has no other interface. Its exceptions are those of memory that is used
 * up, which end the program here as everywhere.
 */
#include "base/regex_re2.h"

#include <re2/re2.h>

namespace
{

/* Memory of a pattern: its program, and the states of the automaton that were met. With less than
 * the first, classes of Unicode have no room for their states; few patterns need the second. */
constexpr int64_t budgets[] = {8 << 20, 64 << 20};

re2::StringPiece piece(const char *text, size_t n)
{
    return re2::StringPiece(n ? text : "", n);
}

} // namespace

struct re2_pattern {
    re2_pattern(re2::StringPiece pattern, const RE2::Options &options) : re(pattern, options)
    {
    }

    RE2 re;
};

struct re2_pattern *re2_new(const char *pattern, size_t n)
{
    RE2::Options options;

    options.set_log_errors(false);
    options.set_never_capture(true);
    for (int64_t budget : budgets) {
        options.set_max_mem(budget);
        auto *re = new re2_pattern(piece(pattern, n), options);
        if (re->re.ok())
            return re;
        delete re;
    }
    return nullptr;
}

void re2_free(struct re2_pattern *re)
{
    delete re;
}

size_t re2_size(const struct re2_pattern *re)
{
    return static_cast<size_t>(re->re.ProgramSize());
}

bool re2_found(const struct re2_pattern *re, const char *text, size_t n)
{
    return re->re.Match(piece(text, n), 0, n, RE2::UNANCHORED, nullptr, 0);
}

bool re2_next(const struct re2_pattern *re, const char *text, size_t n, size_t *at, size_t *ret_end)
{
    re2::StringPiece whole = piece(text, n);
    re2::StringPiece found;

    if (!re->re.Match(whole, *at, n, RE2::UNANCHORED, &found, 1))
        return false;
    *at = static_cast<size_t>(found.data() - whole.data());
    *ret_end = *at + found.size();
    return true;
}
