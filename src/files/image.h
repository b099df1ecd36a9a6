/*
 * files/image: pictures, by the module reeve-image.so (image/module.h), which is opened the first
 * time that it is needed and stays.
 *
 * It is looked for beside the executable, then where `meson install` puts it.
 */
#ifndef REEVE_FILES_IMAGE_H
#define REEVE_FILES_IMAGE_H

#include "base/arena.h"
#include "base/err.h"
#include "image/module.h"

/* Where the module is instead, a text that stays; NULL: as above. Before anything else here. */
void image_module_path(const char *path);

/* Makes the thumb. Blocks, for as long as max_pixels allow. Any thread that may, many at a time.
 * E_BAD_REQUEST: the picture is none that can be made smaller, or it is too large. E_INTERNAL:
 * there is no module, or another version's; it has been logged the first time. */
MUST_CHECK struct err *image_make(struct arena *a, const struct image_task *task);

/* Frees what pictures have left behind for the calling thread: before it ends, if it may have made
 * any. Does not open the module. */
void image_thread_end(void);

#endif
