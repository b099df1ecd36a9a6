#include "oauth/internal.h"

#include "base/crypto.h"
#include "base/id.h"
#include "base/sign.h"

#define VERIFIER_CHARS 43
#define AUTH_URL_BYTES ((size_t)64 * KIB)

/* --- a provider as it is configured ----------------------------------------------------------- */

static struct str or_own(struct str configured, struct str own)
{
    return configured.n ? configured : own;
}

/* What is there but is no text cannot be an address: then no signature holds. */
static struct str keys_url(const struct oauth_conf *conf, const struct oauth_provider *provider)
{
    const struct json *value = json_get(conf->extra, STR("jwksURL"));

    if (provider->issuer.n || !value || value->type == JSON_NULL)
        return provider->keys_url;
    return value->type == JSON_TEXT ? value->text : STR("none");
}

/* Microsoft is asked for an ID token only where an address is to be read from it. */
static struct str scopes(struct arena *a, const struct oauth_conf *conf,
                         const struct oauth_provider *provider)
{
    const struct json *claim = json_get(conf->extra, STR("idTokenEmailClaim"));

    if (!str_eq(provider->name, STR("microsoft")) || !claim || claim->type == JSON_NULL ||
        (claim->type == JSON_TEXT && claim->text.n == 0))
        return provider->scopes;
    return arena_concat(a, provider->scopes, STR(" openid"), STR_NONE);
}

struct err *oauth_open(struct arena *a, const struct oauth_conf *conf, struct oauth *ret)
{
    const struct oauth_provider *provider = oauth_provider_find(conf->name);

    if (!provider)
        return err_new(a, E_INTERNAL, NULL, "no sign-on provider is named %.*s",
                       STR_ARG(conf->name));
    *ret = (struct oauth){
        .provider = provider,
        .client_id = conf->client_id,
        .client_secret = conf->client_secret,
        .display_name = or_own(conf->display_name, provider->display_name),
        .auth_url = or_own(conf->auth_url, provider->auth_url),
        .token_url = or_own(conf->token_url, provider->token_url),
        .userinfo_url = or_own(conf->userinfo_url, provider->userinfo_url),
        .keys_url = keys_url(conf, provider),
        .scopes = scopes(a, conf, provider),
        .pkce = conf->pkce < 0 ? !provider->no_pkce : conf->pkce > 0,
        .extra = conf->extra,
    };
    return NULL;
}

struct str oauth_pkce_challenge(struct arena *a, struct str verifier)
{
    unsigned char hash[SHA256_LEN];

    sha256(hash, verifier);
    return base64url_encode(a, (struct str){(const char *)hash, sizeof(hash)});
}

struct oauth_pkce oauth_pkce_new(struct arena *a)
{
    struct oauth_pkce pkce = {.verifier = random_text(a, VERIFIER_CHARS, ALPHABET_SECRET)};

    pkce.challenge = oauth_pkce_challenge(a, pkce.verifier);
    return pkce;
}

struct str oauth_auth_url(struct arena *a, const struct oauth *o, struct str state,
                          struct str challenge)
{
    AUTO_BUF struct buf pairs;
    bool has_query = str_find_byte(o->auth_url, '?') < o->auth_url.n;

    buf_init(&pairs, AUTH_URL_BYTES);
    oauth_add_pair(&pairs, "client_id", o->client_id);
    if (o->pkce && challenge.n) {
        oauth_add_pair(&pairs, "code_challenge", challenge);
        oauth_add_pair(&pairs, "code_challenge_method", STR("S256"));
    }
    if (o->provider->form_post)
        oauth_add_pair(&pairs, "response_mode", STR("form_post"));
    oauth_add_pair(&pairs, "response_type", STR("code"));
    if (o->scopes.n)
        oauth_add_pair(&pairs, "scope", o->scopes);
    oauth_add_pair(&pairs, "state", state);
    oauth_add_pair(&pairs, "redirect_uri", STR(""));
    return arena_concat(a, o->auth_url, has_query ? STR("&") : STR("?"), buf_str(&pairs));
}

/* --- Apple ------------------------------------------------------------------------------------ */

static struct str encode(struct arena *a, const struct buf *text)
{
    return base64url_encode(a, buf_str(text));
}

struct err *oauth_apple_secret(struct arena *a, const struct oauth_apple *apple, int64_t now_s,
                               struct str *ret)
{
    AUTO_BUF struct buf header;
    AUTO_BUF struct buf claims;
    struct str text, signature;
    const char *why;

    buf_init(&header, LIMIT_OAUTH_TEXT_BYTES);
    buf_init(&claims, LIMIT_OAUTH_TEXT_BYTES);
    BUF_ADD(&header, "{\"alg\":\"ES256\",\"kid\":");
    json_write_text(&header, apple->key_id);
    BUF_ADD(&header, ",\"typ\":\"JWT\"}");
    buf_addf(&claims, "{\"aud\":\"https://appleid.apple.com\",\"exp\":%lld,\"iat\":%lld,\"iss\":",
             (long long)(now_s + apple->duration_s), (long long)now_s);
    json_write_text(&claims, apple->team_id);
    BUF_ADD(&claims, ",\"sub\":");
    json_write_text(&claims, apple->client_id);
    BUF_ADD(&claims, "}");
    if (header.full || claims.full)
        return err_new(a, E_BAD_REQUEST, NULL, "the client id is too long");
    text = arena_concat(a, encode(a, &header), STR("."), encode(a, &claims));
    why = sign_es256(a, apple->private_key, text, &signature);
    if (why)
        return err_new(a, E_BAD_REQUEST, NULL, "%s", why);
    *ret = arena_concat(a, text, STR("."), base64url_encode(a, signature));
    return NULL;
}
