/*
 * Versions of stored rows, and the conditions that requests make on them.
 */
#include "records/version.h"

#include "base/crypto.h"

#define VERSION_BYTES ((size_t)REC_VERSION_LEN / 4 * 3)
#define PURPOSE STR("reeve.version")

/* A digest in place of what may be long; numbers as they are. */
static void digest_cell(struct buf *out, struct db_value cell)
{
    unsigned char digest[SHA256_LEN];

    buf_add_byte(out, (char)cell.type);
    switch (cell.type) {
    case DB_TEXT:
    case DB_BLOB:
        sha256(digest, cell.s);
        buf_add_bytes(out, digest, sizeof(digest));
        return;
    case DB_INT:
        buf_add_bytes(out, &cell.i, sizeof(cell.i));
        return;
    case DB_REAL:
        buf_add_bytes(out, &cell.d, sizeof(cell.d));
        return;
    case DB_NULL:
        return;
    }
    BUG("not a database value");
}

struct str rec_version(struct arena *a, const struct schema *schema, const struct rec *rec)
{
    const struct str secret = schema->superusers->auth->tokens[TOKEN_AUTH].secret;
    const struct schema_col *col = rec->col;
    unsigned char code[SHA256_LEN];
    AUTO_BUF struct buf data;

    buf_init(&data, (col->n_fields + 2) * (SHA256_LEN + 1) + sizeof(col->code));
    buf_add_bytes(&data, &col->code, sizeof(col->code));
    digest_cell(&data, DB_V_TEXT(col->id));
    for (size_t i = 0; i < col->n_fields; i++)
        digest_cell(&data, rec->cells[i]);
    hmac_sha256(code, PURPOSE, secret, buf_str(&data));
    return base64url_encode(a, (struct str){(const char *)code, VERSION_BYTES});
}

/* --- conditions ------------------------------------------------------------------------------- */

bool rec_tags_have(const struct rec_tags *tags, struct str text, bool whole, bool strong)
{
    for (size_t i = 0; i < tags->n; i++) {
        struct str tag = tags->items[i].text;

        if (strong && tags->items[i].is_weak)
            continue;
        if (str_eq(whole ? tag : str_sub(tag, 0, REC_VERSION_LEN), text))
            return true;
    }
    return tags->any;
}

bool rec_condition_compares(const struct rec_condition *condition)
{
    return condition && (condition->match.sent || condition->none_match.sent);
}

struct err *rec_condition_check(struct arena *a, const struct rec_condition *condition,
                                struct str version)
{
    const bool exists = version.n > 0;

    if (!condition)
        return NULL;
    if (condition->match.sent &&
        !(exists && rec_tags_have(&condition->match, version, false, true)))
        return err_new(a, E_PRECONDITION, NULL, "If-Match names another version");
    if (condition->none_match.sent && exists &&
        rec_tags_have(&condition->none_match, version, false, false))
        return err_new(a, E_PRECONDITION, NULL, "If-None-Match names this version");
    return NULL;
}

struct err *rec_check_condition(const struct rec_work *work, const struct rec_request *request,
                                const struct rec *rec)
{
    struct str version = STR_NONE;

    if (!rec_condition_compares(request->condition))
        return NULL;
    if (rec)
        version = rec_version(work->a, work->scope->schema, rec);
    return rec_condition_check(work->a, request->condition, version);
}

/* Read again: what a column makes of a value is not what was given to it. */
struct err *rec_version_now(const struct rec_work *work, const struct rec_request *request,
                            struct str id, struct str *ret)
{
    struct rec *rec;
    struct err *err;

    *ret = STR_NONE;
    if (!request->condition)
        return NULL;
    err = rec_find(work->a, work->tx, work->col, id, &rec);
    if (!err && rec)
        *ret = rec_version(work->a, work->scope->schema, rec);
    return err;
}
