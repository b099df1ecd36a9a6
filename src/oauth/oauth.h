/*
 * oauth/oauth: sign-on providers: OAuth2 (RFC 6749, with PKCE, RFC 7636) and OpenID Connect
 * (auth.md 7.2, 9).
 *
 *   struct oauth_keys *keys = oauth_keys_new();           once a process
 *
 *   struct oauth_conf conf = {.name = STR("github"), .client_id = …, .pkce = -1};
 *   struct oauth o;
 *
 *   err = oauth_open(a, &conf, &o);
 *   pkce = oauth_pkce_new(a);                             the verifier goes to the client
 *   url = oauth_auth_url(a, &o, state, pkce.challenge);   and there the user agrees
 *   …                                                     who comes back with a code
 *   err = oauth_sign_in(a, &o, &call, &failed, &user);    code -> token -> profile
 *
 * Which providers there are, where they live and how their profiles are read is a table
 * (providers.c). Nothing is stored but the keys that ID tokens are signed with, for minutes.
 */
#ifndef REEVE_OAUTH_OAUTH_H
#define REEVE_OAUTH_OAUTH_H

#include "base/err.h"
#include "base/json.h"
#include "net/net.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* --- the table of providers ------------------------------------------------------------------- */

struct oauth_provider;

/* In the order in which clients show them. i < oauth_provider_count(). */
size_t oauth_provider_count(void);
const struct oauth_provider *oauth_provider_at(size_t i);
/* NULL when there is none of that name. */
const struct oauth_provider *oauth_provider_find(struct str name);

/* Constants. The logo is an SVG document of our own: an initial on the brand's usual colour. */
struct str oauth_provider_name(const struct oauth_provider *provider);
struct str oauth_provider_display_name(const struct oauth_provider *provider);
struct str oauth_provider_logo(const struct oauth_provider *provider);

/* --- a provider as it is configured ----------------------------------------------------------- */

/* What a collection has of it. An empty text: the provider's own. */
struct oauth_conf {
    struct str name, client_id, client_secret;
    struct str auth_url, token_url, userinfo_url, display_name;
    int pkce;                 /* 0, 1; -1: the provider's own */
    const struct json *extra; /* an object, or NULL (auth.md 9.3) */
};

/* Texts are borrowed from the conf or constant. */
struct oauth {
    const struct oauth_provider *provider;
    struct str client_id, client_secret, display_name;
    struct str auth_url, token_url; /* empty where nobody has said it: signing in fails then */
    struct str userinfo_url;        /* empty: the profile is in the ID token */
    struct str keys_url;            /* of the ID token's signature; empty: it is not looked at */
    struct str scopes;              /* parted by blanks */
    bool pkce;
    const struct json *extra; /* NULL: nothing */
};

/* Fails only where no provider has that name (E_INTERNAL). Addresses that are missing are none of
 * its errors: such a provider is listed, as the others are. */
MUST_CHECK struct err *oauth_open(struct arena *a, const struct oauth_conf *conf,
                                  struct oauth *ret);

struct oauth_pkce {
    struct str verifier;  /* 43 characters */
    struct str challenge; /* its SHA-256: the method is S256 */
};
struct oauth_pkce oauth_pkce_new(struct arena *a);
struct str oauth_pkce_challenge(struct arena *a, struct str verifier);

/* Where the user agrees. Ends in "redirect_uri=", behind which the client puts its own address. An
 * empty challenge, or a provider without PKCE: none is sent. */
struct str oauth_auth_url(struct arena *a, const struct oauth *o, struct str state,
                          struct str challenge);

/* --- signing in ------------------------------------------------------------------------------- */

/* Keys of ID tokens by the address they come from; any thread. */
struct oauth_keys;
struct oauth_keys *oauth_keys_new(void);
/* Nobody may be signing in any more. NULL is fine. */
void oauth_keys_free(struct oauth_keys *keys);
AUTO_DEFINE(oauth_keys_free, struct oauth_keys *)

struct oauth_call {
    struct net *net;
    struct oauth_keys *keys;
    struct str code, verifier;
    struct str redirect_url;
    struct str proxy;        /* as in net.h */
    int64_t now_ms;          /* wall clock, for the times of tokens */
    const atomic_bool *gone; /* as in net.h; may be NULL */
};

/* Where it failed: the client reads another message for each (auth.md 7.1). */
enum oauth_step {
    OAUTH_TOKEN,
    OAUTH_PROFILE,
    OAUTH_NOBODY, /* there is a profile, but no id in it */
};

struct oauth_user {
    struct str id; /* never empty */
    /* Empty: not known. `email` only where the provider says that it is the user's. */
    struct str name, username, email, avatar_url;
    const struct json *raw; /* the profile, an object */
    struct str access_token, refresh_token;
    int64_t expiry_ms; /* of the access token; 0: not known */
};

/*
 * Token, then profile: one to five requests, LIMIT_OAUTH_TOTAL_MS together. On a thread that may
 * wait. *ret and what it has live in `a` or are the call's.
 *
 * Errors have kinds as in net.h, or E_BAD_REQUEST for an answer that is refused; the message is the
 * kind's, and the cause says host and reason but nothing that the provider wrote. On error
 * *ret_failed is written, and *ret is not.
 */
MUST_CHECK struct err *oauth_sign_in(struct arena *a, const struct oauth *o,
                                     const struct oauth_call *call, enum oauth_step *ret_failed,
                                     struct oauth_user *ret);

/* --- Apple ------------------------------------------------------------------------------------ */

/* What the client secret of Sign in with Apple is made of: a JWT (ES256), good for a while. */
struct oauth_apple {
    struct str client_id, team_id, key_id;
    struct str private_key; /* PEM, PKCS8, on the curve P-256 */
    int64_t duration_s;
};
/* E_BAD_REQUEST: the key is none; its cause, a constant, may be shown to a superuser. */
MUST_CHECK struct err *oauth_apple_secret(struct arena *a, const struct oauth_apple *apple,
                                          int64_t now_s, struct str *ret);

#endif
