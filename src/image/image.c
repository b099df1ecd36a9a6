/*
 * The module: libvips behind the contract of image/module.h.
 *
 * What strangers send is met in this order: the frame of the file is walked (image/whole), the
 * sizes in its head are compared with the limits, and only then is anything decoded, a few lines
 * at a time where the format allows it. Everything that one picture makes hangs on one object, the
 * owner, and goes with it.
 */
#include "image/module.h"

#include "image/plan.h"
#include "image/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vips/vips.h>

#define JPEG_QUALITY 95
#define GIF_BITS 8 /* 256 colours */
/* A JPEG is decoded at a part of its size as long as that is so many times the thumb's. */
#define SHRUNK_AT_LEAST 2
#define LINES_AT_ONCE 8

struct work {
    const struct image_task *task;
    VipsObject *owner;
    int fd;
    uint64_t at; /* where libvips reads next, among what it is given of the file */
    VipsSource *source;
    struct picture picture;
    int orientation;
    struct plan plan; /* of the picture as it is stored */
    const char *why;  /* of a failure that is not libvips's; a constant */
};

/* Gives it to the owner; NULL stays NULL. */
static void *owned(struct work *work, void *object)
{
    if (object)
        vips_object_local(work->owner, object);
    return object;
}

static VipsImage *refuse(struct work *work, const char *why)
{
    work->why = why;
    return NULL;
}

/* --- reading ---------------------------------------------------------------------------------- */

/*
 * libvips reads the pieces of the file that it needs as if they were all of it. Nothing is mapped,
 * as a file that becomes shorter would end the process then.
 */

static uint64_t source_n(const struct picture *picture)
{
    return picture->n + strlen(picture->end);
}

/* Some of the bytes at `at`, which is before the end; at least one. -1: errno says why. */
static ssize_t read_pieces(const struct work *work, uint64_t at, void *ret, size_t n)
{
    const struct picture *picture = &work->picture;
    ssize_t got;

    for (size_t i = 0; i < picture->n_pieces; at -= picture->pieces[i++].n) {
        const struct picture_piece *piece = &picture->pieces[i];

        if (at >= piece->n)
            continue;
        do
            got = pread(work->fd, ret, VIPS_MIN(n, piece->n - at), (off_t)(piece->at + at));
        while (got < 0 && errno == EINTR);
        if (got == 0)
            errno = EIO; /* it has become shorter */
        return got > 0 ? got : -1;
    }
    n = VIPS_MIN(n, strlen(picture->end) - at);
    memcpy(ret, picture->end + at, n);
    return (ssize_t)n;
}

/* libvips takes less than it has asked for as the end, in some places: it gets all that there is,
 * and never more, since it may ask for more than it has room for. */
static gint64 source_read(VipsSourceCustom *source, void *ret, gint64 n, void *user)
{
    struct work *work = user;
    size_t left = (size_t)VIPS_MIN((uint64_t)n, source_n(&work->picture) - work->at), done = 0;

    (void)source;
    while (done < left) {
        ssize_t got = read_pieces(work, work->at, (char *)ret + done, left - done);

        if (got < 0)
            return -1;
        done += (size_t)got;
        work->at += (uint64_t)got;
    }
    return (gint64)done;
}

static gint64 source_seek(VipsSourceCustom *source, gint64 to, int whence, void *user)
{
    struct work *work = user;
    gint64 end = (gint64)source_n(&work->picture);

    (void)source;
    if (whence == SEEK_CUR)
        to += (gint64)work->at;
    else if (whence == SEEK_END)
        to += end;
    if (to < 0 || to > end) {
        errno = EINVAL;
        return -1;
    }
    work->at = (uint64_t)to;
    return to;
}

/* For some libraries libvips reads all of it first. */
static bool is_read_at_once(const struct picture *picture)
{
    return picture->kind == PICTURE_GIF || picture->kind == PICTURE_WEBP;
}

static VipsSource *source_new(struct work *work)
{
    VipsSourceCustom *source = owned(work, vips_source_custom_new());

    if (!source)
        return NULL;
    g_signal_connect(source, "read", G_CALLBACK(source_read), work);
    g_signal_connect(source, "seek", G_CALLBACK(source_seek), work);
    return VIPS_SOURCE(source);
}

/* --- decoding --------------------------------------------------------------------------------- */

/* By name, so that no other loader is ever asked; PICTURE_GIF's loads the first frame alone. */
static const char *const loaders[] = {
    [PICTURE_JPEG] = "jpegload_source",
    [PICTURE_PNG] = "pngload_source",
    [PICTURE_GIF] = "gifload_source",
    [PICTURE_WEBP] = "webpload_source",
};

/* Reads no more than the head. shrink: 1, or for a JPEG 2, 4 or 8. */
static VipsImage *load(struct work *work, int shrink)
{
    VipsImage *image = NULL;
    int status;

    if (work->picture.kind == PICTURE_JPEG)
        status = vips_jpegload_source(work->source, &image, "access", VIPS_ACCESS_SEQUENTIAL,
                                      "fail_on", VIPS_FAIL_ON_TRUNCATED, "shrink", shrink, NULL);
    else
        status = vips_call(loaders[work->picture.kind], work->source, &image, "access",
                           VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
    return status ? NULL : owned(work, image);
}

/* For the picture as it is seen, turned back into how it is stored. */
static bool plan(struct work *work, const VipsImage *image)
{
    struct plan_area frame = {0, 0, image->Xsize, image->Ysize};
    bool on_its_side = plan_is_on_its_side(work->orientation);
    struct plan seen;
    int width, height;

    if (work->picture.kind == PICTURE_GIF)
        frame = work->picture.frame;
    if (frame.width < 1 || frame.height < 1 || frame.x + frame.width > image->Xsize ||
        frame.y + frame.height > image->Ysize)
        return false;
    width = on_its_side ? frame.height : frame.width;
    height = on_its_side ? frame.width : frame.height;
    if (!plan_make(work->task, width, height, &seen))
        return false;
    work->plan.take = plan_stored(seen.take, width, height, work->orientation);
    work->plan.take.x += frame.x;
    work->plan.take.y += frame.y;
    work->plan.keep = plan_stored(seen.keep, seen.width, seen.height, work->orientation);
    work->plan.width = on_its_side ? seen.height : seen.width;
    work->plan.height = on_its_side ? seen.width : seen.height;
    return true;
}

/* Then any line of it may come first. It has less than 100 pixels on a side. */
static bool is_cropped_afterwards(const struct plan *plan)
{
    return plan->keep.width < plan->width || plan->keep.height < plan->height;
}

/* --- what decoding takes ---------------------------------------------------------------------- */

/* That its caches and pipelines hold between the decoder and the thumb; measured. */
#define LINES_ON_THEIR_WAY 1024
#define LINES_FREE ((uint64_t)8 << 20) /* bytes; any small picture takes so many */

/* What the decoder holds of the whole picture, measured near the limits. */
static uint64_t held_bytes(const struct work *work, uint64_t pixels, uint64_t size)
{
    const struct picture *picture = &work->picture;
    uint64_t bytes = is_cropped_afterwards(&work->plan) ? pixels * size : 0;

    switch (picture->kind) {
    case PICTURE_JPEG:
        return bytes + picture->coefficients;
    case PICTURE_PNG:
        return picture->is_interlaced ? bytes + pixels * size : bytes;
    case PICTURE_GIF: /* the canvas, what was below the frame, the file */
        return bytes + pixels * 8 + picture->n;
    case PICTURE_WEBP: /* libvips's canvas and frame, libwebp's own with an alpha, the file */
        return bytes + pixels * 10 + picture->n;
    }
    return bytes;
}

/* Alpha is multiplied in as floats. */
static uint64_t line_bytes(VipsImage *image, uint64_t size)
{
    uint64_t scaled = vips_image_hasalpha(image) ? sizeof(float) * (uint64_t)image->Bands : size;
    uint64_t lines = (uint64_t)VIPS_MIN(image->Ysize, LINES_ON_THEIR_WAY);
    uint64_t bytes = lines * (uint64_t)image->Xsize * (size + scaled);

    return bytes > LINES_FREE ? bytes - LINES_FREE : 0;
}

static bool fits(const struct work *work, VipsImage *image)
{
    uint64_t pixels = (uint64_t)image->Xsize * (uint64_t)image->Ysize;
    uint64_t size = (uint64_t)image->Bands * vips_format_sizeof(image->BandFmt);
    uint64_t taken = held_bytes(work, pixels, size) + line_bytes(image, size);

    return pixels <= work->task->max_pixels &&
           VIPS_MAX(pixels * size, taken) <= work->task->max_bytes;
}

/* --- decoding, up to the pixels that are needed ----------------------------------------------- */

static int shrink_of(const struct work *work)
{
    const struct plan *plan = &work->plan;
    int shrink = work->picture.kind == PICTURE_JPEG ? 8 : 1;

    while (shrink > 1 && (plan->take.width / shrink < plan->width * SHRUNK_AT_LEAST ||
                          plan->take.height / shrink < plan->height * SHRUNK_AT_LEAST))
        shrink /= 2;
    return shrink;
}

/* The nearest pixel of a side that has `now` of them and had `was`. */
static int scaled(int at, int was, int now)
{
    return (int)(((int64_t)at * now + was / 2) / was);
}

/* The same area of a picture that has been decoded at a part of its size. */
static struct plan_area shrunk_area(struct plan_area area, const VipsImage *was,
                                    const VipsImage *now)
{
    int right = scaled(area.x + area.width, was->Xsize, now->Xsize);
    int bottom = scaled(area.y + area.height, was->Ysize, now->Ysize);

    area.x = scaled(area.x, was->Xsize, now->Xsize);
    area.y = scaled(area.y, was->Ysize, now->Ysize);
    area.width = right - area.x;
    area.height = bottom - area.y;
    return area;
}

static VipsImage *cut(struct work *work, VipsImage *image, struct plan_area area)
{
    VipsImage *part = NULL;

    if (area.width == image->Xsize && area.height == image->Ysize)
        return image;
    if (vips_extract_area(image, &part, area.x, area.y, area.width, area.height, NULL))
        return NULL;
    return owned(work, part);
}

/* Of a region as wide as its picture. */
static VipsPel *line_of(const VipsRegion *region, int y)
{
    return region->data + (ptrdiff_t)(y - region->valid.top) * region->bpl;
}

/* Line by line on this thread, which is what libvips would do with a thread of its own. */
static VipsImage *compute(struct work *work, VipsImage *image)
{
    VipsImage *lines = owned(work, vips_image_new_memory());
    VipsRegion *region = owned(work, vips_region_new(image));
    VipsRect line = {0, 0, image->Xsize, 1};

    if (vips_image_pipelinev(lines, VIPS_DEMAND_STYLE_ANY, image, NULL) ||
        vips_image_write_prepare(lines))
        return NULL;
    for (; line.top < image->Ysize; line.top++)
        if (vips_region_prepare(region, &line) ||
            vips_image_write_line(lines, line.top, line_of(region, line.top)))
            return NULL;
    (void)vips_image_remove(lines, VIPS_META_SEQUENTIAL); /* any line may be asked for now */
    return lines;
}

/* Decodes the lines above the first one that is needed. libvips would do so, too, but keeps what
 * it passes over, and looks through all of that for each line. */
static bool pass_over(struct work *work, VipsImage *image, int lines)
{
    VipsRegion *region = owned(work, vips_region_new(image));
    VipsRect some = {0, 0, image->Xsize, 0};

    for (; some.top < lines; some.top += some.height) {
        some.height = VIPS_MIN(LINES_AT_ONCE, lines - some.top);
        if (vips_region_prepare(region, &some))
            return false;
    }
    return true;
}

/* The part of the picture that is needed, in grey or RGB of 8 bits, with its alpha; decoded
 * up to there. */
static VipsImage *picture_open(struct work *work)
{
    VipsImage *whole = load(work, 1), *image = whole, *plain = NULL;
    struct plan_area area;
    int shrink;

    if (!whole)
        return NULL;
    if (work->picture.kind == PICTURE_JPEG)
        work->orientation = vips_image_get_orientation(whole);
    if (!plan(work, whole))
        return refuse(work, "its thumb would be larger than the limit");
    if (!fits(work, whole))
        return refuse(work, "it is larger than the limit");
    shrink = shrink_of(work);
    if (shrink > 1)
        image = load(work, shrink);
    if (!image)
        return NULL;
    area = shrunk_area(work->plan.take, whole, image);
    if (!pass_over(work, image, area.y))
        return NULL;
    image = cut(work, image, area);
    if (image && is_cropped_afterwards(&work->plan))
        image = compute(work, image);
    if (!image || vips_colourspace(
                      image, &plain,
                      image->Bands < 3 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB, NULL))
        return NULL;
    return owned(work, plain);
}

/* --- scaling ---------------------------------------------------------------------------------- */

static VipsImage *resize(struct work *work, VipsImage *image)
{
    VipsImage *resized = NULL;
    double x = (double)work->plan.width / image->Xsize;
    double y = (double)work->plan.height / image->Ysize;

    if (x == 1 && y == 1)
        return image;
    if (vips_resize(image, &resized, x, "vscale", y, "kernel", VIPS_KERNEL_LINEAR, NULL))
        return NULL;
    owned(work, resized);
    if (resized->Xsize != work->plan.width || resized->Ysize != work->plan.height)
        return refuse(work, "the library has made another size of it");
    return resized;
}

/* What cannot be seen must not colour what can: alpha is multiplied in meanwhile. */
static VipsImage *resize_with_alpha(struct work *work, VipsImage *image)
{
    VipsImage *seen = NULL, *bare = NULL, *bytes = NULL;

    if (vips_premultiply(image, &seen, NULL))
        return NULL;
    image = resize(work, owned(work, seen));
    if (!image || vips_unpremultiply(image, &bare, NULL))
        return NULL;
    if (vips_linear1(owned(work, bare), &bytes, 1, 0.5, "uchar", TRUE, NULL)) /* rounded */
        return NULL;
    return owned(work, bytes);
}

/* The thumb, all of it in memory: what is wrong inside the picture has shown by then. */
static VipsImage *thumb_make(struct work *work)
{
    VipsImage *image = picture_open(work), *turned = NULL;

    if (!image)
        return NULL;
    image = vips_image_hasalpha(image) ? resize_with_alpha(work, image) : resize(work, image);
    if (image)
        image = cut(work, image, work->plan.keep);
    if (image)
        image = compute(work, image);
    if (!image || work->orientation <= 1)
        return image;
    return vips_autorot(image, &turned, NULL) ? NULL : owned(work, turned);
}

/* --- encoding --------------------------------------------------------------------------------- */

static int save(struct work *work, VipsImage *image)
{
    VipsTarget *target = owned(work, vips_target_new_to_file(work->task->out_path));

    if (!target)
        return -1;
    switch (work->task->out) {
    case IMAGE_PNG:
        return vips_pngsave_target(image, target, "strip", TRUE, NULL);
    case IMAGE_JPEG:
        return vips_jpegsave_target(image, target, "strip", TRUE, "Q", JPEG_QUALITY,
                                    "subsample_mode", VIPS_FOREIGN_SUBSAMPLE_ON, NULL);
    case IMAGE_GIF:
        return vips_gifsave_target(image, target, "strip", TRUE, "bitdepth", GIF_BITS, NULL);
    }
    return -1;
}

/* --- the contract ----------------------------------------------------------------------------- */

/* -1: it is no file, an empty one, or cannot be read. */
static int open_file(const char *path, uint64_t *ret_n)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat about;

    if (fd < 0)
        return fd;
    if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0) {
        *ret_n = (uint64_t)about.st_size;
        return fd;
    }
    (void)close(fd); /* it was only read */
    return -1;
}

static bool run(struct work *work)
{
    VipsImage *thumb;
    uint64_t n = 0;

    work->fd = open_file(work->task->in_path, &n);
    if (work->fd < 0)
        work->why = "it is no file, an empty one, or cannot be read";
    else
        work->why = picture_look(work->fd, n, &work->picture);
    if (work->why)
        return false;
    if (is_read_at_once(&work->picture) && work->picture.n > work->task->max_bytes) {
        work->why = "its file is larger than the limit";
        return false;
    }
    work->source = source_new(work);
    thumb = work->source ? thumb_make(work) : NULL;
    return thumb && save(work, thumb) == 0;
}

/* libvips's words, or the constant; whatever libvips has noted is forgotten. */
static void tell(const char *constant, char *why, size_t n)
{
    char *words = vips_error_buffer_copy();

    g_strchomp(words);
    (void)snprintf(why, n, "%s", constant ? constant : words);
    g_free(words);
}

static bool make(const struct image_task *task, char *why, size_t n)
{
    struct work work = {.task = task, .owner = VIPS_OBJECT(vips_image_new()), .orientation = 1};
    bool ok = run(&work);

    g_object_unref(work.owner);
    if (work.fd >= 0)
        (void)close(work.fd); /* it was only read */
    if (!ok) {
        (void)unlink(task->out_path); /* mostly it has not even been made */
        tell(work.why, why, n);
    }
    return ok;
}

/* Warnings about pictures are no news to whoever runs the server. */
static void say_nothing(const char *domain, GLogLevelFlags level, const char *text, void *user)
{
    (void)domain, (void)level, (void)text, (void)user;
}

static bool start(char *why, size_t n)
{
    static const char *const allowed[] = {"VipsForeignLoadJpeg", "VipsForeignLoadPng",
                                          "VipsForeignLoadWebp", "VipsForeignLoadNsgif"};

    g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_INFO, say_nothing, NULL);
    if (VIPS_INIT("reeve")) {
        tell(NULL, why, n);
        return false;
    }
    vips_cache_set_max(0); /* no picture is wanted twice */
    vips_concurrency_set(1);
    vips_operation_block_set("VipsForeignLoad", TRUE);
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
        vips_operation_block_set(allowed[i], FALSE);
    return true;
}

__attribute__((visibility("default"))) const struct image_module reeve_image_module = {
    .version = IMAGE_MODULE_VERSION,
    .start = start,
    .make = make,
    .thread_end = vips_thread_shutdown,
};
