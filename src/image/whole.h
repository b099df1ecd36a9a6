/*
 * image/whole: which kind of picture some bytes are, and whether they are all there.
 *
 * libvips makes something of a picture whose end is missing, PocketBase serves the original then.
 * So the frame of each format is walked here; what is inside it is left to the decoder.
 */
#ifndef REEVE_IMAGE_WHOLE_H
#define REEVE_IMAGE_WHOLE_H

#include "image/plan.h"

enum picture_kind { PICTURE_JPEG, PICTURE_PNG, PICTURE_GIF, PICTURE_WEBP };

struct picture {
    enum picture_kind kind;
    struct plan_area frame; /* a GIF's first one, on its canvas: for PocketBase it is the picture */
};

/* NULL: it is whole, up to the end of its first frame. Else what is wrong with it, a constant. */
const char *picture_look(const unsigned char *bytes, size_t n, struct picture *ret);

#endif
