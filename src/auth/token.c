/*
 * Tokens: JWT, HS256 only (auth.md 2).
 *
 * Whoever presents a token chose every byte of it, so until its signature is checked nothing of it
 * is believed but the two ids that say which key to check it with. Whatever is wrong makes the
 * token good for nothing, without a word on the reason.
 */
#include "auth/internal.h"

#include "base/crypto.h"

#include <math.h>

/* {"alg":"HS256","typ":"JWT"}, and {"alg":"HS256"} as other signers write it. */
#define HEADER STR("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9")
#define HEADER_SHORT STR("eyJhbGciOiJIUzI1NiJ9")

static const struct str type_names[TOKEN_KINDS] = {
    [TOKEN_AUTH] = STR_INIT("auth"),
    [TOKEN_FILE] = STR_INIT("file"),
    [TOKEN_VERIFICATION] = STR_INIT("verification"),
    [TOKEN_PASSWORD_RESET] = STR_INIT("passwordReset"),
    [TOKEN_EMAIL_CHANGE] = STR_INIT("emailChange"),
};

/* Nobody but the holder of a key gets anything useful by more. */
static const struct json_limits token_limits = {
    .max_depth = 64, .max_values = 1000, .allow_duplicates = true};

struct str auth_header_token(struct str header)
{
    return str_starts_nocase(header, STR("Bearer ")) ? str_from(header, 7) : header;
}

/* --- reading --------------------------------------------------------------------------------- */

struct token_parts {
    struct str head, claims, signature;
    struct str content; /* what is signed: head, point, claims */
};

static bool split_token(struct str token, struct token_parts *ret)
{
    struct str rest = token;

    ret->head = str_split(&rest, '.');
    if (!rest.p)
        return false;
    ret->claims = str_split(&rest, '.');
    if (!rest.p || str_find_byte(rest, '.') < rest.n)
        return false;
    ret->signature = rest;
    ret->content = str_sub(token, 0, token.n - rest.n - 1);
    return true;
}

static const struct json *read_part(struct arena *a, struct str part)
{
    const struct json *json;
    struct str text;

    if (!base64url_decode(a, part, &text) || !json_read(a, text, &token_limits, &json, NULL))
        return NULL;
    return json->type == JSON_OBJECT ? json : NULL;
}

static bool is_hs256(struct arena *a, struct str head)
{
    const struct json *json, *alg;

    if (str_eq(head, HEADER) || str_eq(head, HEADER_SHORT))
        return true;
    json = read_part(a, head);
    alg = json_get(json, STR("alg"));
    return alg && alg->type == JSON_TEXT && str_eq(alg->text, STR("HS256"));
}

static struct str claim_text(const struct json *claims, struct str name)
{
    const struct json *claim = json_get(claims, name);

    return claim && claim->type == JSON_TEXT ? claim->text : STR("");
}

static bool claim_truth(const struct json *claims, struct str name)
{
    const struct json *claim = json_get(claims, name);

    if (!claim)
        return false;
    if (claim->type == JSON_TEXT)
        return str_eq(claim->text, STR("true")) || str_eq(claim->text, STR("1"));
    return claim->type == JSON_BOOL ? claim->truth : json_double(claim) != 0;
}

/* Seconds since 1970, *ret 0 when the claim is absent. False: no instant that we can compare. */
static bool claim_seconds(const struct json *claims, struct str name, double *ret)
{
    const struct json *claim = json_get(claims, name);

    *ret = 0;
    if (!claim)
        return true;
    if (claim->type != JSON_NUMBER)
        return false;
    *ret = trunc(json_double(claim));
    return fabs(*ret) < 9.2e18;
}

static int64_t milliseconds(double s)
{
    if (s >= (double)INT64_MAX / 1000)
        return INT64_MAX;
    return s <= (double)INT64_MIN / 1000 ? INT64_MIN : (int64_t)s * 1000;
}

/* exp, nbf and iat, each only where it is there and not 0; no leeway. *ret: when it is good. */
static bool is_timely(const struct json *claims, int64_t now_ms, struct auth_token *ret)
{
    double exp, nbf, iat;

    if (!claim_seconds(claims, STR("exp"), &exp) || !claim_seconds(claims, STR("nbf"), &nbf) ||
        !claim_seconds(claims, STR("iat"), &iat))
        return false;
    ret->until_ms = exp == 0 ? INT64_MAX : milliseconds(exp);
    ret->from_ms = milliseconds(nbf > iat ? nbf : iat);
    return now_ms < ret->until_ms && now_ms >= ret->from_ms;
}

/* --- keys ------------------------------------------------------------------------------------ */

struct token_key {
    struct str a, b; /* the key is a and b together */
};

/* False: the record or its collection has no key of this kind, so nothing is signed with it. */
static bool find_key(const struct rec *rec, enum schema_token_kind kind, struct token_key *ret)
{
    ret->a = auth_cell(rec, rec->col->auth->token_key);
    ret->b = rec->col->auth->tokens[kind].secret;
    return ret->a.n > 0 && ret->b.n > 0;
}

static bool is_signed(struct arena *a, const struct token_parts *parts, const struct rec *rec,
                      enum schema_token_kind kind)
{
    unsigned char mac[SHA256_LEN];
    struct token_key key;
    struct str signature;

    if (!find_key(rec, kind, &key) || !base64url_decode(a, parts->signature, &signature))
        return false;
    hmac_sha256(mac, key.a, key.b, parts->content);
    return str_eq_secret(signature, (struct str){(const char *)mac, sizeof(mac)});
}

struct err *auth_token_verify(struct arena *a, struct db_conn *conn, const struct schema *schema,
                              struct str token, enum schema_token_kind kind, int64_t now_ms,
                              struct auth_token *ret)
{
    const struct schema_col *col;
    const struct json *claims;
    struct token_parts parts;
    struct rec *rec = NULL;
    struct str id;
    struct err *err;

    *ret = (struct auth_token){.text = token};
    if (!split_token(token, &parts) || !is_hs256(a, parts.head))
        return NULL;
    claims = read_part(a, parts.claims);
    if (!claims || !is_timely(claims, now_ms, ret) ||
        !str_eq(claim_text(claims, STR("type")), type_names[kind]))
        return NULL;
    id = claim_text(claims, STR("id"));
    col = schema_find(schema, claim_text(claims, STR("collectionId")));
    if (id.n == 0 || !col || !col->auth)
        return NULL;
    err = rec_find(a, conn, col, id, &rec);
    if (err || !rec || !is_signed(a, &parts, rec, kind))
        return err;
    ret->rec = rec;
    ret->refreshable = claim_truth(claims, STR("refreshable"));
    ret->email = claim_text(claims, STR("email"));
    ret->new_email = claim_text(claims, STR("newEmail"));
    return NULL;
}

struct str auth_token_claim(struct arena *a, struct str token, struct str name)
{
    struct token_parts parts;

    if (!split_token(token, &parts) || !read_part(a, parts.head))
        return STR("");
    return claim_text(read_part(a, parts.claims), name);
}

/* --- making ---------------------------------------------------------------------------------- */

/* As JSON that HTML may hold; readers undo either form. */
static void write_text(struct buf *out, struct str text)
{
    static const char digits[] = "0123456789abcdef";
    AUTO_BUF struct buf plain;

    buf_init(&plain, out->max);
    json_write_text(&plain, text);
    for (size_t i = 0; i < plain.n; i++) {
        char c = plain.p[i];

        if (c == '<' || c == '>' || c == '&')
            buf_addf(out, "\\u00%c%c", digits[c >> 4], digits[c & 15]);
        else
            buf_add_byte(out, c);
    }
}

/* What a token says beside whose it is. */
struct token_spec {
    enum schema_token_kind kind;
    bool refreshable;
    struct str new_email;
    int64_t exp_s;
};

/* Members in the order of their names. */
static void write_claims(struct buf *out, const struct rec *rec, const struct token_spec *spec)
{
    const enum schema_token_kind kind = spec->kind;

    BUF_ADD(out, "{\"collectionId\":");
    write_text(out, rec->col->id);
    if (kind != TOKEN_AUTH && kind != TOKEN_FILE) {
        BUF_ADD(out, ",\"email\":");
        write_text(out, auth_cell(rec, rec->col->auth->email));
    }
    buf_addf(out, ",\"exp\":%lld,\"id\":", (long long)spec->exp_s);
    write_text(out, rec_id(rec));
    if (kind == TOKEN_EMAIL_CHANGE) {
        BUF_ADD(out, ",\"newEmail\":");
        write_text(out, spec->new_email);
    }
    if (kind == TOKEN_AUTH)
        buf_addf(out, ",\"refreshable\":%s", spec->refreshable ? "true" : "false");
    BUF_ADD(out, ",\"type\":");
    write_text(out, type_names[kind]);
    BUF_ADD(out, "}");
}

/* Empty: there is no key to sign with. */
static struct str sign(struct arena *a, const struct rec *rec, const struct token_spec *spec)
{
    unsigned char mac[SHA256_LEN];
    AUTO_BUF struct buf claims;
    struct token_key key;
    struct str content;

    buf_init(&claims, 64 * 1024);
    if (!find_key(rec, spec->kind, &key))
        return STR("");
    write_claims(&claims, rec, spec);
    if (claims.full)
        return STR("");
    content = arena_concat(a, HEADER, STR("."), base64url_encode(a, buf_str(&claims)));
    hmac_sha256(mac, key.a, key.b, content);
    return arena_concat(a, content, STR("."),
                        base64url_encode(a, (struct str){(const char *)mac, sizeof(mac)}));
}

static int64_t expiry(const struct rec *rec, enum schema_token_kind kind, int64_t duration_s,
                      int64_t now_ms)
{
    int64_t expires_s;

    if (duration_s == 0)
        duration_s = rec->col->auth->tokens[kind].duration_s;
    return __builtin_add_overflow(now_ms / 1000, duration_s, &expires_s) ? INT64_MAX : expires_s;
}

struct str auth_token_new(struct arena *a, const struct rec *rec, enum schema_token_kind kind,
                          bool refreshable, int64_t duration_s, int64_t now_ms)
{
    const struct token_spec spec = {
        .kind = kind, .refreshable = refreshable, .exp_s = expiry(rec, kind, duration_s, now_ms)};

    return sign(a, rec, &spec);
}

struct str auth_token_email_change(struct arena *a, const struct rec *rec, struct str new_email,
                                   int64_t now_ms)
{
    const struct token_spec spec = {.kind = TOKEN_EMAIL_CHANGE,
                                    .new_email = new_email,
                                    .exp_s = expiry(rec, TOKEN_EMAIL_CHANGE, 0, now_ms)};

    return sign(a, rec, &spec);
}
