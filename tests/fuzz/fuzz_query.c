/* Filters: what parses prints, and the print parses to the same thing. */
#include "fuzz/fuzz.h"

#include "query/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct query_node *once, *twice;
    struct str why;

    if (!query_parse(a, fuzz_text(data, size), &once, &why))
        return 0;
    if (!query_parse(a, query_print(a, once), &twice, &why) || !query_eq(once, twice))
        abort();
    return 0;
}
