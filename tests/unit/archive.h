/*
 * unit/archive: what the tests of zip files share: a folder to work in, the module, files.
 */
#ifndef REEVE_TESTS_UNIT_ARCHIVE_H
#define REEVE_TESTS_UNIT_ARCHIVE_H

#include "archive/archive.h"
#include "base/arena.h"

#include <stdbool.h>

/* For cmocka's group: opens the module of this build. */
int archive_set_up(void **state);

/* A file that has no name any more, empty. It is closed with the arena. */
int archive_temp_file(struct arena *a);
/* A folder, removed with the arena and all that is in it; its descriptor. */
int archive_temp_folder(struct arena *a);
struct str archive_file_bytes(struct arena *a, int fd);
void archive_put_bytes(int fd, struct str bytes);

/* A file of a text, into the archive. */
void archive_add(struct arena *a, struct zip_writer *writer, struct str name, struct str content,
                 struct zip_sum *ret);

/* It must be an error of that kind whose cause has the text. */
void archive_assert_err(struct err *err, enum err_kind kind, const char *text);
void archive_assert_ok(struct err *err);

#endif
