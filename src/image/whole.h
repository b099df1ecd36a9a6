/*
 * image/whole: which kind of picture a file is, whether it is all there, and which parts of it a
 * decoder needs.
 *
 * libvips makes something of a picture whose end is missing, PocketBase serves the original then.
 * So the frame of each format is walked here; what is inside it is left to the decoder. That gets
 * nothing that makes no pixels: texts, profiles and frames of animations are where a small file
 * hides gigabytes.
 */
#ifndef REEVE_IMAGE_WHOLE_H
#define REEVE_IMAGE_WHOLE_H

#include "image/plan.h"

#define PICTURE_PIECES 128 /* a PNG needs 5 at most, a JPEG seldom more */

enum picture_kind { PICTURE_JPEG, PICTURE_PNG, PICTURE_GIF, PICTURE_WEBP };

/* n bytes of the file from `at` on. */
struct picture_piece {
    uint64_t at, n;
};

struct picture {
    enum picture_kind kind;
    struct plan_area frame; /* a GIF's first one, on its canvas: for PocketBase it is the picture */
    struct picture_piece pieces[PICTURE_PIECES]; /* for the decoder, in order */
    size_t n_pieces;
    uint64_t n;            /* bytes of all pieces */
    const char *end;       /* a constant text that follows them; mostly empty */
    bool is_interlaced;    /* a PNG: it is held as a whole */
    uint64_t coefficients; /* bytes that a JPEG's take, if they must be held all at once; else 0 */
};

/* Reads what it needs of the file's n bytes, a few KiB at a time. NULL: it is whole, up to the end
 * of its first frame. Else what is wrong with it, a constant. Any thread that may block. */
const char *picture_look(int fd, uint64_t n, struct picture *ret);

#endif
