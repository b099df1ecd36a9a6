#include "image/plan.h"

#include <math.h>

#define MOST_ON_A_SIDE 10000000.0 /* libvips makes no wider picture */
#define CROPPED_FIRST 100         /* pixels on both sides: then the crop comes before the scaling */
#define BYTES_A_PIXEL ((uint64_t)4) /* of a thumb */

struct shape {
    double width, height;
};

static double at_least_one(double side)
{
    return side < 1 ? 1 : side;
}

static double rounded(double side)
{
    return at_least_one(floor(side + 0.5));
}

/* The box with what is missing of it. */
static struct shape keep_ratio(struct shape box, struct shape picture)
{
    if (box.width < 1)
        box.width = rounded(box.height * picture.width / picture.height);
    if (box.height < 1)
        box.height = rounded(box.width * picture.height / picture.width);
    return box;
}

static struct shape fit(struct shape box, struct shape picture)
{
    double ratio = picture.width / picture.height;

    if (picture.width <= box.width && picture.height <= box.height)
        return picture;
    if (ratio > box.width / box.height)
        return (struct shape){box.width, at_least_one(floor(box.width / ratio))};
    return (struct shape){at_least_one(floor(box.height * ratio)), box.height};
}

/* What covers the box; it is cropped afterwards. */
static struct shape cover(struct shape box, struct shape picture)
{
    if (picture.width / picture.height < box.width / box.height)
        return keep_ratio((struct shape){box.width, 0}, picture);
    return keep_ratio((struct shape){0, box.height}, picture);
}

/* The largest part of the picture that has the box's ratio. */
static struct shape crop(struct shape box, struct shape picture)
{
    if (picture.width / picture.height < box.width / box.height)
        return (struct shape){picture.width,
                              floor(at_least_one(picture.width * box.height / box.width) + 0.5)};
    return (struct shape){floor(at_least_one(picture.height * box.width / box.height) + 0.5),
                          picture.height};
}

/* Where a part of that shape lies in the whole. */
static struct plan_area place(struct shape part, struct shape whole, enum image_cut cut)
{
    int width = (int)fmin(part.width, whole.width), height = (int)fmin(part.height, whole.height);
    int spare_x = (int)whole.width - width, spare_y = (int)whole.height - height;
    int y = spare_y / 2;

    if (cut == IMAGE_TOP)
        y = 0;
    else if (cut == IMAGE_BOTTOM)
        y = spare_y;
    return (struct plan_area){spare_x / 2, y, width, height};
}

static bool is_within(const struct image_task *task, struct shape scaled, struct plan_area keep)
{
    uint64_t pixels = (uint64_t)keep.width * (uint64_t)keep.height;

    return scaled.width <= MOST_ON_A_SIDE && scaled.height <= MOST_ON_A_SIDE &&
           pixels <= task->max_pixels && pixels <= task->max_bytes / BYTES_A_PIXEL;
}

bool plan_make(const struct image_task *task, int width, int height, struct plan *ret)
{
    struct shape picture = {width, height}, box = {task->width, task->height};
    struct shape part = picture, scaled, kept;

    if (task->width == 0 || task->height == 0) {
        scaled = kept = keep_ratio(box, picture);
    } else if (task->cut == IMAGE_FIT) {
        scaled = kept = fit(box, picture);
    } else if (width >= CROPPED_FIRST && height >= CROPPED_FIRST) {
        part = crop(box, picture);
        scaled = kept = box;
    } else {
        scaled = cover(box, picture);
        kept = box;
    }
    if (scaled.width > MOST_ON_A_SIDE || scaled.height > MOST_ON_A_SIDE)
        return false;
    ret->take = place(part, picture, task->cut);
    ret->width = (int)scaled.width;
    ret->height = (int)scaled.height;
    ret->keep = place(kept, scaled, task->cut);
    return is_within(task, scaled, ret->keep);
}

/* From what is seen to what is stored: mirrored first, then its sides exchanged. */
static const struct turn {
    bool mirror_x, mirror_y, swap;
} turns[] = {
    [1] = {false, false, false}, [2] = {true, false, false}, [3] = {true, true, false},
    [4] = {false, true, false},  [5] = {false, false, true}, [6] = {true, false, true},
    [7] = {true, true, true},    [8] = {false, true, true},
};

static struct turn turn_of(int orientation)
{
    return turns[orientation >= 1 && orientation <= 8 ? orientation : 1];
}

bool plan_is_on_its_side(int orientation)
{
    return turn_of(orientation).swap;
}

struct plan_area plan_stored(struct plan_area area, int width, int height, int orientation)
{
    struct turn turn = turn_of(orientation);

    if (turn.mirror_x)
        area.x = width - area.x - area.width;
    if (turn.mirror_y)
        area.y = height - area.y - area.height;
    if (turn.swap)
        area = (struct plan_area){area.y, area.x, area.height, area.width};
    return area;
}
