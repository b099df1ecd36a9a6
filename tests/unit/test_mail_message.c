#include "unit/unit.h"

#include "base/limits.h"
#include "base/str.h"
#include "mail/internal.h"
#include "support/temp.h"

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOW_MS INT64_C(1795923868000) /* Sun, 29 Nov 2026 03:44:28 */

struct words {
    const char *text;
    const char *written;
};

static void subjects(void **state)
{
    static const struct words cases[] = {
        {"", ""},
        {"Verify your Acme email", "Verify your Acme email"},
        {"  blanks ", "blanks"},
        {"a\r\nBcc: b@c.d\x00", "aBcc: b@c.d"},
        {"a\tb\x7f\xC2\x85"
         "c",
         "a bc"},
        {"\xC3\xA9", "=?UTF-8?B?w6k=?="},
        {"only \xC3\xA9 few of them", "=?UTF-8?Q?only_=C3=A9_few_of_them?="},
        {"=?UTF-8?Q?x?=", "=?UTF-8?B?PT9VVEYtOD9RP3g/PQ==?="},
        {"a\xFF"
         "b",
         "=?UTF-8?B?Ye+/vWI=?="},
        {"0123456789012345678901234567890123456789012345678901234567890123456",
         "0123456789012345678901234567890123456789012345678901234567890123456"},
        {"01234567890123456789012345678901234567890123456789012345678901234567",
         "=?UTF-8?Q?0123456789012345678901234567890123456789012345678901234?=\r\n"
         " =?UTF-8?Q?5678901234567?="},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_BUF struct buf out;

        buf_init(&out, 10000);
        BUF_ADD(&out, "Subject: ");
        mail_write_words(&out, str_of(cases[i].text));
        assert_string_equal(out.p + 9, cases[i].written);
    }
}

static void addresses(void **state)
{
    static const struct words cases[] = {
        {"", "a@b.c"},
        {"Ada Lovelace", "Ada Lovelace <a@b.c>"},
        {"Lovelace, Ada", "\"Lovelace, Ada\" <a@b.c>"},
        {"A \"b\" \\", "\"A \\\"b\\\" \\\\\" <a@b.c>"},
        {"J\xC3\xB6rg", "=?UTF-8?B?SsO2cmc=?= <a@b.c>"},
        {"a\r\n <x@y.z>,", "\"a <x@y.z>,\" <a@b.c>"},
        {"\r\n", "a@b.c"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct mail_address address = {str_of(cases[i].text), STR("a@b.c")};
        AUTO_BUF struct buf out;

        buf_init(&out, 10000);
        mail_write_address(&out, &address);
        assert_string_equal(out.p, cases[i].written);
    }
}

static void bodies(void **state)
{
    static const struct words cases[] = {
        {"", ""},
        {"a\nb\r\nc\rd\n\n", "a\r\nb\r\nc\r\nd\r\n\r\n"},
        {".\n..\na.", "=2E\r\n=2E.\r\na."},
        {"a \nb\t", "a=20\r\nb=09"},
        {"a=\xC3\xA9", "a=3D=C3=A9"},
        {"0123456789012345678901234567890123456789012345678901234567890123456789012345",
         "012345678901234567890123456789012345678901234567890123456789012345678901234=\r\n5"},
        {"01234567890123456789012345678901234567890123456789012345678901234567890123\xC3\xA9",
         "01234567890123456789012345678901234567890123456789012345678901234567890123=\r\n"
         "=C3=A9"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_BUF struct buf out;

        buf_init(&out, 10000);
        mail_write_quoted(&out, str_of(cases[i].text));
        assert_string_equal(out.p, cases[i].written);
    }
}

static void an_address_is_fine_or_not(void **state)
{
    static const char *const good[] = {"a@b", "a.b+c!#$%&'*/=?^_`{|}~-@b.c",
                                       "j\xC3\xB6rg@ex\xC3\xA4mple.com"};
    static const char *const bad[] = {"",
                                      "a",
                                      "@",
                                      "a@",
                                      "@b",
                                      "a@b@c",
                                      "a b@c",
                                      "a@b\r\n",
                                      "a@b\t",
                                      "<a@b>",
                                      "a@b,c@d",
                                      "\"a\"@b",
                                      "a;@b",
                                      "a:b@c",
                                      "a\\@b",
                                      "a(b)@c",
                                      "a@[::1]",
                                      "a\x7f@b",
                                      "\xFF@b",
                                      "a@\xC3",
                                      "a\xC2\x80@b",
                                      "a\xE2\x80\xA8@b"};
    char most[LIMIT_MAIL_ADDRESS_BYTES + 1];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_null(mail_address_fault(str_of(good[i])));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_non_null(mail_address_fault(str_of(bad[i])));
    assert_non_null(mail_address_fault(STR("a\0@b")));
    memset(most, 'a', sizeof(most));
    most[1] = '@';
    assert_null(mail_address_fault((struct str){most, sizeof(most) - 1}));
    assert_non_null(mail_address_fault((struct str){most, sizeof(most)}));
}

static struct err *write_one(struct arena *a, const struct mail_message *message, struct buf *out)
{
    buf_reset(out);
    return mail_message_write(a, message, NOW_MS, out);
}

static void a_message_has_its_headers(void **state)
{
    const struct mail_address to[] = {{STR_NONE, STR("bob@example.com")},
                                      {STR("Eve"), STR("eve@example.com")}};
    struct mail_message message = {.from = {STR("Support"), STR("support@example.com")},
                                   .to = to,
                                   .n_to = 2,
                                   .subject = STR("Hi"),
                                   .html = STR("<p>x</p>"),
                                   .id = STR("id@example.com")};
    static const char *const first =
        "From: Support <support@example.com>\r\nTo: bob@example.com,\r\n Eve <eve@example.com>\r\n"
        "Subject: Hi\r\nDate: Sun, 29 Nov 2026 03:44:28 +0000\r\nMessage-ID: <id@example.com>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary=\"";
    AUTO(arena_free) struct arena *a = arena_new();
    AUTO_BUF struct buf out;

    (void)state;
    buf_init(&out, 10000);
    assert_null(write_one(a, &message, &out));
    assert_true(str_starts(buf_str(&out), str_of(first)));
    assert_true(str_has(buf_str(&out), STR("Content-Type: text/plain; charset=UTF-8\r\n")));
    assert_true(str_has(buf_str(&out), STR("Content-Type: text/html; charset=UTF-8\r\n")));
    message.html = STR("<img src=x>");
    assert_null(write_one(a, &message, &out));
    assert_false(str_has(buf_str(&out), STR("text/plain")));
    message.html = STR_NONE;
    assert_null(write_one(a, &message, &out));
    assert_true(str_has(buf_str(&out), STR("text/plain")));
    assert_false(str_has(buf_str(&out), STR("text/html")));
}

static void a_message_has_bounds(void **state)
{
    static struct mail_address to[LIMIT_MAIL_RECIPIENTS + 1];
    struct mail_message message = {.from = {STR_NONE, STR("a@b")}, .to = to, .text = STR("x")};
    AUTO(arena_free) struct arena *a = arena_new();
    AUTO_BUF struct buf out;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(to); i++)
        to[i].address = STR("bob@example.com");
    buf_init(&out, 100000);
    assert_int_equal(write_one(a, &message, &out)->kind, E_BAD_REQUEST);
    message.n_to = LIMIT_MAIL_RECIPIENTS;
    assert_null(write_one(a, &message, &out));
    message.n_to++;
    assert_int_equal(write_one(a, &message, &out)->kind, E_BAD_REQUEST);
    message.n_to = 1;
    message.text = (struct str){arena_zalloc(a, 100000), 100000};
    assert_true(str_has(write_one(a, &message, &out)->cause, STR("more than 100000 bytes")));
}

static void sendmail_is_found_in_absolute_folders(void **state)
{
    AUTO(arena_free) struct arena *a = arena_new();
    char folder[TEMP_SIZE];
    struct str program;
    struct str path;

    (void)state;
    if (mail_sendmail_find(a, STR_NONE).n > 0)
        skip(); /* the system has one, which comes first */
    assert_non_null(mkdtemp(temp_path(folder, "mail")));
    path = arena_printf(a, ":.:%s::/nonesuch", folder);
    program = arena_printf(a, "%s/sendmail", folder);
    assert_int_equal(mail_sendmail_find(a, path).n, 0);
    assert_int_equal(symlink("/bin/true", program.p), 0);
    assert_true(str_eq(mail_sendmail_find(a, path), program));
    assert_int_equal(unlink(program.p), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subjects),
        cmocka_unit_test(addresses),
        cmocka_unit_test(bodies),
        cmocka_unit_test(an_address_is_fine_or_not),
        cmocka_unit_test(a_message_has_its_headers),
        cmocka_unit_test(a_message_has_bounds),
        cmocka_unit_test(sendmail_is_found_in_absolute_folders),
    };

    return cmocka_run_group_tests_name("mail_message", tests, NULL, NULL);
}
