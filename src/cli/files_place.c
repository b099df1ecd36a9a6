/*
 * What the parts of `reeve files` have in common.
 */
#include "cli/files.h"

#include "cli/inspect.h"

#include <inttypes.h>
#include <stdlib.h>

/* --- places ----------------------------------------------------------------------------------- */

static const char *const where_names[] = {[FILES_LOCAL] = "local", [FILES_S3] = "s3"};

const char *files_where_name(enum files_where where)
{
    return where_names[where];
}

bool files_where_read(struct str name, enum files_where *ret)
{
    for (size_t i = 0; i < COUNT_OF(where_names); i++)
        if (str_eq(name, str_of(where_names[i]))) {
            *ret = (enum files_where)i;
            return true;
        }
    return false;
}

enum files_where files_where_now(const struct settings *settings)
{
    return settings->s3.enabled ? FILES_S3 : FILES_LOCAL;
}

/* They need not be switched on, but they must be complete. */
static struct err *check_s3(struct arena *a, const struct settings_s3 *s3)
{
    const struct {
        const char *name;
        struct str value;
    } needed[] = {{"endpoint", s3->endpoint},
                  {"bucket", s3->bucket},
                  {"region", s3->region},
                  {"accessKey", s3->access_key},
                  {"secret", s3->secret}};

    for (size_t i = 0; i < COUNT_OF(needed); i++)
        if (needed[i].value.n == 0)
            return err_new(a, E_BAD_REQUEST, NULL,
                           "the setting s3.%s is empty: it says where the bucket is",
                           needed[i].name);
    return NULL;
}

struct err *files_place(struct arena *a, const struct options *options,
                        const struct settings *settings, struct net *net, enum files_where where,
                        struct blob_place **ret)
{
    struct err *err;

    if (where == FILES_LOCAL) {
        *ret = local_place(options->dir);
        return NULL;
    }
    err = check_s3(a, &settings->s3);
    if (err)
        return err;
    *ret = bucket_place(&settings->s3, options->dir, net);
    return NULL;
}

/* --- settings --------------------------------------------------------------------------------- */

struct err *files_settings(struct arena *a, const struct options *options, struct settings **ret)
{
    const char *variable = arena_cstr(a, options->encryption_env);
    struct inspect inspect;
    struct err *err = inspect_open(a, options, &inspect);

    if (!err)
        err = settings_load(a, inspect.conn, str_of(variable[0] ? getenv(variable) : NULL), ret);
    inspect_close(&inspect);
    return err;
}

/* --- words ------------------------------------------------------------------------------------ */

struct str files_count(struct arena *a, uint64_t n, const char *one, const char *many)
{
    return arena_printf(a, "%" PRIu64 " %s", n, n == 1 ? one : many);
}
