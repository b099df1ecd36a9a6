/*
 * image/module: what the program and its module for pictures, reeve-image.so, know of each other.
 *
 * The module is a file of its own since the library that it calls brings a hundred others: who has
 * no pictures neither installs nor loads them. It needs no function of the program, and of this
 * header nothing but C's own types. files/image.h opens it.
 *
 * A picture in JPEG, PNG, GIF or WebP becomes a smaller or larger one as PocketBase makes it
 * (services.md 3.3). Of an animation the first frame counts, a JPEG is turned as its EXIF says,
 * nothing but pixels goes into the new file.
 */
#ifndef REEVE_IMAGE_MODULE_H
#define REEVE_IMAGE_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_MODULE_VERSION 1 /* of what stands below */
#define IMAGE_MODULE_FILE "reeve-image.so"
#define IMAGE_MODULE_SYMBOL "reeve_image_module"

/* Which part of a picture of another shape stays. IMAGE_FIT: all of it, and it is never enlarged.
 */
enum image_cut { IMAGE_CENTRE, IMAGE_TOP, IMAGE_BOTTOM, IMAGE_FIT };

/* JPEG has quality 95 and no transparency, GIF 256 colours. */
enum image_format { IMAGE_PNG, IMAGE_JPEG, IMAGE_GIF };

struct image_task {
    const char *in_path;
    const char *out_path;   /* made, or written over; after a failure it is not there */
    unsigned width, height; /* pixels. 0: as the ratio has it, `cut` means nothing; not both */
    enum image_cut cut;
    enum image_format out;
    uint64_t max_pixels; /* of the picture, and of what is made of it */
    /* The same, as they lie in memory, and what decoding takes besides some MiB that it always
     * does: a picture is refused for its head. */
    uint64_t max_bytes;
};

/*
 * `why` takes a failure's reason, a text of at most n bytes with its NUL; n is at least 1.
 * Only `make` looks at what strangers have sent.
 */
struct image_module {
    unsigned version; /* IMAGE_MODULE_VERSION: with another one the rest must not be called */
    /* Once, before the others. */
    bool (*start)(char *why, size_t n);
    /* Any thread that may block, many at a time. It cannot be interrupted: max_pixels is what
     * bounds its time. */
    bool (*make)(const struct image_task *task, char *why, size_t n);
    /* On a thread that has called `make`, before it ends. */
    void (*thread_end)(void);
};

extern const struct image_module reeve_image_module;

#endif
