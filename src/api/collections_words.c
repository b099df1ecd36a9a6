/*
 * Errors of collections inside of sentences: what a check has found, as PocketBase quotes it.
 */
#include "api/collections.h"
#include "base/limits.h"

#include <stdlib.h>

static int compare_paths(const void *x, const void *y)
{
    const struct err_item *const *a = x;
    const struct err_item *const *b = y;

    return str_cmp((*a)->path, (*b)->path);
}

static void start_line(struct buf *out, size_t depth)
{
    BUF_ADD(out, "\n");
    for (size_t i = 0; i < depth; i++)
        BUF_ADD(out, "  ");
}

/* Until so many are open. */
static void close_objects(struct buf *out, size_t *depth, size_t open)
{
    for (; *depth > open; --*depth) {
        start_line(out, *depth - 1);
        BUF_ADD(out, "}");
    }
}

/* How many parts two paths begin with alike. */
static size_t shared_parts(struct str x, struct str y)
{
    size_t n = 0;

    while (x.p && y.p && str_eq(str_split(&x, '.'), str_split(&y, '.')))
        n++;
    return n;
}

/* Items sorted by path. */
struct str coll_nested_items(struct arena *a, const struct err *err)
{
    VEC(const struct err_item *) items = {0};
    struct str before = STR_NONE;
    size_t depth = 0;
    AUTO_BUF struct buf out;

    buf_init(&out, LIMIT_BODY_BYTES);
    for (const struct err_item *item = err->items; item; item = item->next)
        *VEC_PUSH(a, &items) = item;
    qsort(items.items, items.n, sizeof(*items.items), compare_paths);
    for (size_t i = 0; i < items.n; i++) {
        struct str path = items.items[i]->path;
        size_t same = shared_parts(before, path);

        close_objects(&out, &depth, same + 1);
        buf_add(&out, depth ? STR(",") : STR_NONE);
        before = path;
        for (size_t p = 0; path.p; p++) {
            struct str part = str_split(&path, '.');

            if (p < same)
                continue;
            if (depth <= p) {
                BUF_ADD(&out, "{");
                depth = p + 1;
            }
            start_line(&out, depth);
            json_write_text(&out, part);
            BUF_ADD(&out, ": ");
        }
        json_write_text(&out, schema_check_words(a, items.items[i]));
    }
    close_objects(&out, &depth, 0);
    return arena_dup(a, buf_str(&out));
}

struct str coll_words_of(const struct err *err)
{
    struct str message = str_of(err->message);

    return str_eq(message, STR(ERR_WENT_WRONG)) ? err->cause : message;
}
