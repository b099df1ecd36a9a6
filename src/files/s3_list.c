/*
 * What is in a bucket, page by page.
 */
#include "files/s3_internal.h"

#include "base/date.h"
#include "base/limits.h"
#include "base/num.h"
#include "files/s3_xml.h"
#include "http/when.h"

/* Takes in where one element ends. */
static void read_element(struct arena *a, const struct s3_xml *xml, struct s3_entry *entry,
                         struct s3_page *page)
{
    int64_t ms;

    if (str_eq(xml->name, STR("Key")))
        entry->key = s3_xml_text(a, xml->text);
    else if (str_eq(xml->name, STR("Size")))
        (void)num_parse_u64(xml->text, &entry->info.size); /* or it stays 0 */
    else if (str_eq(xml->name, STR("LastModified")) && date_parse_loose(xml->text, &ms))
        entry->info.modified_s = ms / 1000;
    else if (str_eq(xml->name, STR("IsTruncated")))
        page->truncated = str_eq(xml->text, STR("true"));
    else if (str_eq(xml->name, STR("NextContinuationToken")))
        page->next = s3_xml_text(a, xml->text);
    else if (str_eq(xml->name, STR("Contents"))) {
        if (entry->key.n)
            *VEC_PUSH(a, &page->entries) = *entry;
        *entry = (struct s3_entry){0};
    }
}

static int64_t clock_of(const struct net_head *head)
{
    int64_t s;

    return http_when_read(net_header(head, STR("date")), &s) ? s * 1000 - date_now_ms() : 0;
}

/* Whoever ignores what it is asked for would have all removed, and who has always one more page is
 * never done. */
static struct err *check_page(struct arena *a, const struct s3_page *page, struct str prefix)
{
    struct str below = prefix.n ? arena_concat(a, prefix, STR("/"), STR_NONE) : STR("");

    if (page->truncated && page->entries.n == 0)
        return err_new(a, E_INTERNAL, NULL, "[prefix: %.*s] a page without keys, and more to come",
                       STR_ARG(prefix));
    for (size_t i = 0; i < page->entries.n; i++)
        if (!str_starts(page->entries.items[i].key, below))
            return err_new(a, E_INTERNAL, NULL, "[prefix: %.*s] a key that is not below it: %.*s",
                           STR_ARG(prefix), STR_ARG(page->entries.items[i].key));
    return NULL;
}

struct err *s3_page(struct arena *a, const struct s3 *s3, struct str prefix, struct str next,
                    struct s3_page *ret)
{
    struct s3_ask ask = {.method = STR("GET"), .answer_size = LIMIT_S3_PAGE_BYTES};
    struct s3_page page = {0};
    struct s3_entry entry = {0};
    struct net_answer answer;
    struct s3_xml xml;
    struct err *err;

    s3_ask_query(&ask, "list-type", STR("2"));
    if (prefix.n)
        s3_ask_query(&ask, "prefix", arena_concat(a, prefix, STR("/"), STR_NONE));
    if (next.n)
        s3_ask_query(&ask, "continuation-token", next);
    err = s3_call(a, s3, &ask, &answer);
    if (err)
        return err;
    xml = (struct s3_xml){.rest = answer.body};
    while (s3_xml_next(&xml))
        read_element(a, &xml, &entry, &page);
    if (page.truncated ? page.next.n == 0 || str_eq(page.next, next) : page.next.n > 0)
        return err_new(a, E_INTERNAL, NULL, "[prefix: %.*s] which page comes next is not told",
                       STR_ARG(prefix));
    page.clock_ms = clock_of(&answer.head);
    *ret = page;
    return check_page(a, &page, prefix);
}

static struct err *tell(const struct s3_page *page, blob_each_fn *each, void *user)
{
    struct err *err = NULL;

    for (size_t i = 0; i < page->entries.n && !err; i++)
        err = each(user, page->entries.items[i].key, &page->entries.items[i].info);
    return err;
}

struct err *s3_list(struct arena *a, const void *own, struct str prefix, blob_each_fn *each,
                    void *user)
{
    struct arena *turn = arena_child(a);
    struct s3_page page = {0};
    struct err *err;

    do {
        struct str next = arena_dup(a, page.next);

        arena_reset(turn);
        err = s3_page(turn, own, prefix, next, &page);
        if (!err)
            err = tell(&page, each, user);
    } while (!err && page.next.n);
    err = err_copy(a, err);
    arena_free(turn);
    return err;
}
