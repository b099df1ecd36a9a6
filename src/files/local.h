/*
 * files/local: what the files about a data directory's storage share. Private to this folder.
 */
#ifndef REEVE_FILES_LOCAL_H
#define REEVE_FILES_LOCAL_H

#include "files/blob.h"
#include "files/internal.h"

#include "base/limits.h"

#define LOCAL_CAR ".attrs"
#define LOCAL_CAR_MAX (64 * KIB) /* bytes of a side-car */

struct local {
    struct str dir;     /* the data directory */
    const char *folder; /* in it: "storage" */
};

/* local_car.c */
/* Of what is stored under a key; key empty: of storage/ itself. */
const char *local_path(struct arena *a, const struct local *local, struct str key);
/* Of a stored file's side-car. */
const char *local_car_path(struct arena *a, const char *path);
/* A side-car's text. */
struct str local_write_car(struct arena *a, const struct file_content *content,
                           const struct blob_info *info);
/* What a side-car's text says of type and name; nothing where it is none. */
void local_read_car(struct arena *a, struct str text, struct blob_info *info);

/* local_cached.c: blob_ops.open_cached */
bool local_open_cached(struct arena *a, const void *own, struct str key, int *ret_fd,
                       struct blob_info *ret);

#endif
