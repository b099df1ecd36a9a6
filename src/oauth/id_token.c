/*
 * ID tokens: JWTs that say who has signed in (OpenID Connect Core, 2 and 3.1.3.7).
 *
 * Invariants
 *  1. How a signature is checked is the key's word: a token that names another algorithm is
 *     refused. No row below takes a secret, so no public key can serve as one, and none is "none".
 *  2. A token whose header demands what we do not know (`crit`) is refused.
 *  3. Claims are read after the signature held. Without an address of keys nothing is checked but
 *     the claims: the token has come from the provider itself.
 */
#include "oauth/internal.h"

#include "base/compiler.h"
#include "base/crypto.h"
#include "base/date.h"
#include "base/num.h"
#include "base/sign.h"

#include <stdlib.h>

/* clang-format off */
static const struct algorithm {
    struct str name;
    struct str family; /* `kty` of its keys */
    enum sign_hash hash;
    bool pss;
} algorithms[] = {
    {STR_INIT("RS256"), STR_INIT("RSA"), SIGN_SHA256, false},
    {STR_INIT("RS384"), STR_INIT("RSA"), SIGN_SHA384, false},
    {STR_INIT("RS512"), STR_INIT("RSA"), SIGN_SHA512, false},
    {STR_INIT("PS256"), STR_INIT("RSA"), SIGN_SHA256, true},
    {STR_INIT("PS384"), STR_INIT("RSA"), SIGN_SHA384, true},
    {STR_INIT("PS512"), STR_INIT("RSA"), SIGN_SHA512, true},
    {STR_INIT("EdDSA"), STR_INIT("OKP"), SIGN_SHA512, false},
};
/* clang-format on */

static const struct algorithm *find_algorithm(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(algorithms); i++)
        if (str_eq(name, algorithms[i].name))
            return &algorithms[i];
    return NULL;
}

struct parts {
    struct str header, claims, signature; /* as they were sent */
    struct str signed_text;
};

static bool split(struct str token, struct parts *ret)
{
    struct str rest = token;

    ret->header = str_split(&rest, '.');
    ret->claims = rest.p ? str_split(&rest, '.') : STR_NONE;
    ret->signature = rest;
    ret->signed_text = str_sub(token, 0, ret->header.n + 1 + ret->claims.n);
    return rest.p && str_find_byte(rest, '.') == rest.n;
}

static bool decode(struct arena *a, struct str part, const struct json **ret)
{
    struct str text;

    return base64url_decode(a, part, &text) &&
           json_read(a, text, &oauth_limits_strict, ret, NULL) && (*ret)->type == JSON_OBJECT;
}

/* With or without padding, which some write. */
static bool number_of_key(struct arena *a, const struct json *key, const char *name,
                          struct str *ret)
{
    struct str text;

    return oauth_look_text(key, name, &text) && base64url_decode(a, str_trim(text, STR("=")), ret);
}

static bool holds(struct arena *a, const struct parts *parts, const struct algorithm *algorithm,
                  const struct json *key)
{
    struct str family, curve, n, e, x, signature;

    if (!oauth_look_text(key, "kty", &family) || !str_eq(family, algorithm->family) ||
        !base64url_decode(a, parts->signature, &signature))
        return false;
    if (str_eq(family, STR("RSA")))
        return number_of_key(a, key, "n", &n) && number_of_key(a, key, "e", &e) &&
               sign_rsa_holds(n, e, algorithm->hash, algorithm->pss, parts->signed_text, signature);
    return oauth_look_text(key, "crv", &curve) && str_eq(curve, STR("Ed25519")) &&
           number_of_key(a, key, "x", &x) && sign_ed25519_holds(x, parts->signed_text, signature);
}

static struct err *check_signature(struct oauth_work *work, const struct parts *parts,
                                   const struct json *header, const struct oauth_id_check *check)
{
    const struct algorithm *algorithm;
    const struct json *key;
    struct str name, kid, of_key;
    struct err *err;

    if (!oauth_look_text(header, "alg", &name) || !oauth_look_text(header, "kid", &kid) ||
        kid.n == 0)
        return oauth_refuse(work->a, check->keys_url, "an ID token that names no key");
    algorithm = find_algorithm(name);
    if (!algorithm)
        return oauth_refuse(work->a, check->keys_url, "an ID token of an unknown algorithm");
    err = oauth_keys_get(work, check->keys_url, kid, clock_ms(), &key);
    if (err)
        return err;
    if (!oauth_look_text(key, "alg", &of_key) || !str_eq(of_key, name))
        return oauth_refuse(work->a, check->keys_url, "an ID token of another algorithm");
    if (!holds(work->a, parts, algorithm, key))
        return oauth_refuse(work->a, check->keys_url, "an ID token whose signature does not hold");
    return NULL;
}

/* --- claims ----------------------------------------------------------------------------------- */

static bool is_one_of(const struct json *texts, struct str text)
{
    if (texts->type == JSON_TEXT)
        return str_eq(texts->text, text);
    for (uint32_t i = 0; texts->type == JSON_LIST && i < texts->n; i++)
        if (texts->items[i].type == JSON_TEXT && str_eq(texts->items[i].text, text))
            return true;
    return false;
}

static bool is_any(const struct json *issuers)
{
    return !issuers || issuers->type == JSON_NULL ||
           (issuers->type == JSON_LIST && issuers->n == 0) ||
           (issuers->type == JSON_TEXT && issuers->text.n == 0);
}

/* Seconds; *ret_there is false where the claim is not. False: it is no number. */
static bool read_time(const struct json *claims, struct str name, double *ret, bool *ret_there)
{
    const struct json *value = json_get(claims, name);

    *ret_there = value != NULL;
    *ret = value ? json_double(value) : 0;
    return !value || value->type == JSON_NUMBER;
}

/* That clocks may differ: PB_ID_TOKEN_LEEWAY (services.md 17), where it is a number that makes
 * sense. */
static int64_t read_leeway_s(void)
{
    uint64_t s;

    return num_parse_u64(str_of(getenv("PB_ID_TOKEN_LEEWAY")), &s) && s > 0 &&
                   s <= LIMIT_OAUTH_LEEWAY_MOST_S
               ? (int64_t)s
               : LIMIT_OAUTH_LEEWAY_S;
}

static const char *check_times(const struct json *claims, bool needs_expiry, int64_t now_ms)
{
    double now = (double)now_ms / 1000;
    double expires, issued, begins;
    bool expires_ever, says_issued, begins_ever;
    const double leeway_s = (double)read_leeway_s();

    if (!read_time(claims, STR("exp"), &expires, &expires_ever) ||
        !read_time(claims, STR("iat"), &issued, &says_issued) ||
        !read_time(claims, STR("nbf"), &begins, &begins_ever))
        return "an ID token with a time that is no number";
    if (needs_expiry && !expires_ever)
        return "an ID token that never expires";
    if (expires_ever && now >= expires + leeway_s)
        return "an ID token that has expired";
    if ((says_issued && now < issued - leeway_s) || (begins_ever && now < begins - leeway_s))
        return "an ID token of a later time";
    return NULL;
}

static const char *check_claims(const struct json *claims, const struct oauth_id_check *check,
                                int64_t now_ms)
{
    const struct json *audience = json_get(claims, STR("aud"));
    struct str issuer;

    if (!audience || !is_one_of(audience, check->audience))
        return "an ID token for somebody else";
    if (!is_any(check->issuers) && (!oauth_look_text(claims, "iss", &issuer) || issuer.n == 0 ||
                                    !is_one_of(check->issuers, issuer)))
        return "an ID token of another issuer";
    return check_times(claims, check->needs_expiry, now_ms);
}

struct err *oauth_read_id_token(struct oauth_work *work, struct str token,
                                const struct oauth_id_check *check, const struct json **ret_claims)
{
    struct str url = work->o->token_url;
    const struct json *header, *claims;
    struct parts parts;
    struct str algorithm;
    const char *why;
    struct err *err = NULL;

    if (!split(token, &parts) || !decode(work->a, parts.header, &header) ||
        !decode(work->a, parts.claims, &claims))
        return oauth_refuse(work->a, url, "an ID token that is none");
    if (!oauth_look_text(header, "alg", &algorithm) || algorithm.n == 0 ||
        str_eq_nocase(algorithm, STR("none")) || json_get(header, STR("crit")))
        return oauth_refuse(work->a, url, "an ID token of an unknown form");
    if (check->keys_url.n)
        err = check_signature(work, &parts, header, check);
    if (err)
        return err;
    why = check_claims(claims, check, work->call->now_ms);
    if (why)
        return oauth_refuse(work->a, url, why);
    *ret_claims = claims;
    return NULL;
}
