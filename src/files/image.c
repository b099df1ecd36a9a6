#include "files/image.h"

#include "base/module.h"

static bool start(const void *found, char *why, size_t n)
{
    const struct image_module *image = found;

    return image->start(why, n);
}

static const struct module_kind kind = {.file = IMAGE_MODULE_FILE,
                                        .symbol = IMAGE_MODULE_SYMBOL,
                                        .version = IMAGE_MODULE_VERSION,
                                        .what = "pictures",
                                        .start = start};
static struct module module = MODULE_INIT(&kind, "image.no_module");

void image_module_path(const char *path)
{
    module.path = path;
}

struct err *image_make(struct arena *a, const struct image_task *task)
{
    const struct image_module *found = module_get(&module);
    char why[MODULE_WHY_BYTES];

    if (!found)
        return err_new(a, E_INTERNAL, NULL, "no module for pictures: %s", module.why);
    if (!found->make(task, why, sizeof(why)))
        return err_new(a, E_BAD_REQUEST, NULL, "%s: %s", task->in_path, why);
    return NULL;
}

void image_thread_end(void)
{
    const struct image_module *found = module_find(&module);

    if (found)
        found->thread_end();
}
