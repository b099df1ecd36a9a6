/*
 * Which page of a list is asked for, and how the answer tells it (records.md 9).
 */
#include "base/limits.h"
#include "base/num.h"
#include "records/records.h"

#define PER_PAGE_DEFAULT 30

/* The texts that are a bool in a query string. */
static bool parse_truth(struct str text, bool *ret)
{
    static const struct {
        struct str text;
        bool truth;
    } words[] = {
        {STR_INIT(""), false},      {STR_INIT("1"), true},      {STR_INIT("t"), true},
        {STR_INIT("T"), true},      {STR_INIT("TRUE"), true},   {STR_INIT("true"), true},
        {STR_INIT("True"), true},   {STR_INIT("0"), false},     {STR_INIT("f"), false},
        {STR_INIT("F"), false},     {STR_INIT("FALSE"), false}, {STR_INIT("false"), false},
        {STR_INIT("False"), false},
    };

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (str_eq(words[i].text, text)) {
            *ret = words[i].truth;
            return true;
        }
    }
    return false;
}

struct err *rec_page_read(struct arena *a, const struct rec_list_params *params,
                          struct rec_page *ret)
{
    *ret = (struct rec_page){.page = 1, .per_page = PER_PAGE_DEFAULT};
    if ((params->page.n > 0 && !num_parse_i64(params->page, &ret->page)) ||
        (params->per_page.n > 0 && !num_parse_i64(params->per_page, &ret->per_page)) ||
        !parse_truth(params->skip_total, &ret->skip_total))
        return err_new(a, E_BAD_REQUEST, NULL, "page, perPage or skipTotal");
    if (ret->page < 1)
        ret->page = 1;
    if (ret->per_page < 1)
        ret->per_page = PER_PAGE_DEFAULT;
    if (ret->per_page > LIMIT_PER_PAGE)
        ret->per_page = LIMIT_PER_PAGE;
    /* wraps, as upstream; a negative offset is none */
    ret->offset = (int64_t)((uint64_t)ret->per_page * (uint64_t)(ret->page - 1));
    if (ret->offset < 0)
        ret->offset = 0;
    return NULL;
}

/* --- the answer ------------------------------------------------------------------------------ */

static void write_cursor(struct buf *out, struct str cursor)
{
    if (cursor.p)
        json_write_text(out, cursor);
    else
        BUF_ADD(out, "null");
}

void rec_page_write(struct buf *out, const struct rec_page *page, int64_t total)
{
    int64_t pages = total < 0 ? -1 : total / page->per_page + (total % page->per_page != 0);

    BUF_ADD(out, "]");
    if (page->by_cursor) {
        BUF_ADD(out, ",\"nextCursor\":");
        write_cursor(out, page->next);
    }
    BUF_ADD(out, ",\"page\":");
    buf_add_i64(out, page->page);
    BUF_ADD(out, ",\"perPage\":");
    buf_add_i64(out, page->per_page);
    if (page->by_cursor) {
        BUF_ADD(out, ",\"prevCursor\":");
        write_cursor(out, page->prev);
    }
    BUF_ADD(out, ",\"totalItems\":");
    buf_add_i64(out, total);
    BUF_ADD(out, ",\"totalPages\":");
    buf_add_i64(out, pages);
    BUF_ADD(out, "}");
}
