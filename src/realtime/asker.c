/*
 * Audiences as the thread for slow questions has them.
 */
#include "realtime/internal.h"

#include "base/memory.h"

void asker_unref(struct asker *asker)
{
    if (atomic_fetch_sub(&asker->refs, 1) == 1)
        memory_free(asker, sizeof(*asker));
}

struct asker *asker_of(struct audience *audience)
{
    struct asker *asker = audience->asker;

    if (!asker) {
        asker = audience->asker = memory_new(sizeof(*asker));
        atomic_init(&asker->refs, 1);
    }
    if (asker->n == 0)
        asker->client = audience->first->client->number;
    return asker;
}

bool aside_waits(const struct audience *audience)
{
    return audience->asker && audience->asker->n > 0;
}

void aside_forget(struct audience *audience)
{
    if (!audience->asker)
        return;
    atomic_store(&audience->asker->is_gone, true);
    asker_unref(TAKE(audience->asker));
}
