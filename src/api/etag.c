/*
 * Entity tags of records, collections and settings, and the conditions of requests (RFC 9110 13).
 *
 * A tag is "version-answer": the version of what is stored, which If-Match compares, and a code of
 * the answer, which If-None-Match of a view compares. The second part covers the body (with all
 * that was expanded and picked), the query string, which says so, and the caller. Both are keyed:
 * they tell nothing but whether something changed.
 *
 * Conditions hold wherever they are sent. The tag itself is for who asks for it with one of their
 * headers, be it an empty one, or where the setting records.etags is on.
 */
#include "api/internal.h"
#include "base/crypto.h"
#include "base/limits.h"

#define ANSWER_BYTES ((size_t)12)
#define VERSION_BYTES ((size_t)REC_VERSION_LEN / 4 * 3)
#define FOR_ANSWER STR("reeve.answer")
#define FOR_COLLECTION STR("reeve.version.collection")
#define FOR_SETTINGS STR("reeve.version.settings")

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

    if (str_trim_space(text).n == 0)
        return; /* it asks for the tag alone */
    ret->sent = true;
    if (str_eq(str_trim_space(text), STR("*")))
        ret->any = true;
    while (rest.n > 0 && take_tag(&rest, &tag))
        *VEC_PUSH(a, ret) = tag;
}

/* One header into *condition, which the first of them makes. */
static void read_header(struct arena *a, struct str name, struct str value,
                        struct rec_condition **condition)
{
    static const struct str match = STR_INIT("If-Match"), none_match = STR_INIT("If-None-Match");
    bool is_match;

    if (name.n != match.n && name.n != none_match.n)
        return; /* most of them */
    is_match = str_eq_nocase(name, match);
    if (!is_match && !str_eq_nocase(name, none_match))
        return;
    if (!*condition)
        *condition = ARENA_NEW(a, struct rec_condition);
    read_tags(a, value, is_match ? &(*condition)->match : &(*condition)->none_match);
}

const struct rec_condition *api_condition(struct api_call *call)
{
    const struct req_pairs *headers = &call->req->headers;
    struct rec_condition *condition = NULL;

    for (size_t i = 0; i < headers->n; i++)
        read_header(call->arena, headers->items[i].name, headers->items[i].value, &condition);
    if (!condition && call->settings->records.etags)
        condition = ARENA_NEW(call->arena, struct rec_condition);
    return condition;
}

const struct rec_condition *api_item_condition(struct arena *a, const struct json *headers)
{
    struct rec_condition *condition = NULL;

    for (uint32_t i = 0; headers && i < headers->n; i++) {
        const struct json_member *member = &headers->members[i];

        if (member->value.type == JSON_TEXT)
            read_header(a, member->key, member->value.text, &condition);
    }
    return rec_condition_compares(condition) ? condition : NULL;
}

struct err *api_condition_check(struct arena *a, const struct rec_condition *condition,
                                struct str version, const char *message)
{
    struct err *err = rec_condition_check(a, condition, version);

    if (err)
        err->message = message;
    return err;
}

/* --- versions ------------------------------------------------------------------------------- */

static struct str keyed(struct arena *a, const struct schema *schema, struct str purpose,
                        struct str data, size_t n_bytes)
{
    const struct str secret = schema->superusers->auth->tokens[TOKEN_AUTH].secret;
    unsigned char code[SHA256_LEN];

    hmac_sha256(code, purpose, secret, data);
    return base64url_encode(a, (struct str){(const char *)code, n_bytes});
}

struct str api_collection_version(struct arena *a, const struct schema *schema,
                                  const struct schema_col *col)
{
    AUTO_BUF struct buf data;

    buf_init(&data, sizeof(col->code) + col->updated.n);
    buf_add_bytes(&data, &col->code, sizeof(col->code)); /* its id is in there */
    buf_add(&data, col->updated);
    return keyed(a, schema, FOR_COLLECTION, buf_str(&data), VERSION_BYTES);
}

struct str api_settings_version(struct arena *a, const struct schema *schema,
                                enum settings_kind kind, const struct settings *settings)
{
    AUTO_BUF struct buf stored;

    buf_init(&stored, LIMIT_RESPONSE_BYTES);
    settings_write(&stored, kind, settings, true);
    return keyed(a, schema, FOR_SETTINGS, buf_str(&stored), VERSION_BYTES);
}

/* --- tags ----------------------------------------------------------------------------------- */

static struct str tag_of(struct api_call *call, struct str version)
{
    const struct rec *auth = call->caller.actor.auth;
    const struct str seen[] = {buf_str(&call->req->resp.body), call->req->query,
                               auth ? auth->col->id : STR(""), auth ? rec_id(auth) : STR("")};
    unsigned char digest[SHA256_LEN];
    AUTO_BUF struct buf data;
    struct str answer;

    buf_init(&data, COUNT_OF(seen) * SHA256_LEN);
    for (size_t i = 0; i < COUNT_OF(seen); i++) {
        sha256(digest, seen[i]);
        buf_add_bytes(&data, digest, sizeof(digest));
    }
    answer = keyed(call->arena, call->schema, FOR_ANSWER, buf_str(&data), ANSWER_BYTES);
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

struct err *api_etag_view(struct api_call *call, const struct rec_condition *condition,
                          struct str version, const char *message)
{
    const struct rec_condition match = {.match = condition->match};
    struct err *err = api_condition_check(call->arena, &match, version, message);
    struct str tag;

    if (err)
        return err;
    tag = tag_of(call, version);
    add_header(call, tag);
    if (condition->none_match.sent && rec_tags_have(&condition->none_match, tag, true, false))
        req_answer_empty(call->req, 304);
    return NULL;
}
