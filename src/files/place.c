/*
 * Which storage is in use. What has begun ends where it began: whoever works with a place has a
 * reference of its own.
 */
#include "files/internal.h"
#include "files/s3.h"

struct blob_place *file_store_hold(struct file_store *store)
{
    struct blob_place *place;

    pthread_mutex_lock(&store->lock);
    place = blob_place_ref(store->place);
    pthread_mutex_unlock(&store->lock);
    return place;
}

struct blob_place *place_or_current(struct file_store *store, struct blob_place *place)
{
    return place ? blob_place_ref(place) : file_store_hold(store);
}

void file_place_unref(struct blob_place *place)
{
    blob_place_unref(place);
}

static bool is_same(const struct settings_s3 *x, const struct settings_s3 *y)
{
    if (!x->enabled && !y->enabled)
        return true;
    return x->enabled == y->enabled && x->force_path_style == y->force_path_style &&
           str_eq(x->bucket, y->bucket) && str_eq(x->region, y->region) &&
           str_eq(x->endpoint, y->endpoint) && str_eq(x->access_key, y->access_key) &&
           str_eq(x->secret, y->secret);
}

static struct settings_s3 copy_s3(struct arena *a, const struct settings_s3 *s3)
{
    return (struct settings_s3){.enabled = s3->enabled,
                                .force_path_style = s3->force_path_style,
                                .bucket = arena_dup(a, s3->bucket),
                                .region = arena_dup(a, s3->region),
                                .endpoint = arena_dup(a, s3->endpoint),
                                .access_key = arena_dup(a, s3->access_key),
                                .secret = arena_dup(a, s3->secret)};
}

static struct s3_conf conf_of(const struct settings_s3 *s3, struct str temp_dir)
{
    return (struct s3_conf){.bucket = s3->bucket,
                            .region = s3->region,
                            .endpoint = s3->endpoint,
                            .access_key = s3->access_key,
                            .secret = s3->secret,
                            .force_path_style = s3->force_path_style,
                            .temp_dir = temp_dir};
}

struct blob_place *bucket_place(const struct settings_s3 *s3, struct str temp_dir, struct net *net)
{
    const struct s3_conf conf = conf_of(s3, temp_dir);

    return s3_place(&conf, net);
}

void file_store_use(struct file_store *store, const struct settings_s3 *s3)
{
    struct blob_place *former = NULL;

    pthread_mutex_lock(&store->lock);
    if (!is_same(&store->s3, s3)) {
        former = store->place;
        store->place =
            s3->enabled ? bucket_place(s3, store->temp_dir, store->net) : local_place(store->dir);
        arena_reset(store->s3_arena);
        store->s3 = copy_s3(store->s3_arena, s3);
    }
    pthread_mutex_unlock(&store->lock);
    blob_place_unref(former);
}

struct blob_place *file_store_backups(struct file_store *store, const struct settings_s3 *s3)
{
    return s3->enabled ? bucket_place(s3, store->temp_dir, store->net)
                       : local_backups_place(store->dir);
}

bool file_store_is_remote(struct file_store *store)
{
    AUTO(blob_place_unref) struct blob_place *place = file_store_hold(store);

    return place->ops->fetch != NULL;
}

struct err *file_store_try(struct arena *a, struct file_store *store, const struct settings_s3 *s3)
{
    const struct s3_conf conf = conf_of(s3, store->temp_dir);

    return s3_probe(a, &conf, store->net);
}
