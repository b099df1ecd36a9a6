/* Archives made by hand, byte by byte, that ask for what no archive may have. */
#include "unit/unit.h"

#include "archive/bytes.h"
#include "archive/internal.h"
#include "base/buf.h"
#include "base/limits.h"
#include "unit/archive.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_BYTES (4 * MIB)
#define UNIX 3 /* who has packed it */
#define ROOM (1 * MIB)

static const struct zip_watch nobody;
static const struct zip_bounds wide = {.max_bytes = ROOM};

/* A file of an archive: stored, and as it should be but for what is given. */
struct part {
    struct str name;
    struct str content;
    struct str local_name; /* none: `name` */
    unsigned flags, local_flags;
    unsigned method, local_method;
    unsigned mode;      /* 0: a regular file's */
    uint64_t size;      /* 0: that of the content */
    uint32_t crc_off;   /* added to the CRC in both places */
    uint32_t local_off; /* added to the size in the header */
    struct str extra;   /* of the directory's entry */
    unsigned disk;
    bool again; /* at the place of the part before it, whose header serves both */
    bool no_at; /* its place is in `extra` */
};

static void put16(struct buf *out, unsigned n)
{
    const char bytes[] = {(char)n, (char)(n >> 8)};

    buf_add_bytes(out, bytes, sizeof(bytes));
}

static void put32(struct buf *out, uint64_t n)
{
    put16(out, (unsigned)n);
    put16(out, (unsigned)(n >> 16));
}

static void put64(struct buf *out, uint64_t n)
{
    put32(out, n);
    put32(out, n >> 32);
}

static uint32_t crc_of(const struct part *part)
{
    return zip_crc(0, part->content.p, part->content.n) + part->crc_off;
}

static void put_local(struct buf *out, const struct part *part)
{
    struct str name = part->local_name.n > 0 ? part->local_name : part->name;

    put32(out, ZIP_SIGN_LOCAL);
    put16(out, 20);
    put16(out, part->flags | part->local_flags);
    put16(out, part->method + part->local_method);
    put32(out, 0x21 << 16);
    put32(out, crc_of(part));
    put32(out, part->content.n);
    put32(out, (part->size ? part->size : part->content.n) + part->local_off);
    put16(out, (unsigned)name.n);
    put16(out, 0);
    buf_add(out, name);
    buf_add(out, part->content);
}

static void put_entry(struct buf *out, const struct part *part, size_t at)
{
    put32(out, ZIP_SIGN_ENTRY);
    put16(out, UNIX << 8 | 20);
    put16(out, 20);
    put16(out, part->flags);
    put16(out, part->method);
    put32(out, 0x21 << 16);
    put32(out, crc_of(part));
    put32(out, part->content.n);
    put32(out, part->size ? part->size : part->content.n);
    put16(out, (unsigned)part->name.n);
    put16(out, (unsigned)part->extra.n);
    put16(out, 0);
    put16(out, part->disk);
    put16(out, 0);
    put32(out, (uint64_t)(part->mode ? part->mode : S_IFREG | 0644) << 16);
    put32(out, part->no_at ? UINT32_MAX : at);
    buf_add(out, part->name);
    buf_add(out, part->extra);
}

static void put_end(struct buf *out, size_t n, size_t from)
{
    size_t bytes = out->n - from;

    put32(out, ZIP_SIGN_END);
    put32(out, 0);
    put16(out, (unsigned)n);
    put16(out, (unsigned)n);
    put32(out, bytes);
    put32(out, from);
    put16(out, 0);
}

static struct str archive_of(struct arena *a, const struct part *parts, size_t n)
{
    AUTO_BUF struct buf out;
    size_t at[8], from;

    buf_init(&out, MOST_BYTES);
    assert_true(n <= COUNT_OF(at));
    for (size_t i = 0; i < n; i++) {
        at[i] = parts[i].again ? at[i - 1] : out.n;
        if (!parts[i].again)
            put_local(&out, &parts[i]);
    }
    from = out.n;
    for (size_t i = 0; i < n; i++)
        put_entry(&out, &parts[i], at[i]);
    put_end(&out, n, from);
    return arena_dup(a, buf_str(&out));
}

/* The archive of the bytes. */
static struct err *check(struct arena *a, struct str bytes, const struct zip_bounds *bounds,
                         struct zip **ret)
{
    int fd = archive_temp_file(a);

    archive_put_bytes(fd, bytes);
    return zip_check(a, fd, bounds, ret);
}

/* --- what is refused before anything is read ---------------------------------------------------
 */

static void plain_ones_are_taken(void **state)
{
    static const struct part parts[] = {
        {.name = STR_INIT("data.db"), .content = STR_INIT("abc")},
        {.name = STR_INIT("storage/"), .mode = S_IFDIR | 0755},
        {.name = STR_INIT("storage/a"), .content = STR_INIT("def")},
        {.name = STR_INIT("storage/b/c/")}, /* where no Unix has packed it */
        {.name = STR_INIT("storage/a.b")},
    };
    struct arena *a = arena_new();
    int folder = archive_temp_folder(a);
    struct zip *zip;

    (void)state;
    archive_assert_ok(check(a, archive_of(a, parts, COUNT_OF(parts)), &wide, &zip));
    assert_int_equal(zip->n, 5);
    assert_int_equal(zip->n_files, 3);
    assert_int_equal(zip->bytes, 6);
    archive_assert_ok(zip_verify(a, zip, nobody));
    archive_assert_ok(zip_extract(a, zip, folder, nobody));
    assert_int_equal(faccessat(folder, "storage/a.b", F_OK, 0), 0);
    assert_int_not_equal(faccessat(folder, "storage/b", F_OK, 0), 0);
    arena_free(a);
}

static void assert_refused(const struct part parts[2], const char *why)
{
    struct arena *a = arena_new();
    struct str bytes = archive_of(a, parts, parts[1].name.n > 0 ? 2 : 1);
    struct zip *zip;

    archive_assert_err(check(a, bytes, &wide, &zip), E_BAD_REQUEST, why);
    arena_free(a);
}

#define ZIP64_SIZE(n) "\1\0\x08\0" n
#define PART(text) .name = STR_INIT(text), .content = STR_INIT("0123456789")

static void hostile_entries_are_refused(void **state)
{
    static const struct {
        struct part parts[2];
        const char *why;
    } cases[] = {
        {{{PART("../a")}}, "\"../a\" leads through"},
        {{{PART("a/../../b")}}, "leads through"},
        {{{PART("/etc/passwd")}}, "begins with a slash"},
        {{{PART("a\\..\\b")}}, "has a backslash"},
        {{{PART("a\0b")}}, "\"a?b\" has a control character"},
        {{{PART("a\xff")}}, "\"a?\" is not UTF-8"},
        {{{PART("a//b")}}, "empty part"},
        {{{.content = STR_INIT("x")}}, "\"\" is empty"},
        {{{PART("link"), .mode = S_IFLNK | 0777}}, "is no regular file"},
        {{{PART("pipe"), .mode = S_IFIFO | 0666}}, "is no regular file"},
        {{{PART("disk"), .mode = S_IFBLK | 0666}}, "is no regular file"},
        {{{PART("folder"), .mode = S_IFDIR | 0755}}, "is no regular file"},
        {{{PART("link/"), .mode = S_IFLNK | 0777}}, "is no regular file"},
        {{{PART("folder/")}}, "is a folder with content"},
        {{{PART("a")}, {PART("a")}}, "\"a\" is there twice"},
        {{{PART("a/")}, {PART("a")}}, "is a folder with content"},
        {{{PART("a/b")}, {PART("a")}}, "\"a\" is a file and a folder"},
        {{{PART("a")}, {.name = STR_INIT("a/")}}, "\"a\" is a file and a folder"},
        {{{PART("a"), .flags = 1}}, "encrypted"},
        {{{PART("a"), .local_flags = 1}}, "is not what the directory says"},
        {{{PART("a"), .flags = 0x2000}}, "encrypted"},
        {{{PART("a"), .method = 99}}, "compressed in a way"},
        {{{PART("a"), .method = 14}}, "compressed in a way"},
        {{{PART("a"), .local_method = 14}}, "is not what the directory says"},
        {{{PART("a"), .local_name = STR_INIT("b")}}, "is not what the directory says"},
        {{{PART("a"), .local_name = STR_INIT("../../a")}}, "is not what the directory says"},
        {{{PART("a"), .local_off = 1}}, "is not what the directory says"},
        {{{PART("a"), .size = 11}}, "has two sizes"},
        {{{PART("a"), .disk = 1}}, "another part"},
        {{{PART("a")}, {PART("b"), .again = true}}, "overlaps"},
        {{{PART("a"), .extra = STR_INIT("\1\0\x09\0a")}}, "has damaged fields"},
        {{{PART("a"), .no_at = true, .extra = STR_INIT("\1\0\4\0abcd")}}, "has damaged fields"},
        {{{PART("a"), .no_at = true}}, "overlaps"},
        {{{PART("a"), .no_at = true, .extra = STR_INIT(ZIP64_SIZE("\1\0\0\0\0\0\0\0"))}},
         "is not what the directory says"},
        {{{PART("a"), .no_at = true,
           .extra = STR_INIT(ZIP64_SIZE("\xff\xff\xff\xff\xff\xff\xff\xff"))}},
         "overlaps"},
        {{{PART("a"), .method = 8, .size = UINT32_MAX,
           .extra = STR_INIT(ZIP64_SIZE("\xff\xff\xff\xff\xff\xff\xff\xff"))}},
         "room for"},
        {{{PART("a"), .method = 8, .size = ROOM + 1}}, "larger than the 1048576 bytes"},
        {{{PART("a"), .method = 8, .size = ROOM - 9}, {PART("b")}}, "room for"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_refused(cases[i].parts, cases[i].why);
}

/* --- the frame -------------------------------------------------------------------------------- */

static struct str plain_archive(struct arena *a)
{
    static const struct part parts[] = {{PART("a")}, {PART("b/c")}};

    return archive_of(a, parts, COUNT_OF(parts));
}

static void any_part_of_an_archive_is_none(void **state)
{
    struct arena *a = arena_new();
    struct str whole = plain_archive(a);
    struct zip *zip;

    (void)state;
    archive_assert_ok(check(a, whole, &wide, &zip));
    for (size_t n = 0; n < whole.n; n++) {
        if (!check(a, str_sub(whole, 0, n), &wide, &zip))
            fail_msg("the first %zu bytes were taken", n);
        if (n > 0 && !check(a, str_from(whole, n), &wide, &zip))
            fail_msg("without the first %zu bytes it was taken", n);
    }
    arena_free(a);
}

/* Each byte of what is not content matters to somebody; none makes us read what is not there. */
static void any_byte_may_be_another(void **state)
{
    struct arena *a = arena_new();
    struct str whole = plain_archive(a);
    int fd = archive_temp_file(a);

    (void)state;
    for (size_t i = 0; i < whole.n * 8; i++) {
        struct arena *turn = arena_new();
        char *bytes = arena_alloc(turn, whole.n);
        struct zip *zip;

        memcpy(bytes, whole.p, whole.n);
        bytes[i / 8] = (char)(bytes[i / 8] ^ 1 << i % 8);
        archive_put_bytes(fd, (struct str){bytes, whole.n});
        if (!zip_check(turn, fd, &wide, &zip) && !zip_verify(turn, zip, nobody))
            assert_int_equal(zip->bytes, 20);
        arena_free(turn);
    }
    arena_free(a);
}

static void the_end_must_be_the_only_one(void **state)
{
    struct arena *a = arena_new();
    struct str whole = plain_archive(a);
    struct str other = archive_of(a, (const struct part[]){{PART("x")}}, 1);
    char *several = arena_alloc(a, whole.n);
    struct zip *zip;

    (void)state;
    memcpy(several, whole.p, whole.n);
    several[whole.n - 18] = 1;
    archive_assert_err(check(a, (struct str){several, whole.n}, &wide, &zip), E_BAD_REQUEST,
                       "several files");
    archive_assert_err(check(a, arena_concat(a, whole, STR("\0"), STR_NONE), &wide, &zip),
                       E_BAD_REQUEST, "is not the file's");
    archive_assert_err(check(a, arena_concat(a, other, whole, STR_NONE), &wide, &zip),
                       E_BAD_REQUEST, "does not fit its directory");
    archive_assert_err(check(a, STR("no archive, whatever it was taken for"), &wide, &zip),
                       E_BAD_REQUEST, "no zip file");
    archive_assert_err(check(a, STR_NONE, &wide, &zip), E_BAD_REQUEST, "no zip file");
    arena_free(a);
}

/* What a directory says of itself is believed only as far as the file goes. */
static void counts_ask_for_no_memory(void **state)
{
    static const struct {
        uint64_t n, bytes, from;
        const char *why;
    } cases[] = {
        {2, 0, 0, "does not fit"},
        {1000001, 46, 0, "more than 1000000 files"},
        {UINT64_MAX, 46, 0, "more than 1000000 files"},
        {2, 46, 0, "is damaged"},
        {0, 46, 0, "is damaged"},
        {1, 46, 0, "is damaged"},
        {1, UINT64_MAX, 47, "does not fit"},
        {1, 46, UINT64_MAX, "does not fit"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        AUTO_BUF struct buf out;
        struct zip *zip;

        buf_init(&out, MOST_BYTES);
        for (int k = 0; k < 46; k++)
            buf_add_byte(&out, '\0');
        put32(&out, ZIP_SIGN_END64);
        put64(&out, 44);
        put32(&out, 0);
        put64(&out, 0);
        put64(&out, cases[i].n);
        put64(&out, cases[i].n);
        put64(&out, cases[i].bytes);
        put64(&out, cases[i].from);
        put32(&out, ZIP_SIGN_LOCATOR);
        put32(&out, 0);
        put64(&out, 46);
        put32(&out, 1);
        put32(&out, ZIP_SIGN_END);
        put32(&out, 0);
        put32(&out, UINT32_MAX);
        put64(&out, UINT64_MAX);
        put16(&out, 0);
        archive_assert_err(check(a, buf_str(&out), &wide, &zip), E_BAD_REQUEST, cases[i].why);
    }
}

/* --- what only decompressing shows --------------------------------------------------------------
 */

static int64_t read_zeros(void *user, void *ret, size_t n)
{
    (void)user;
    memset(ret, 0, n);
    return (int64_t)n;
}

/* `really` zeros, which the directory calls `said`. */
static struct str lying_archive(struct arena *a, uint64_t really, uint32_t said)
{
    const struct zip_file file = {.name = STR("zeros"), .size = really, .read = read_zeros};
    int fd = archive_temp_file(a);
    struct zip_writer *writer;
    struct zip_sum sum;
    struct str bytes;
    char *entry;
    const uint32_t size = htole32(said);

    archive_assert_ok(zip_writer_open(a, fd, nobody, &writer));
    archive_assert_ok(zip_writer_add(a, writer, &file, &sum));
    archive_assert_ok(zip_writer_close(a, writer));
    bytes = archive_file_bytes(a, fd);
    entry = arena_alloc(a, bytes.n);
    memcpy(entry, bytes.p, bytes.n);
    bytes.p = entry;
    entry += le32_at(entry + bytes.n - 6);
    assert_int_equal(le32_at(entry), ZIP_SIGN_ENTRY);
    memcpy(entry + 24, &size, sizeof(size));
    return bytes;
}

static void sizes_must_be_true(void **state)
{
    static const struct {
        uint64_t really;
        uint32_t said;
        const char *why;
    } cases[] = {
        {300 * MIB, 100000, "\"zeros\" is longer than it says"},
        {1000, 999, "\"zeros\""},
        {1000, 0, "\"zeros\""},
        {1000, 1001, "\"zeros\""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        int folder = archive_temp_folder(a);
        struct stat st;
        struct zip *zip;

        archive_assert_ok(check(a, lying_archive(a, cases[i].really, cases[i].said), &wide, &zip));
        archive_assert_err(zip_verify(a, zip, nobody), E_BAD_REQUEST, cases[i].why);
        archive_assert_err(zip_extract(a, zip, folder, nobody), E_BAD_REQUEST, cases[i].why);
        assert_int_equal(fstatat(folder, "zeros", &st, 0), 0);
        assert_true((uint64_t)st.st_size <= cases[i].said);
    }
}

static void contents_must_be_whole(void **state)
{
    static const struct {
        struct part part;
        const char *why;
    } cases[] = {
        {{PART("a"), .crc_off = 1}, "\"a\""},
        {{PART("a"), .method = 8, .size = 10}, "\"a\""}, /* no stream of deflate */
        {{PART("a"), .method = 8, .size = 1000}, "\"a\""},
        {{.name = STR_INIT("a"), .method = 8, .size = 10}, "\"a\""}, /* nothing at all */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_free) struct arena *a = arena_new();
        struct zip *zip;

        archive_assert_ok(check(a, archive_of(a, &cases[i].part, 1), &wide, &zip));
        archive_assert_err(zip_verify(a, zip, nobody), E_BAD_REQUEST, cases[i].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_ones_are_taken),
        cmocka_unit_test(hostile_entries_are_refused),
        cmocka_unit_test(any_part_of_an_archive_is_none),
        cmocka_unit_test(any_byte_may_be_another),
        cmocka_unit_test(the_end_must_be_the_only_one),
        cmocka_unit_test(counts_ask_for_no_memory),
        cmocka_unit_test(sizes_must_be_true),
        cmocka_unit_test(contents_must_be_whole),
    };

    return cmocka_run_group_tests_name("archive_hostile", tests, archive_set_up, NULL);
}
