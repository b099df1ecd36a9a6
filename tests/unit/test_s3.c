/*
 * A bucket as a place for files, against a server that the environment names:
 * REEVE_TEST_S3_ENDPOINT, _KEY, _SECRET, _BUCKET (tests/s3/serve.py prints them).
 */
#include "unit/unit.h"

#include "base/date.h"
#include "base/id.h"
#include "base/md5.h"
#include "base/memory.h"
#include "files/s3.h"
#include "net/site.h"
#include "support/temp.h"

#include <fcntl.h>

#define BUDGET ((uint64_t)32 << 20) /* of memory: what is held whole does not fit */
#define LARGE ((size_t)40 << 20)

struct bucket {
    struct net_site site;
    struct arena *a;
    struct s3_conf conf;
    struct blob_place *place;
    struct str root; /* all keys of one test are below it */
};

static void ok_at(const struct err *err, int line)
{
    if (err)
        fail_msg("line %d: %.*s", line, STR_ARG(err->cause));
}
#define ok(err) ok_at((err), __LINE__)

static void fails_at(const struct err *err, enum err_kind kind, const char *words, int line)
{
    if (!err)
        fail_msg("line %d: no error, want %s", line, words);
    else if (err->kind != kind || !str_has(err->cause, str_of(words)))
        fail_msg("line %d: %d, %.*s; want %d, %s", line, err->kind, STR_ARG(err->cause), kind,
                 words);
}
#define fails(err, kind, words) fails_at((err), (kind), (words), __LINE__)

static void use(struct bucket *b)
{
    blob_place_unref(b->place);
    b->place = s3_place(&b->conf, b->site.net);
}

static struct bucket bucket_open(void)
{
    struct bucket b = {.site = net_site()};

    b.a = b.site.a;
    b.conf = (struct s3_conf){
        .bucket = str_of(getenv("REEVE_TEST_S3_BUCKET")),
        .region = STR("us-east-1"),
        .endpoint = str_of(getenv("REEVE_TEST_S3_ENDPOINT")),
        .access_key = str_of(getenv("REEVE_TEST_S3_KEY")),
        .secret = str_of(getenv("REEVE_TEST_S3_SECRET")),
        .force_path_style = true,
        .temp_dir = STR("/tmp"),
    };
    b.root = random_text(b.a, 12, ALPHABET_ID);
    use(&b);
    return b;
}

static void bucket_close(struct bucket *b)
{
    ok(b->place->ops->remove_tree(b->a, b->place->own, b->root, INT64_MAX));
    blob_place_unref(b->place);
    net_site_done(&b->site);
}

static struct str key_of(struct bucket *b, const char *name)
{
    return arena_concat(b->a, b->root, STR("/"), str_of(name));
}

static struct err *put(struct bucket *b, struct str key, struct str data)
{
    const struct blob_info info = {.type = STR("text/plain"), .original = STR("a b\303\274/%.txt")};
    struct file_content content = {.data = data, .size = data.n};

    md5(content.md5, data);
    return b->place->ops->put(b->a, b->place->own, key, &content, &info);
}

static struct str read_all(struct bucket *b, struct str key)
{
    struct blob_info info;
    char *p;
    int fd;

    ok(b->place->ops->open(b->a, b->place->own, key, &fd, &info));
    p = arena_alloc(b->a, info.size);
    assert_int_equal(read(fd, p, info.size), info.size);
    assert_int_equal(read(fd, p, 0), 0);
    (void)close(fd);
    return (struct str){p, info.size};
}

static struct err *look(struct bucket *b, struct str key)
{
    struct blob_info info;

    return b->place->ops->info(b->a, b->place->own, key, NULL, &info);
}

/* --- storing and reading --------------------------------------------------------------------- */

static void what_is_stored_is_read(void **state)
{
    static const char *const names[] = {
        "r/plain.txt",
        "r/a b+c (1)'*!&=@,;:$.txt",
        "r/\346\227\245\346\234\254.txt",
        "r/%25 %2F.txt",
        "r/thumbs_a/100x100_a",
        "r/~-_.",
        "r/<&>\"'.txt",
        "r/x?y=z#frag",
        "r/a\\b^`{|}",
        "r/x//y",
    };
    struct bucket b = bucket_open();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct str key = key_of(&b, names[i]);
        struct str data = i == 1 ? STR("") : str_of(names[i]);
        int64_t now_s = date_now_ms() / 1000;
        struct blob_info info;

        ok(put(&b, key, data));
        ok(b.place->ops->info(b.a, b.place->own, key, NULL, &info));
        assert_int_equal(info.size, data.n);
        assert_true(str_eq(info.type, STR("text/plain")));
        assert_true(str_eq(info.original, STR("a b\303\274/%.txt")));
        assert_in_range(info.modified_s, now_s - 2, now_s + 60);
        assert_true(str_eq(read_all(&b, key), data));
    }
    bucket_close(&b);
}

static void what_is_not_there_is_not_found(void **state)
{
    struct bucket b = bucket_open();
    struct str key = key_of(&b, "none");
    struct blob_info info;
    int fd;

    (void)state;
    fails(look(&b, key), E_NOT_FOUND, "404");
    fails(b.place->ops->open(b.a, b.place->own, key, &fd, &info), E_NOT_FOUND, "404");
    ok(b.place->ops->remove(b.a, b.place->own, &key, 1));
    ok(b.place->ops->sync(b.a, b.place->own, key));
    bucket_close(&b);
}

/* A file of LARGE bytes in which no two parts are the same. */
static struct file_content large_file(struct arena *a)
{
    char path[TEMP_SIZE];
    unsigned char *bytes = malloc(LARGE);
    struct file_content content = {.size = LARGE};
    int fd = mkostemp(temp_path(path, "s3"), O_CLOEXEC);

    assert_non_null(bytes);
    assert_true(fd >= 0);
    for (size_t i = 0; i < LARGE; i++)
        bytes[i] = (unsigned char)(i * 7 + (i >> 9) + (i >> 20));
    assert_int_equal(write(fd, bytes, LARGE), LARGE);
    md5(content.md5, (struct str){(char *)bytes, LARGE});
    free(bytes);
    (void)close(fd);
    content.path = arena_dup(a, str_of(path));
    return content;
}

static void assert_sum(struct arena *a, int fd, const unsigned char want[MD5_LEN])
{
    static char piece[64 * 1024];
    struct md5_sum *sum = md5_start(a);
    unsigned char got[MD5_LEN];
    ssize_t n;

    while ((n = read(fd, piece, sizeof(piece))) > 0)
        md5_add(sum, (struct str){piece, (size_t)n});
    md5_end(sum, got);
    assert_memory_equal(got, want, MD5_LEN);
}

static void large_files_go_in_parts_and_are_never_held(void **state)
{
    const struct blob_info info = {.type = STR("video/mp4"), .original = STR("film.mp4")};
    struct bucket b = bucket_open();
    struct file_content content = large_file(b.a);
    struct str key = key_of(&b, "large");
    struct blob_info got;
    int fd;

    (void)state;
    ok(b.place->ops->put(b.a, b.place->own, key, &content, &info));
    ok(b.place->ops->open(b.a, b.place->own, key, &fd, &got));
    assert_int_equal(got.size, LARGE);
    assert_true(str_eq(got.type, info.type));
    assert_true(str_eq(got.original, info.original));
    assert_sum(b.a, fd, content.md5);
    assert_true(arena_used(b.a) < 1 << 20);
    (void)close(fd);
    content.size = LARGE + 1; /* it proves shorter */
    fails(b.place->ops->put(b.a, b.place->own, key_of(&b, "short"), &content, &info), E_UNAVAILABLE,
          "read to its end");
    fails(look(&b, key_of(&b, "short")), E_NOT_FOUND, "");
    assert_int_equal(unlink(arena_cstr(b.a, content.path)), 0);
    fails(b.place->ops->put(b.a, b.place->own, key, &content, &info), E_INTERNAL, "opening");
    bucket_close(&b);
}

/* --- fetching -------------------------------------------------------------------------------- */

struct fetched {
    struct arena *a;
    unsigned status;
    struct str body;
    bool failed;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool done;
};

static void on_head(void *user, const struct net_head *head)
{
    ((struct fetched *)user)->status = head->status;
}

static enum net_go on_data(void *user, struct str piece)
{
    struct fetched *got = user;

    got->body = arena_concat(got->a, got->body, piece, STR_NONE);
    return NET_TAKEN;
}

static void on_end(void *user, const struct err *err)
{
    struct fetched *got = user;

    (void)pthread_mutex_lock(&got->lock);
    got->failed = err != NULL;
    got->done = true;
    (void)pthread_cond_signal(&got->wake);
    (void)pthread_mutex_unlock(&got->lock);
}

static const struct net_events events = {on_head, on_data, on_end};

static struct fetched fetch(struct bucket *b, struct str key, uint64_t at, uint64_t n)
{
    struct fetched got = {.a = arena_child(b->a),
                          .lock = PTHREAD_MUTEX_INITIALIZER,
                          .wake = PTHREAD_COND_INITIALIZER};
    struct net_fetch *handle;

    ok(b->place->ops->fetch(b->a, b->place->own, key, at, n, NULL, &events, &got, &handle));
    (void)pthread_mutex_lock(&got.lock);
    while (!got.done)
        (void)pthread_cond_wait(&got.wake, &got.lock);
    (void)pthread_mutex_unlock(&got.lock);
    net_fetch_free(handle);
    return got;
}

static void parts_are_fetched(void **state)
{
    static const struct {
        uint64_t at, n;
        const char *want;
    } cases[] = {{0, 10, "0123456789"}, {0, 1, "0"}, {9, 1, "9"}, {3, 4, "3456"}};
    struct bucket b = bucket_open();
    struct str key = key_of(&b, "digits +1");

    (void)state;
    ok(put(&b, key, STR("0123456789")));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fetched got = fetch(&b, key, cases[i].at, cases[i].n);

        assert_false(got.failed);
        assert_int_equal(got.status, 206);
        assert_true(str_eq(got.body, str_of(cases[i].want)));
    }
    assert_int_equal(fetch(&b, key_of(&b, "none"), 0, 1).status, 404);
    bucket_close(&b);
}

/* --- lists and removal ----------------------------------------------------------------------- */

struct listed {
    struct arena *a;
    struct str keys;
    size_t n;
    uint64_t bytes;
};

static struct err *take(void *user, struct str key, const struct blob_info *info)
{
    struct listed *listed = user;

    listed->keys = arena_concat(listed->a, listed->keys, key, STR("|"));
    listed->n++;
    listed->bytes += info->size;
    assert_true(info->modified_s > date_now_ms() / 1000 - 600);
    return NULL;
}

static struct err *refuse(void *user, struct str key, const struct blob_info *info)
{
    (void)key;
    (void)info;
    return err_new(user, E_PRECONDITION, NULL, "enough");
}

static struct listed list(struct bucket *b, const char *prefix)
{
    struct listed listed = {.a = b->a};

    ok(b->place->ops->list(b->a, b->place->own, key_of(b, prefix), take, &listed));
    return listed;
}

static void lists_are_of_what_is_below(void **state)
{
    struct bucket b = bucket_open();

    (void)state;
    ok(put(&b, key_of(&b, "c/r/a&b <1>.txt"), STR("12")));
    ok(put(&b, key_of(&b, "c/r/\303\274+%41"), STR("345")));
    ok(put(&b, key_of(&b, "c/r2/x"), STR("6")));
    ok(put(&b, key_of(&b, "c/rx"), STR("7")));
    assert_int_equal(list(&b, "c").n, 4);
    assert_int_equal(list(&b, "c/r").n, 2);
    assert_int_equal(list(&b, "c/r").bytes, 5);
    assert_true(str_has(list(&b, "c/r").keys, STR("/a&b <1>.txt|")));
    assert_true(str_has(list(&b, "c/r").keys, STR("/\303\274+%41|")));
    assert_int_equal(list(&b, "none").n, 0);
    fails(b.place->ops->list(b.a, b.place->own, key_of(&b, "c"), refuse, b.a), E_PRECONDITION,
          "enough");
    bucket_close(&b);
}

static void many_keys_are_removed_at_once(void **state)
{
    struct bucket b = bucket_open();
    struct str keys[5];

    (void)state;
    keys[0] = key_of(&b, "r/a&b <1>.txt");
    keys[1] = key_of(&b, "r/\303\274+%41");
    keys[2] = key_of(&b, "r/]]>");
    keys[3] = key_of(&b, "r/none");
    keys[4] = key_of(&b, "r/ blank ");
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (i != 3)
            ok(put(&b, keys[i], STR("x")));
    ok(put(&b, key_of(&b, "r/stays"), STR("x")));
    ok(b.place->ops->remove(b.a, b.place->own, keys, COUNT_OF(keys)));
    assert_int_equal(list(&b, "r").n, 1);
    ok(b.place->ops->remove(b.a, b.place->own, keys, 0));
    bucket_close(&b);
}

static void trees_are_removed_but_for_what_is_new(void **state)
{
    struct bucket b = bucket_open();
    struct str tree = key_of(&b, "c");

    (void)state;
    ok(put(&b, key_of(&b, "c/r/1"), STR("x")));
    ok(put(&b, key_of(&b, "c/r/2"), STR("x")));
    ok(put(&b, key_of(&b, "c2/r/3"), STR("x")));
    ok(b.place->ops->remove_tree(b.a, b.place->own, tree, date_now_ms() - 10000));
    assert_int_equal(list(&b, "c").n, 2);
    ok(b.place->ops->remove_tree(b.a, b.place->own, tree, date_now_ms() + 10000));
    assert_int_equal(list(&b, "c").n, 0);
    assert_int_equal(list(&b, "c2").n, 1);
    ok(b.place->ops->remove_tree(b.a, b.place->own, tree, INT64_MAX));
    bucket_close(&b);
}

/* --- settings -------------------------------------------------------------------------------- */

static void a_probe_says_what_is_wrong(void **state)
{
    struct bucket b = bucket_open();
    const struct s3_conf good = b.conf;
    struct s3_conf conf = good;
    uint64_t began = clock_ms();

    (void)state;
    ok(s3_probe(b.a, &good, b.site.net));
    conf.endpoint = arena_concat(b.a, good.endpoint, STR("//"), STR_NONE);
    ok(s3_probe(b.a, &conf, b.site.net));
    conf = good;
    conf.secret = STR("wrong");
    fails(s3_probe(b.a, &conf, b.site.net), E_INTERNAL, "403 SignatureDoesNotMatch: ");
    conf = good;
    conf.bucket = STR("no-such-bucket");
    fails(s3_probe(b.a, &conf, b.site.net), E_INTERNAL, "404 NoSuchBucket: ");
    conf = good;
    conf.endpoint = STR("http://127.0.0.1:1");
    fails(s3_probe(b.a, &conf, b.site.net), E_UNAVAILABLE,
          "failed to upload a test file: PUT 127.0.0.1:1: ");
    conf.endpoint = str_from(good.endpoint, STR("http://").n); /* https, then, which it is not */
    fails(s3_probe(b.a, &conf, b.site.net), E_UNAVAILABLE, "failed to upload a test file");
    conf.endpoint = STR("ftp://127.0.0.1");
    fails(s3_probe(b.a, &conf, b.site.net), E_INTERNAL, "not an http or https URL");
    conf.endpoint = STR("");
    fails(s3_probe(b.a, &conf, b.site.net), E_INTERNAL, "");
    conf = good;
    conf.force_path_style = false;
    conf.bucket = STR("a b");
    fails(s3_probe(b.a, &conf, b.site.net), E_INTERNAL, "not an http or https URL");
    assert_true(clock_ms() - began < 10000);
    bucket_close(&b);
}

static bool is_configured(void)
{
    static const char *const names[] = {"REEVE_TEST_S3_ENDPOINT", "REEVE_TEST_S3_KEY",
                                        "REEVE_TEST_S3_SECRET", "REEVE_TEST_S3_BUCKET"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (!getenv(names[i])) {
            print_message("skipped: no %s, the address of an S3 server for tests\n", names[i]);
            return false;
        }
    return true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_stored_is_read),
        cmocka_unit_test(what_is_not_there_is_not_found),
        cmocka_unit_test(large_files_go_in_parts_and_are_never_held),
        cmocka_unit_test(parts_are_fetched),
        cmocka_unit_test(lists_are_of_what_is_below),
        cmocka_unit_test(many_keys_are_removed_at_once),
        cmocka_unit_test(trees_are_removed_but_for_what_is_new),
        cmocka_unit_test(a_probe_says_what_is_wrong),
    };

    if (!is_configured())
        return 0;
    memory_set_budget(BUDGET);
    return cmocka_run_group_tests_name("s3", tests, NULL, NULL);
}
