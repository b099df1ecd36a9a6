/*
 * files/thumb_size: what "100x50t" means (data-dir.md 12.4): WxH, either of them 0 where the ratio
 * is to be kept, and how a picture of another shape is cut: t, b, f (services.md 3.3).
 */
#ifndef REEVE_FILES_THUMB_SIZE_H
#define REEVE_FILES_THUMB_SIZE_H

#include "base/str.h"
#include "image/module.h"

struct thumb_size {
    unsigned width, height; /* at most LIMIT_THUMB_SIDE; not both 0 */
    enum image_cut cut;
};

/* Whether a file field may name that size: PocketBase's grammar, which has no bound on a side and
 * refuses no zeros but "0x0" with or without a letter. */
bool thumb_size_is(struct str text);
/* False: there is no such thumb, the original is served. That is what else a field may name, too:
 * no side at all as "00x0", and a side beyond the limit, for which PocketBase would ask the system
 * for any amount of memory. */
bool thumb_size_read(struct str text, struct thumb_size *ret);

#endif
