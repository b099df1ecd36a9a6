/*
 * image/plan: which part of a picture is taken, what it is scaled to, and what of that is kept.
 *
 * The arithmetic is PocketBase's, rounding included (services.md 3.3), in pixels of the picture as
 * it is seen, that is after it has been turned.
 */
#ifndef REEVE_IMAGE_PLAN_H
#define REEVE_IMAGE_PLAN_H

#include "image/module.h"

struct plan_area {
    int x, y, width, height;
};

struct plan {
    struct plan_area take; /* of the picture */
    int width, height;     /* what that is scaled to */
    struct plan_area keep; /* of the scaled one: the thumb */
};

/* For a picture of this size, both sides at least 1. False: the thumb would be beyond the task's
 * limits, or its sides beyond what can be counted. */
bool plan_make(const struct image_task *task, int width, int height, struct plan *ret);

/* How a picture is stored whose EXIF orientation is 1 to 8; any other number counts as 1. */
bool plan_is_on_its_side(int orientation);
/* The area of the stored picture that is seen as `area` of one of width * height. */
struct plan_area plan_stored(struct plan_area area, int width, int height, int orientation);

#endif
