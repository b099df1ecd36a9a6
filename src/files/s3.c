#include "files/s3_internal.h"

#include "base/id.h"
#include "base/md5.h"

/* Stored is stored. */
static struct err *s3_sync(struct arena *a, const void *own, struct str prefix)
{
    (void)a;
    (void)own;
    (void)prefix;
    return NULL;
}

static const struct blob_ops s3_ops = {
    .put = s3_put,
    .sync = s3_sync,
    .info = s3_info,
    .open = s3_open,
    .fetch = s3_fetch,
    .remove = s3_remove,
    .remove_tree = s3_remove_tree,
    .list = s3_list,
};

struct blob_place *s3_place(const struct s3_conf *conf, struct net *net)
{
    struct arena *a = arena_new();
    struct s3 *s3 = ARENA_NEW(a, struct s3);

    s3_init(a, conf, net, s3);
    return blob_place_new(a, &s3_ops, s3);
}

/* --- probing ---------------------------------------------------------------------------------- */

static struct err *probe_err(struct arena *a, const struct err *err, const char *what)
{
    return err_new(a, err->kind, NULL, "failed to %s: %.*s", what, STR_ARG(err->cause));
}

struct err *s3_probe(struct arena *a, const struct s3_conf *conf, struct net *net)
{
    const struct blob_info info = {.type = STR("text/plain; charset=utf-8")};
    struct str tag = random_text(a, 5, ALPHABET_SECRET);
    struct str folder = arena_concat(a, STR("pb_settings_test_"), tag, STR_NONE);
    struct file_content content = {.data = STR("test"), .size = STR("test").n};
    struct s3 s3;
    struct err *err;

    s3_init(a, conf, net, &s3);
    md5(content.md5, content.data);
    err = s3_put(a, &s3, arena_concat(a, folder, STR("/test.txt"), STR_NONE), &content, &info);
    if (err)
        return probe_err(a, err, "upload a test file");
    err = s3_remove_tree(a, &s3, folder, INT64_MAX);
    return err ? probe_err(a, err, "delete a test file") : NULL;
}
