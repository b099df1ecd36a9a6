/*
 * Entity tags of records (RFC 9110 8.8.3, 13.1), where the setting records.etags is on.
 *
 * A tag is "version-answer": the version of the stored row, which If-Match compares, and a code of
 * the answer, which If-None-Match of a view compares. The second part covers the body (with all
 * that was expanded and picked), the query string, which says so, and the caller. Both are keyed:
 * they tell nothing but whether something changed.
 */
#include "api/internal.h"
#include "base/crypto.h"

#define ANSWER_BYTES ((size_t)12)
#define PURPOSE STR("reeve.answer")

/* --- what the request demands --------------------------------------------------------------- */

static struct str skip_blanks(struct str rest)
{
    size_t n = 0;

    while (n < rest.n && (rest.p[n] == ' ' || rest.p[n] == '\t' || rest.p[n] == ','))
        n++;
    return str_from(rest, n);
}

/* One tag from the front, with the blanks behind it. False: it is none. */
static bool take_tag(struct str *rest, struct rec_tag *ret)
{
    struct str after;
    size_t n;

    ret->is_weak = str_starts(*rest, STR("W/"));
    if (ret->is_weak)
        *rest = str_from(*rest, 2);
    if (rest->n == 0 || rest->p[0] != '"')
        return false;
    *rest = str_from(*rest, 1);
    n = str_find_byte(*rest, '"');
    if (n == rest->n)
        return false;
    ret->text = str_sub(*rest, 0, n);
    after = str_from(*rest, n + 1);
    *rest = skip_blanks(after);
    return after.n == 0 || rest->n < after.n;
}

/* What is no list of tags matches nothing. */
static void read_tags(struct arena *a, struct str text, struct rec_tags *ret)
{
    struct str rest = skip_blanks(text);
    struct rec_tag tag;

    ret->sent = true;
    if (str_eq(str_trim_space(text), STR("*")))
        ret->any = true;
    while (rest.n > 0 && take_tag(&rest, &tag))
        *VEC_PUSH(a, ret) = tag;
}

const struct rec_condition *api_condition(struct api_call *call)
{
    const struct req_pairs *headers = &call->req->headers;
    struct rec_condition *condition;

    if (!call->settings->records.etags)
        return NULL;
    condition = ARENA_NEW(call->arena, struct rec_condition);
    for (size_t i = 0; i < headers->n; i++) {
        if (str_eq_nocase(headers->items[i].name, STR("If-Match")))
            read_tags(call->arena, headers->items[i].value, &condition->match);
        else if (str_eq_nocase(headers->items[i].name, STR("If-None-Match")))
            read_tags(call->arena, headers->items[i].value, &condition->none_match);
    }
    return condition;
}

/* --- tags ----------------------------------------------------------------------------------- */

static struct str tag_of(struct api_call *call, struct str version)
{
    const struct str secret = call->schema->superusers->auth->tokens[TOKEN_AUTH].secret;
    const struct rec *auth = call->caller.actor.auth;
    const struct str seen[] = {buf_str(&call->req->resp.body), call->req->query,
                               auth ? auth->col->id : STR(""), auth ? rec_id(auth) : STR("")};
    unsigned char digest[SHA256_LEN], code[SHA256_LEN];
    AUTO_BUF struct buf data;
    struct str answer;

    buf_init(&data, COUNT_OF(seen) * SHA256_LEN);
    for (size_t i = 0; i < COUNT_OF(seen); i++) {
        sha256(digest, seen[i]);
        buf_add_bytes(&data, digest, sizeof(digest));
    }
    hmac_sha256(code, PURPOSE, secret, buf_str(&data));
    answer = base64url_encode(call->arena, (struct str){(const char *)code, ANSWER_BYTES});
    return arena_concat(call->arena, version, STR("-"), answer);
}

/* Scripts of other origins see no header that is not named to them. */
static void add_header(struct api_call *call, struct str tag)
{
    req_add_header(call->req, "ETag: \"%.*s\"", STR_ARG(tag));
    if (req_header(call->req, STR("Origin")).n > 0)
        req_add_header(call->req, "Access-Control-Expose-Headers: ETag");
}

void api_etag_add(struct api_call *call, struct str version)
{
    if (version.n > 0)
        add_header(call, tag_of(call, version));
}

struct err *api_etag_view(struct api_call *call, const struct schema_col *col)
{
    const struct rec_condition *condition = api_condition(call);
    struct str version, tag;
    struct rec *rec;
    struct err *err;

    if (!condition)
        return NULL;
    err = rec_find(call->arena, call->conn, col, call->req->params[1], &rec);
    if (err || !rec)
        return err;
    version = rec_version(call->arena, call->schema, rec);
    if (condition->match.sent && !rec_tags_have(&condition->match, version, false, true))
        return err_new(call->arena, E_PRECONDITION, NULL, "If-Match names another version");
    tag = tag_of(call, version);
    add_header(call, tag);
    if (condition->none_match.sent && rec_tags_have(&condition->none_match, tag, true, false))
        req_answer_empty(call->req, 304);
    return NULL;
}
