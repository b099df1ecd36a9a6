/*
 * The site of fuzz/site.h.
 */
#include "fuzz/site.h"

#include "base/compiler.h"
#include "settings/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
static const char *const definitions[] = {
    "{\"id\":\"c_tags\",\"name\":\"tags\",\"type\":\"base\",\"listRule\":\"name != 'x'\",\"fields\":["
    "{\"name\":\"name\",\"type\":\"text\"}],\"indexes\":[\"create unique index idx_tags on tags (name)\"]}",
    "{\"id\":\"c_posts\",\"name\":\"posts\",\"type\":\"base\",\"listRule\":\"\",\"fields\":["
    "{\"name\":\"title\",\"type\":\"text\",\"max\":50,\"pattern\":\"^[a-z ]*$\"},"
    "{\"name\":\"n\",\"type\":\"number\",\"min\":-5,\"max\":1000},"
    "{\"name\":\"flag\",\"type\":\"bool\"},"
    "{\"name\":\"j\",\"type\":\"json\",\"maxSize\":2000},"
    "{\"name\":\"geo\",\"type\":\"geoPoint\"},"
    "{\"name\":\"d\",\"type\":\"date\",\"max\":\"2030-01-01 00:00:00.000Z\"},"
    "{\"name\":\"mail\",\"type\":\"email\",\"onlyDomains\":[\"example.com\"]},"
    "{\"name\":\"site\",\"type\":\"url\"},"
    "{\"name\":\"body\",\"type\":\"editor\",\"maxSize\":1000},"
    "{\"name\":\"secret\",\"type\":\"text\",\"hidden\":true},"
    "{\"name\":\"s\",\"type\":\"select\",\"maxSelect\":1,\"values\":[\"a\",\"b\"]},"
    "{\"name\":\"m\",\"type\":\"select\",\"maxSelect\":3,\"values\":[\"a\",\"b\",\"c\"]},"
    "{\"name\":\"files\",\"type\":\"file\",\"maxSelect\":3},"
    "{\"name\":\"author\",\"type\":\"relation\",\"maxSelect\":1,\"collectionId\":\"_pb_users_auth_\"},"
    "{\"name\":\"tags\",\"type\":\"relation\",\"maxSelect\":9,\"collectionId\":\"c_tags\"},"
    "{\"name\":\"own\",\"type\":\"relation\",\"maxSelect\":1,\"collectionId\":\"c_posts\"},"
    "{\"name\":\"created\",\"type\":\"autodate\",\"onCreate\":true}]}",
    "{\"name\":\"stats\",\"type\":\"view\",\"viewQuery\":"
    "\"select posts.id, posts.title, posts.author, count(*) as n from posts group by posts.id\"}",
};
/* clang-format on */

static void must(const struct err *err)
{
    if (!err)
        return;
    (void)fprintf(stderr, "%s: %.*s\n", err->message ? err->message : "", STR_ARG(err->cause));
    abort();
}

static void settings_changed(void *user)
{
    (void)user; /* nobody serves */
}

struct err *fuzz_define(struct arena *a, struct db_conn *tx, const struct schema *schema,
                        struct str name, const struct json *body, struct str *ret_why)
{
    const struct json *type = json_get(body, STR("type"));
    static struct api api = {.settings_changed = settings_changed};
    struct coll_save save = {
        .api = &api, .a = a, .tx = tx, .schema = schema, .now_ms = FUZZ_NOW_MS};
    struct err *err;

    *ret_why = STR_NONE;
    save.old = schema_find(schema, name);
    save.def = save.old ? schema_def_of(a, save.old)
                        : schema_def_new(a, field_json_text(a, type), STR("x"));
    if (!schema_def_merge(a, save.def, body, ret_why))
        return NULL;
    if (save.old && !schema_find(schema, save.def->id))
        return NULL;
    schema_def_finish(a, save.def, schema, save.old, FUZZ_NOW_MS);
    err = coll_make(&save);
    if (!err)
        err = coll_check(&save);
    return err ? err : coll_store(&save);
}

static struct err *define_all(struct db_conn *tx, const void *in, struct arena *a, void **ret)
{
    (void)in;
    (void)ret;
    for (size_t i = 0; i < COUNT_OF(definitions); i++) {
        AUTO(schema_unref) struct schema *schema = NULL;
        const struct json *body;
        struct str why;

        if (!json_read(a, str_of(definitions[i]), &json_limits_stored, &body, NULL))
            abort();
        must(schema_load(a, tx, &schema));
        must(fuzz_define(a, tx, schema, STR_NONE, body, &why));
    }
    return NULL;
}

static struct fuzz_site site;

static void remove_site(void)
{
    static const char *const names[] = {"data.db", "data.db-wal", "data.db-shm"};

    db_read_end(site.reader);
    db_reader_close(site.db);
    db_close(site.db);
    schema_unref(site.schema);
    query_cache_release();
    for (size_t i = 0; i < COUNT_OF(names); i++)
        (void)unlink(arena_printf(site.a, "%s/%s", site.dir, names[i]).p);
    (void)rmdir(site.dir);
    arena_free(site.a);
}

static void make_site(void)
{
    struct schema_bootstrap bootstrap = {.now_ms = FUZZ_NOW_MS};
    struct db_conf conf = {.create = true, .durability = DB_NORMAL};
    struct db_lease lease = {0};

    site.a = arena_new();
    if (!mkdtemp(temp_path(site.dir, "fuzz")))
        abort();
    conf.path = arena_printf(site.a, "%s/data.db", site.dir);
    must(db_open(site.a, &conf, &site.db));
    bootstrap.settings_json = settings_default_json(site.a, SETTINGS_POCKETBASE);
    must(db_run_leased(site.a, site.db, &lease, schema_bootstrap_data, &bootstrap, NULL));
    must(db_run_leased(site.a, site.db, &lease, define_all, NULL, NULL));
    must(db_reader(site.a, site.db, &site.reader));
    must(db_read_begin(site.a, site.reader));
    must(schema_load(site.a, site.reader, &site.schema));
    (void)atexit(remove_site);
}

const struct fuzz_site *fuzz_site(void)
{
    if (!site.schema)
        make_site();
    return &site;
}
