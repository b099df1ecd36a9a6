/* What is written is read back as it was; how much, how many and for how long does not count. */
#include "unit/unit.h"

#include "archive/internal.h"
#include "support/much.h"
#include "unit/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define GIB (1024 * MIB)
#define LONG_BYTES ((uint64_t)much(4096, 256) * MIB + 12345) /* all: more than 32 bits */
#define MANY 66000
#define RESIDENT_KIB 40000

static const struct zip_watch nobody;
static const struct zip_bounds wide = {.max_bytes = 1ULL << 50};

/* To the sanitizer: what is freed is freed, or nothing could be measured here. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "quarantine_size_mb=0";
}

static struct zip_writer *writer_of(struct arena *a, int fd)
{
    struct zip_writer *writer;

    archive_assert_ok(zip_writer_open(a, fd, nobody, &writer));
    return writer;
}

static struct zip *checked(struct arena *a, int fd)
{
    struct zip *zip;

    archive_assert_ok(zip_check(a, fd, &wide, &zip));
    return zip;
}

/* --- names and sums --------------------------------------------------------------------------- */

static void crc_is_that_of_zip(void **state)
{
    char bytes[300];
    uint32_t crc = 0;

    (void)state;
    assert_int_equal(zip_crc(0, "123456789", 9), 0xcbf43926);
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * 7);
    for (size_t i = 0; i < sizeof(bytes); i++)
        crc = zip_crc(crc, &bytes[i], 1);
    for (size_t i = 0; i <= sizeof(bytes); i++)
        assert_int_equal(zip_crc(zip_crc(0, bytes, i), bytes + i, sizeof(bytes) - i), crc);
}

static void names_are_plain_paths(void **state)
{
    static char long_part[LIMIT_ZIP_SEGMENT_BYTES + 3], long_name[LIMIT_ZIP_NAME_BYTES + 1];
    const struct {
        struct str name;
        const char *fault;
    } cases[] = {
        {STR("data.db"), NULL},
        {STR("storage/a/b.txt"), NULL},
        {STR("storage/a/"), NULL},
        {STR("..a/b../...c/ .d"), NULL},
        {STR("\xc3\xa4/\xe6\x97\xa5/e\xcc\x81"), NULL},
        {STR(""), "is empty"},
        {STR("/"), "begins with a slash"},
        {STR("/a"), "begins with a slash"},
        {STR("."), "leads through . or .."},
        {STR("./a"), "leads through . or .."},
        {STR("../a"), "leads through . or .."},
        {STR("a/.."), "leads through . or .."},
        {STR("a/../b"), "leads through . or .."},
        {STR("a/../"), "leads through . or .."},
        {STR("a//b"), "has an empty part between slashes"},
        {STR("a//"), "has an empty part between slashes"},
        {STR("a\\b"), "has a backslash"},
        {STR("a\0b"), "has a control character"},
        {STR("a\n"), "has a control character"},
        {STR("a\x7f"), "has a control character"},
        {STR("a\xff"), "is not UTF-8"},
        {STR("a\xc0\xae\xc0\xae/b"), "is not UTF-8"},
        {{long_part, LIMIT_ZIP_SEGMENT_BYTES}, NULL},
        {{long_part, LIMIT_ZIP_SEGMENT_BYTES + 1}, NULL}, /* ends in a slash */
        {{long_part + 1, LIMIT_ZIP_SEGMENT_BYTES}, NULL},
        {{long_name, LIMIT_ZIP_SEGMENT_BYTES + 1}, "has a part that is too long"},
        {{long_name, LIMIT_ZIP_NAME_BYTES + 1}, "is too long"},
    };

    (void)state;
    memset(long_part, 'a', sizeof(long_part));
    long_part[LIMIT_ZIP_SEGMENT_BYTES] = '/';
    memset(long_name, 'b', sizeof(long_name));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *fault = zip_name_fault(cases[i].name);

        if (cases[i].fault ? !fault || strcmp(fault, cases[i].fault) != 0 : fault != NULL)
            fail_msg("case %zu: %s", i, fault ? fault : "no fault");
    }
}

/* --- round trips ------------------------------------------------------------------------------ */

static const struct {
    struct str name, content;
} files[] = {
    {STR_INIT("data.db"), STR_INIT("SQLite format 3")},
    {STR_INIT("auxiliary.db"), STR_INIT("")},
    {STR_INIT("storage/pbc_1/r1/\xc3\xa4\xe6\x97\xa5.txt"), STR_INIT("umlaut")},
    {STR_INIT("storage/pbc_1/r1/e\xcc\x81.txt"), STR_INIT("two code points")},
    {STR_INIT("storage/pbc_1/r1/\xc3\xa9.txt"), STR_INIT("one code point")},
    {STR_INIT("storage/pbc_1.x"), STR_INIT("sorts into the folder")},
    {STR_INIT("storage/pbc_1/r2/\xf0\x9f\x98\x80"), STR_INIT("x\0y")},
    {STR_INIT("._a"), STR_INIT("no resource fork")},
    {STR_INIT("__MACOSX/._data.db"), STR_INIT("neither")},
};

static void write_files(struct arena *a, int fd, struct zip_sum sums[COUNT_OF(files)])
{
    struct zip_writer *writer = writer_of(a, fd);

    for (size_t i = 0; i < COUNT_OF(files); i++) {
        archive_add(a, writer, files[i].name, files[i].content, &sums[i]);
        assert_int_equal(sums[i].size, files[i].content.n);
        assert_int_equal(sums[i].crc, zip_crc(0, files[i].content.p, files[i].content.n));
    }
    archive_assert_ok(zip_writer_close(a, writer));
}

static void assert_file(struct arena *a, int folder, struct str name, struct str content)
{
    int fd = openat(folder, arena_cstr(a, name), O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (fd < 0)
        fail_msg("%.*s: %s", STR_ARG(name), strerror(errno));
    assert_true(str_eq(archive_file_bytes(a, fd), content));
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mtim.tv_sec, 1700000001);
    (void)close(fd);
}

static void files_come_back(void **state)
{
    struct arena *a = arena_new();
    int fd = archive_temp_file(a), folder = archive_temp_folder(a);
    struct zip_sum sums[COUNT_OF(files)];
    struct zip *zip;

    (void)state;
    write_files(a, fd, sums);
    zip = checked(a, fd);
    assert_int_equal(zip->n, COUNT_OF(files));
    assert_int_equal(zip->n_files, COUNT_OF(files));
    for (size_t i = 0; i < COUNT_OF(files); i++) /* the first ones are those of the databases */
        assert_true(str_eq(zip->entries[i].sum.name, files[i].name));
    archive_assert_ok(zip_compare(a, zip, sums, COUNT_OF(sums)));
    archive_assert_ok(zip_verify(a, zip, nobody));
    archive_assert_ok(zip_extract(a, zip, folder, nobody));
    for (size_t i = 0; i < COUNT_OF(files); i++)
        assert_file(a, folder, files[i].name, files[i].content);
    assert_ptr_equal(uselocale((locale_t)0), LC_GLOBAL_LOCALE);
    arena_free(a);
}

static void sums_are_compared(void **state)
{
    struct arena *a = arena_new();
    int fd = archive_temp_file(a);
    struct zip_sum sums[COUNT_OF(files)], other;
    struct zip *zip;

    (void)state;
    write_files(a, fd, sums);
    zip = checked(a, fd);
    assert_ptr_equal(zip_find(zip, STR("data.db")), &zip->entries[0]);
    assert_null(zip_find(zip, STR("data.d")));
    assert_null(zip_find(zip, STR("storage")));
    other = sums[2];
    other.crc++;
    archive_assert_err(zip_compare(a, zip, &other, 1), E_BAD_REQUEST, "is another file");
    other = sums[2];
    other.size++;
    archive_assert_err(zip_compare(a, zip, &other, 1), E_BAD_REQUEST, "is another file");
    other.name = STR("storage/pbc_1/r1");
    archive_assert_err(zip_compare(a, zip, &other, 1), E_BAD_REQUEST,
                       "\"storage/pbc_1/r1\" is missing");
    arena_free(a);
}

static void an_archive_may_be_empty(void **state)
{
    struct arena *a = arena_new();
    int fd = archive_temp_file(a), folder = archive_temp_folder(a);
    struct zip *zip;

    (void)state;
    archive_assert_ok(zip_writer_close(a, writer_of(a, fd)));
    zip = checked(a, fd);
    assert_int_equal(zip->n, 0);
    assert_null(zip_find(zip, STR("a")));
    archive_assert_ok(zip_verify(a, zip, nobody));
    archive_assert_ok(zip_extract(a, zip, folder, nobody));
    arena_free(a);
}

static void there_may_be_more_than_16_bits_count(void **state)
{
    struct zip_bounds bounds = wide;
    struct arena *a = arena_new();
    int fd = archive_temp_file(a);
    struct zip_writer *writer = writer_of(a, fd);
    struct zip_sum sum;
    struct zip *zip;

    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        struct str name = arena_printf(a, "storage/%u/%u", i % 100, i);

        archive_add(a, writer, name, name, &sum);
    }
    archive_assert_ok(zip_writer_close(a, writer));
    zip = checked(a, fd);
    assert_int_equal(zip->n, MANY);
    assert_non_null(zip_find(zip, STR("storage/99/65999")));
    archive_assert_ok(zip_verify(a, zip, nobody));
    bounds.max_entries = MANY;
    archive_assert_ok(zip_check(a, fd, &bounds, &zip));
    bounds.max_entries = MANY - 1;
    archive_assert_err(zip_check(a, fd, &bounds, &zip), E_BAD_REQUEST, "more than 65999 files");
    arena_free(a);
}

/* --- long ones -------------------------------------------------------------------------------- */

static long most_kib(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[200];
    long kib = 0;

    assert_non_null(f);
    while (kib == 0 && fgets(line, sizeof(line), f))
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = strtol(line + 6, NULL, 10);
    (void)fclose(f); /* it was only read */
    assert_true(kib > 0);
    return kib;
}

static int64_t read_zeros(void *user, void *ret, size_t n)
{
    (void)user;
    memset(ret, 0, n);
    return (int64_t)n;
}

static bool count_calls(void *user, uint64_t bytes)
{
    uint64_t *calls = user;

    ++*calls;
    return bytes <= LONG_BYTES;
}

static void a_file_may_be_longer_than_32_bits_count(void **state)
{
    uint64_t calls = 0;
    const struct zip_file file = {
        .name = STR("zeros"), .size = LONG_BYTES, .read = read_zeros, .mtime_s = 1700000001};
    const struct zip_watch watch = {count_calls, &calls};
    struct zip_bounds bounds = {.max_bytes = LONG_BYTES};
    struct arena *a = arena_new();
    int fd = archive_temp_file(a);
    struct zip_writer *writer;
    struct zip_sum sum;
    struct zip *zip;
    long kib;

    (void)state;
    archive_assert_ok(zip_writer_open(a, fd, watch, &writer)); /* with the module */
    kib = most_kib();
    archive_assert_ok(zip_writer_add(a, writer, &file, &sum));
    archive_assert_ok(zip_writer_close(a, writer));
    assert_int_equal(sum.size, LONG_BYTES);
    archive_assert_ok(zip_check(a, fd, &bounds, &zip));
    assert_int_equal(zip->bytes, LONG_BYTES);
    archive_assert_ok(zip_compare(a, zip, &sum, 1));
    archive_assert_ok(zip_verify(a, zip, watch));
    assert_true(calls > 2 * LONG_BYTES / (1 * MIB));
    if (most_kib() - kib > RESIDENT_KIB)
        fail_msg("%ld KiB more in memory", most_kib() - kib);
    bounds.max_bytes--;
    archive_assert_err(zip_check(a, fd, &bounds, &zip), E_BAD_REQUEST, "that there is room for");
    arena_free(a);
}

/* --- what does not go well -------------------------------------------------------------------- */

static bool stop_at(void *user, uint64_t bytes)
{
    const uint64_t *most = user;

    return bytes < *most;
}

static void what_is_watched_can_be_stopped(void **state)
{
    uint64_t most = 8 * MIB;
    const struct zip_watch watch = {stop_at, &most};
    struct zip_file file = {.name = STR("zeros"), .size = 8 * MIB - 1, .read = read_zeros};
    struct arena *a = arena_new();
    int fd = archive_temp_file(a), folder = archive_temp_folder(a);
    struct zip_writer *writer;
    struct zip_sum sum;
    struct zip *zip;

    (void)state;
    archive_assert_ok(zip_writer_open(a, fd, watch, &writer));
    archive_assert_ok(zip_writer_add(a, writer, &file, &sum));
    archive_assert_ok(zip_writer_close(a, writer));
    zip = checked(a, fd);
    archive_assert_ok(zip_verify(a, zip, watch));
    most = 4 * MIB;
    archive_assert_err(zip_verify(a, zip, watch), E_GONE, "stopped");
    archive_assert_err(zip_extract(a, zip, folder, watch), E_GONE, "stopped");
    fd = archive_temp_file(a);
    archive_assert_ok(zip_writer_open(a, fd, watch, &writer));
    archive_assert_err(zip_writer_add(a, writer, &file, &sum), E_GONE, "stopped");
    arena_free(a);
}

/* Half an archive is none. */
static void a_writer_may_be_left(void **state)
{
    struct arena *a = arena_new(), *of_writer = arena_new();
    int fd = archive_temp_file(a);
    struct zip_writer *writer = writer_of(of_writer, fd);
    struct zip_sum sum;
    struct zip *zip;

    (void)state;
    archive_add(of_writer, writer, STR("a"), STR("b"), &sum);
    arena_free(of_writer);
    archive_assert_err(zip_check(a, fd, &wide, &zip), E_BAD_REQUEST, "no zip file");
    arena_free(a);
}

static void what_changes_meanwhile_is_bounded(void **state)
{
    struct arena *a = arena_new();
    int fd = archive_temp_file(a), source = archive_temp_file(a);
    struct zip_writer *writer = writer_of(a, fd);
    struct zip_file grown = {.name = STR("grown"), .size = 5, .read = read_zeros};
    struct zip_sum sums[3];
    struct str rest = STR("abc");

    (void)state;
    archive_put_bytes(source, STR("0123456789"));
    archive_assert_ok(zip_writer_add(a, writer, &grown, &sums[0]));
    assert_int_equal(sums[0].size, 5);
    archive_assert_ok(zip_writer_add_fd(a, writer, STR("fd"), source, &sums[1]));
    assert_int_equal(sums[1].crc, zip_crc(0, "0123456789", 10));
    archive_add(a, writer, STR("same"), rest, &sums[2]);
    archive_assert_ok(zip_writer_close(a, writer));
    archive_assert_ok(zip_compare(a, checked(a, fd), sums, 3));
    archive_assert_ok(zip_verify(a, checked(a, fd), nobody));
    arena_free(a);
}

static int64_t read_less(void *user, void *ret, size_t n)
{
    int *left = user;

    memset(ret, 'x', n);
    if (*left == 0)
        return 0;
    --*left;
    return 1;
}

static void a_file_that_has_become_shorter_is_read_back(void **state)
{
    static const uint64_t sizes[] = {4, 3 * GIB, 4 * GIB - 1, 5 * GIB};
    struct zip_sum sums[COUNT_OF(sizes) + 1];
    struct arena *a = arena_new();
    int fd = archive_temp_file(a);
    struct zip_writer *writer = writer_of(a, fd);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        int left = 3;
        struct zip_file file = {.name = arena_printf(a, "less%zu", i),
                                .size = sizes[i],
                                .read = read_less,
                                .user = &left};

        archive_assert_ok(zip_writer_add(a, writer, &file, &sums[i]));
        assert_int_equal(sums[i].size, 3);
    }
    archive_add(a, writer, STR("next"), STR("one"), &sums[COUNT_OF(sizes)]);
    archive_assert_ok(zip_writer_close(a, writer));
    archive_assert_ok(zip_compare(a, checked(a, fd), sums, COUNT_OF(sums)));
    archive_assert_ok(zip_verify(a, checked(a, fd), nobody));
    arena_free(a);
}

static int64_t read_fails(void *user, void *ret, size_t n)
{
    (void)user, (void)ret, (void)n;
    errno = EIO;
    return -1;
}

static void what_the_system_refuses_is_told(void **state)
{
    static const struct zip_file file = {
        .name = STR_INIT("broken"), .size = 10, .read = read_fails};
    struct zip_file named = {.name = STR("../a"), .size = 1, .read = read_zeros};
    struct arena *a = arena_new();
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC), fd = archive_temp_file(a);
    struct zip_writer *writer;
    struct zip_sum sum;
    struct zip *zip;

    (void)state;
    assert_true(full >= 0);
    writer = writer_of(a, full);
    archive_add(a, writer, STR("a"), STR("b"), &sum);
    archive_assert_err(zip_writer_close(a, writer), E_UNAVAILABLE, "No space left");
    (void)close(full);
    writer = writer_of(a, fd);
    archive_assert_err(zip_writer_add(a, writer, &named, &sum), E_BAD_REQUEST, "\"../a\" leads");
    named.name = STR("a/");
    archive_assert_err(zip_writer_add(a, writer, &named, &sum), E_BAD_REQUEST, "a folder's");
    archive_assert_err(zip_writer_add(a, writer, &file, &sum), E_INTERNAL,
                       "\"broken\": Input/output error");
    archive_assert_err(zip_check(a, open("/", O_RDONLY | O_CLOEXEC), &wide, &zip), E_BAD_REQUEST,
                       "it is no file");
    arena_free(a);
}

/* A link in the folder leads nowhere, a file there is not written over. */
static void extracting_stays_in_its_folder(void **state)
{
    struct arena *a = arena_new();
    int fd = archive_temp_file(a);
    int folder = archive_temp_folder(a), other = archive_temp_folder(a);
    const char *other_path = arena_cstr(a, arena_printf(a, "/proc/self/fd/%d", other));
    struct zip_sum sums[COUNT_OF(files)];
    char target[200];
    ssize_t n = readlink(other_path, target, sizeof(target) - 1);

    (void)state;
    assert_true(n > 0);
    target[n] = '\0';
    write_files(a, fd, sums);
    assert_int_equal(symlinkat(target, folder, "storage"), 0);
    archive_assert_err(zip_extract(a, checked(a, fd), folder, nobody), E_INTERNAL, "storage/pbc_1");
    assert_int_not_equal(faccessat(other, "pbc_1", F_OK, 0), 0);
    assert_int_equal(unlinkat(folder, "storage", 0), 0);
    archive_assert_err(zip_extract(a, checked(a, fd), folder, nobody), E_INTERNAL,
                       "\"data.db\": File exists");
    assert_int_equal(unlinkat(folder, "data.db", 0), 0);
    assert_int_equal(symlinkat("/nonexistent/a", folder, "data.db"), 0);
    archive_assert_err(zip_extract(a, checked(a, fd), folder, nobody), E_INTERNAL, "\"data.db\"");
    arena_free(a);
}

/* The first case: in a process that has not opened it yet. */
static void without_the_module_there_is_an_error(void **state)
{
    int status;
    pid_t child = fork();

    (void)state;
    assert_true(child >= 0);
    if (child == 0) {
        struct arena *a = arena_new();
        struct zip_writer *writer;
        int errors = 0;

        (void)close(STDERR_FILENO); /* where the log goes */
        zip_module_path("/nonexistent/reeve-archive.so");
        for (int i = 0; i < 2; i++) {
            struct err *err = zip_writer_open(a, 1, nobody, &writer);

            errors += err && err->kind == E_UNAVAILABLE && str_has(err->cause, STR("nonexistent"));
        }
        _exit(errors);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_module_there_is_an_error),
        cmocka_unit_test(crc_is_that_of_zip),
        cmocka_unit_test(names_are_plain_paths),
        cmocka_unit_test(a_file_may_be_longer_than_32_bits_count),
        cmocka_unit_test(files_come_back),
        cmocka_unit_test(sums_are_compared),
        cmocka_unit_test(an_archive_may_be_empty),
        cmocka_unit_test(there_may_be_more_than_16_bits_count),
        cmocka_unit_test(what_is_watched_can_be_stopped),
        cmocka_unit_test(a_writer_may_be_left),
        cmocka_unit_test(what_changes_meanwhile_is_bounded),
        cmocka_unit_test(a_file_that_has_become_shorter_is_read_back),
        cmocka_unit_test(what_the_system_refuses_is_told),
        cmocka_unit_test(extracting_stays_in_its_folder),
    };

    return cmocka_run_group_tests_name("archive", tests, archive_set_up, NULL);
}
