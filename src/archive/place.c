/*
 * Files below a folder. No link is followed, and no file is written over: what is found there and
 * was not made here is a failure, or a folder.
 *
 * The files of a folder come one after the other, mostly: the last folder stays open.
 */
#include "archive/internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MODE 0644
#define FOLDER_MODE 0755

void zip_place_init(struct zip_place *place, int root)
{
    *place = (struct zip_place){.root = root, .folder = root, .at = STR_NONE};
}

void zip_place_done(struct zip_place *place)
{
    if (place->folder != place->root)
        (void)close(place->folder); /* nothing was written to it */
    zip_place_init(place, place->root);
}

static const char *as_segment(char buf[LIMIT_ZIP_SEGMENT_BYTES + 1], struct str segment)
{
    assert(segment.n <= LIMIT_ZIP_SEGMENT_BYTES); /* zip_name_fault() has seen to it */
    memcpy(buf, segment.p, segment.n);
    buf[segment.n] = '\0';
    return buf;
}

static int open_folder(int in, struct str name)
{
    char buf[LIMIT_ZIP_SEGMENT_BYTES + 1];
    const char *segment = as_segment(buf, name);

    if (mkdirat(in, segment, FOLDER_MODE) != 0 && errno != EEXIST)
        return -1;
    return openat(in, segment, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool enter(struct zip_place *place, struct str path)
{
    struct str rest = path;

    zip_place_done(place);
    while (rest.n > 0) {
        int deeper = open_folder(place->folder, str_split(&rest, '/'));
        int failed = errno;

        zip_place_done(place);
        if (deeper < 0) {
            errno = failed;
            return false;
        }
        place->folder = deeper;
    }
    place->at = path;
    return true;
}

int zip_place_create(struct zip_place *place, struct str name)
{
    char buf[LIMIT_ZIP_SEGMENT_BYTES + 1];
    size_t slash = str_find_last_byte(name, '/');
    struct str path = slash < name.n ? str_sub(name, 0, slash) : STR_NONE;
    struct str file = slash < name.n ? str_from(name, slash + 1) : name;

    if (!str_eq(path, place->at) && !enter(place, path))
        return -1;
    return openat(place->folder, as_segment(buf, file),
                  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
}
