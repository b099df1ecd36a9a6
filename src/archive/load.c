#include "archive/internal.h"

#include "base/module.h"

static bool start(const void *found, char *why, size_t n)
{
    const struct zip_module *zip = found;

    return zip->start(why, n);
}

static const struct module_kind kind = {.file = ZIP_MODULE_FILE,
                                        .symbol = ZIP_MODULE_SYMBOL,
                                        .version = ZIP_MODULE_VERSION,
                                        .what = "zip files",
                                        .start = start};
static struct module module = MODULE_INIT(&kind, "archive.no_module");

void zip_module_path(const char *path)
{
    module.path = path;
}

struct err *zip_module_get(struct arena *a, const struct zip_module **ret)
{
    *ret = module_get(&module);
    return *ret ? NULL : err_new(a, E_UNAVAILABLE, NULL, "no module for zip files: %s", module.why);
}
