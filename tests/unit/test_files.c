#include "base/arena.h"
#include "files/files.h"
#include "unit/unit.h"

#include <string.h>

#define RANDOM_LEN 10

/* Each 'R' of the pattern stands for the random part. */
static bool fits(struct str name, const char *pattern)
{
    size_t at = 0;

    for (; *pattern; pattern++) {
        if (*pattern != 'R') {
            if (at >= name.n || name.p[at++] != *pattern)
                return false;
            continue;
        }
        for (size_t i = 0; i < RANDOM_LEN; i++, at++)
            if (at >= name.n || !strchr("abcdefghijklmnopqrstuvwxyz0123456789", name.p[at]))
                return false;
    }
    return at == name.n;
}

static void names_are_made_safe(void **state)
{
    static const struct {
        const char *client, *pattern;
    } cases[] = {
        {"My Photo.JPG", "my_photo_R.JPG"},
        {"a.tar.gz", "aR_R.tar.gz"},
        {"....abc", "R_R.abc"},
        {"noext", "noext_R.png"},
        {"fooBarBAZ quxQux-1.md", "foo_bar_baz_qux_qux_1_R.md"},
        {"l\xc3\xa4rge.txt", "l_rge_R.txt"},
        {"x.\xe6\xbc\xa2", "xR_R.png"},
        {"../../etc/passwd", "R_R.etcpasswd"},
        {"abc.1234567890123456789012345", "abc_R.67890123456789012345"},
        {"", "R_R.png"},
    };
    struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str name = file_name(a, str_of(cases[i].client), STR(".png"));

        if (!fits(name, cases[i].pattern))
            fail_msg("%s became %.*s", cases[i].client, STR_ARG(name));
        assert_true(file_is_segment(name));
    }
    arena_free(a);
}

static void long_names_are_cut(void **state)
{
    struct arena *a = arena_new();
    char text[1000];
    struct str name;

    (void)state;
    memset(text, 'x', sizeof(text));
    name = file_name(a, (struct str){text, sizeof(text)}, STR(""));
    assert_int_equal(name.n, 100 + 1 + RANDOM_LEN);
    text[500] = '.';
    name = file_name(a, (struct str){text, 501}, STR(".txt"));
    assert_true(name.n <= 150);
    arena_free(a);
}

static void segments_are_safe(void **state)
{
    static const char *const bad[] = {"", ".", "..", ".a", "a/b", "/", "a\n", "\x01"};

    (void)state;
    assert_true(file_is_segment(STR("a.b")));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(file_is_segment(str_of(bad[i])));
}

static const struct {
    struct str head;
    const char *type, *extension;
} type_cases[] = {
    {STR_INIT(""), "text/plain", ".txt"},
    {STR_INIT("hello"), "text/plain; charset=utf-8", ".txt"},
    {STR_INIT("gr\xfc\xdf"), "text/plain; charset=iso-8859-1", ".txt"},
    {STR_INIT("\x01\x02"), "application/octet-stream", ""},
    {STR_INIT("\x89PNG\r\n\x1a\n"), "image/png", ".png"},
    {STR_INIT("\xff\xd8\xff\xe0"), "image/jpeg", ".jpg"},
    {STR_INIT("GIF89a"), "image/gif", ".gif"},
    {STR_INIT("RIFF\0\0\0\0WEBPVP8 "), "image/webp", ".webp"},
    {STR_INIT("%PDF-1.4"), "application/pdf", ".pdf"},
    {STR_INIT("PK\x03\x04"), "application/zip", ".zip"},
    {STR_INIT("<!DOCTYPE html>"), "text/html; charset=utf-8", ".html"},
    {STR_INIT("{\"a\": [1, true, \"\\\"x\"]}"), "application/json", ".json"},
    {STR_INIT("{not json"), "text/plain; charset=utf-8", ".txt"},
    {STR_INIT("{\"a\":1}{\"b\":2}"), "text/plain; charset=utf-8", ".txt"},
    {STR_INIT("{\"a\":1}\n[2]\n"), "application/x-ndjson", ".ndjson"},
    {STR_INIT("{ \"type\" : \"Feature\"}"), "application/geo+json", ".geojson"},
    {STR_INIT("{\"log\":{\"version\":\"1.2\"}}"), "application/json", ".har"},
    {STR_INIT("{\"asset\":{\"version\":\"2.0\"}}"), "model/gltf+json", ".gltf"},
    {STR_INIT("a,b\n\"1\n2\",3\n"), "text/csv", ".csv"},
    {STR_INIT("a,b\n1,2\n3"), "text/plain; charset=utf-8", ".txt"},
    {STR_INIT("a\tb\n1\t2\n"), "text/tab-separated-values", ".tsv"},
    {STR_INIT("a\x80"), "text/plain", ".txt"},
    {STR_INIT("a\x85"
              "b"),
     "text/plain; charset=windows-1252", ".txt"},
    {STR_INIT("<html><META charset = 'koi8-r'>"), "text/html; charset=koi8-r", ".html"},
    {STR_INIT("\xef\xbb\xbf<p\n>"), "text/html; charset=utf-8", ".html"},
    {STR_INIT("<?xml version=\"1.0\" encoding=\"utf-16\"?><a>"), "text/xml; charset=utf-16",
     ".xml"},
    {STR_INIT("<?xml version=\"1.0\"?><rss>"), "application/rss+xml", ".rss"},
    {STR_INIT("<?xml version=\"1.0\"?><gpx xmlns=\"http://www.topografix.com/GPX/1/1\">"),
     "application/gpx+xml", ".gpx"},
    {STR_INIT("<svg xmlns=\"http://www.w3.org/2000/svg\">"), "image/svg+xml", ".svg"},
    {STR_INIT("#!/usr/bin/env python3 -u\n"), "text/x-python", ".py"},
    {STR_INIT("#!/bin/sh\n"), "text/x-shellscript", ".sh"},
    {STR_INIT("1\r\n00:02:17,440 --> 00:02:20,375\r\nx"), "application/x-subrip", ".srt"},
    {STR_INIT("From: a\r\nTo: b"), "message/rfc822", ".eml"},
    {STR_INIT("x %PDF-1.4"), "application/pdf", ".pdf"},
    {STR_INIT("Rar!\x1a\x07\x01\0"), "application/vnd.rar", ".rar"},
    {STR_INIT("\0\0\0\x20"
              "ftypisom"),
     "video/mp4", ".mp4"},
    {STR_INIT("\0\0\0\x20"
              "ftypM4B "),
     "audio/mp4", ".mp4"},
    {STR_INIT("\0\0\0\x20"
              "ftyp3g2a"),
     "video/3gpp2", ".3g2"},
    {STR_INIT("\x1a\x45\xdf\xa3\x42\x82\x88matroska"), "video/matroska", ".mkv"},
    {STR_INIT("ID3\x04\0\0\0\0\0\0"), "audio/mpeg", ".mp3"},
    {STR_INIT("BMW is a car"), "text/plain; charset=utf-8", ".txt"},
    {STR_INIT("\xca\xfe\xba\xbe\0\0\0\x34"), "application/x-java-applet", ".class"},
    {STR_INIT("OTTO\0\0\0\0\0\0\0\0CFF "), "font/otf", ".otf"},
    {STR_INIT("PK\x03\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x06\0\0\0word/a"),
     "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx"},
    {STR_INIT("PK\x03\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x08\0\0\0mimetype"
              "application/vnd.oasis.opendocument.text"),
     "application/vnd.oasis.opendocument.text", ".odt"},
    {STR_INIT("PK\x03\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\0\0word/a"),
     "application/zip", ".zip"},
};

static void types_are_told_from_content(void **state)
{
    struct arena *a = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(type_cases); i++) {
        struct file_type type = file_sniff(type_cases[i].head);

        assert_string_equal(arena_cstr(a, file_type_text(a, &type)), type_cases[i].type);
        assert_string_equal(arena_cstr(a, type.extension), type_cases[i].extension);
    }
    arena_free(a);
}

/* Heads end anywhere: whatever is left has a type, and no byte behind it is looked at. */
static void types_of_cut_heads(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(type_cases); i++)
        for (size_t n = 0; n <= type_cases[i].head.n; n++) {
            char *p = test_malloc(n ? n : 1);
            struct file_type type;

            memcpy(p, type_cases[i].head.p, n);
            type = file_sniff((struct str){p, n});
            assert_true(type.mime.n > 0);
            test_free(p);
        }
}

static void aliases_are_the_type(void **state)
{
    const struct str wanted[] = {STR_INIT("text/plain"), STR_INIT("application/x-pdf; a=b")};
    struct file_type pdf = file_sniff(STR("%PDF-1.4"));
    struct file_type png = file_sniff(STR("\x89PNG\r\n\x1a\n"));

    (void)state;
    assert_true(file_type_is_among(&pdf, wanted, COUNT_OF(wanted)));
    assert_false(file_type_is_among(&png, wanted, COUNT_OF(wanted)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_made_safe), cmocka_unit_test(long_names_are_cut),
        cmocka_unit_test(segments_are_safe),   cmocka_unit_test(types_are_told_from_content),
        cmocka_unit_test(types_of_cut_heads),  cmocka_unit_test(aliases_are_the_type),
    };

    return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
