/*
 * Zip files from strangers: what the check allows has plain names in order of place, none twice,
 * and no more bytes than there is room for; reading it gives that many, or fails.
 */
#include "fuzz/fuzz.h"

#include "archive/internal.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ROOM (64 * MIB)
#define MOST_ENTRIES 100

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static char module[PATH_MAX + 40];
    char build_dir[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", build_dir, sizeof(build_dir) - 1);

    (void)argc, (void)argv;
    if (n <= 0)
        abort();
    build_dir[n] = '\0';
    for (int up = 0; up < 2; up++) /* from <build>/tests/fuzz_archive */
        *strrchr(build_dir, '/') = '\0';
    (void)snprintf(module, sizeof(module), "%s/%s", build_dir, ZIP_MODULE_FILE);
    if (access(module, R_OK) != 0)
        abort();
    zip_module_path(module);
    return 0;
}

static void check_allowed(const struct zip *zip)
{
    uint64_t bytes = 0;

    if (zip->n > MOST_ENTRIES || zip->bytes > ROOM)
        abort();
    for (size_t i = 0; i < zip->n; i++) {
        const struct zip_entry *entry = &zip->entries[i];

        bytes += entry->sum.size;
        if (zip_name_fault(entry->sum.name) || zip_find(zip, entry->sum.name) != entry)
            abort();
        if (i > 0 && entry->at < zip->entries[i - 1].at + zip->entries[i - 1].packed)
            abort();
    }
    if (bytes != zip->bytes)
        abort();
}

static bool stays_in_bounds(void *user, uint64_t bytes)
{
    if (bytes > *(const uint64_t *)user)
        abort();
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct zip_bounds bounds = {.max_bytes = ROOM, .max_entries = MOST_ENTRIES};
    AUTO(arena_free) struct arena *a = arena_new();
    int fd = memfd_create("archive", MFD_CLOEXEC);
    struct zip *zip;

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    if (!zip_check(a, fd, &bounds, &zip)) {
        struct zip_watch watch = {stays_in_bounds, &zip->bytes};
        struct err *err;

        check_allowed(zip);
        err = zip_verify(a, zip, watch);
        if (err && err->kind != E_BAD_REQUEST)
            abort();
    }
    (void)close(fd);
    return 0;
}
