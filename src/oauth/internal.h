/*
 * oauth/internal: shared inside oauth/, and by its tests.
 */
#ifndef REEVE_OAUTH_INTERNAL_H
#define REEVE_OAUTH_INTERNAL_H

#include "base/buf.h"
#include "base/limits.h"
#include "oauth/oauth.h"

/* --- providers.c ------------------------------------------------------------------------------ */

struct oauth_work;

/* When an address is the user's. */
enum oauth_proof {
    OAUTH_PROOF_NONE,  /* always */
    OAUTH_PROOF_TRUE,  /* where each of the paths in `proof` leads to true */
    OAUTH_PROOF_LOOSE, /* true, a number but 0, or a text of truth (auth.md 9.2) */
    OAUTH_PROOF_TIME,  /* an instant as RFC 3339 has it */
};

/* A list of addresses beside the profile, in which one is primary and verified. */
struct oauth_mailboxes {
    const char *list; /* path; NULL: the answer itself */
    const char *primary, *verified;
    bool optional; /* where it cannot be had there is no address; else it fails the sign-in */
};

/*
 * A path is names parted by '.', a name may end in "[0]": "data[0].id". A name of two paths parted
 * by a blank is both texts, joined by one. NULL: there is none.
 */
struct oauth_provider {
    struct str name, display_name, logo;
    bool no_pkce;
    struct str scopes, auth_url, token_url, userinfo_url;
    /* The profile is the ID token: always, by these keys and of this issuer, or (`by_claims`) where
     * no address of a profile is configured. */
    struct str keys_url, issuer;
    bool by_claims;
    bool form_post; /* the code comes back as a form */

    /* How its profile is asked for. "{clientId}" as a value is the client id. */
    struct {
        const char *name, *value;
    } headers[3];
    const char *query; /* a JSON body, which is posted */

    const char *id;
    bool id_is_number; /* as an integer; else a text */
    const char *full_name, *username, *avatar, *avatar_if, *email;
    enum oauth_proof proof;
    const char *proofs[2];
    /* The account must be active: the path leads to true, to 1, or to this text. */
    const char *active, *active_text;
    bool active_is_one;

    const struct oauth_mailboxes *mailboxes;
    /* What the row cannot say; user has what it could. NULL: nothing. */
    struct err *(*finish)(struct oauth_work *work, const struct json *profile,
                          struct oauth_user *user);
};

/* --- encode.c --------------------------------------------------------------------------------- */

/* As a value in a form or a query: blanks are '+'. */
void oauth_add_escaped(struct buf *out, struct str text);
/* Adds name=text, after a '&' where something stands there already. */
void oauth_add_pair(struct buf *out, const char *name, struct str text);
/* Form pairs as an object of texts, the first of a name counts. False: a broken pair, or more than
 * LIMIT_OAUTH_FORM_PAIRS. */
bool oauth_read_form(struct arena *a, struct str text, const struct json **ret);

/* --- ask.c: requests of a sign-in ------------------------------------------------------------- */

struct oauth_work {
    struct arena *a;
    const struct oauth *o;
    const struct oauth_call *call;
    uint64_t end_ms; /* of clock_ms() */
    /* once the token is there */
    struct str token_type, access_token, refresh_token;
    int64_t expiry_ms;
    const struct json *token; /* the whole answer, an object */
    bool is_nobody;           /* once the profile is there: it has no id */
};

/* What providers send: JSON that is to be trusted, and JSON as real ones write it. */
extern const struct json_limits oauth_limits_strict, oauth_limits_loose;

/* net_call() in what is left of the time. An answer of any status is none of its errors. */
MUST_CHECK struct err *oauth_ask(struct oauth_work *work, struct net_request *request,
                                 struct net_answer *ret);
/* A GET with the access token. */
MUST_CHECK struct err *oauth_ask_as_user(struct oauth_work *work, struct str url,
                                         struct net_answer *ret);
/* An answer that is refused: E_BAD_REQUEST, whose cause names the host and `why`. */
struct err *oauth_refuse(struct arena *a, struct str url, const char *why);

/* --- look.c ---------------------------------------------------------------------------------- */

/* What a path leads to; *ret is NULL where there is nothing, or null. False: something on the way
 * is of another kind. */
bool oauth_look(const struct json *from, const char *path, const struct json **ret);
/* The text there; empty where there is none, or one too long. False: what is there is no text. */
bool oauth_look_text(const struct json *from, const char *path, struct str *ret);
/* The same, of a path that is a piece of a text. */
bool oauth_look_text_at(const struct json *from, struct str path, struct str *ret);
/* Of claims: true, a number but 0, or a text of truth. */
bool oauth_is_true(const struct json *value);

/* --- token.c, profile.c, mailboxes.c ---------------------------------------------------------- */

MUST_CHECK struct err *oauth_fetch_token(struct oauth_work *work);
MUST_CHECK struct err *oauth_fetch_profile(struct oauth_work *work, struct oauth_user *ret);

/* The address in the list at `url`; none where the list may not be read. */
MUST_CHECK struct err *oauth_fetch_mailbox(struct oauth_work *work, struct str url,
                                           const struct oauth_mailboxes *mailboxes,
                                           struct str *ret_email);
/* Rows' `finish`. */
MUST_CHECK struct err *oauth_finish_gitee(struct oauth_work *work, const struct json *profile,
                                          struct oauth_user *user);

/* --- id_token.c, keys.c ----------------------------------------------------------------------- */

/* What an ID token must be. */
struct oauth_id_check {
    struct str audience;
    const struct json *issuers; /* a text, or a list of texts of which one must be it; NULL: any */
    struct str keys_url;        /* empty: the signature is not looked at */
    bool needs_expiry;
};
/* The claims of a token that holds, an object. */
MUST_CHECK struct err *oauth_read_id_token(struct oauth_work *work, struct str token,
                                           const struct oauth_id_check *check,
                                           const struct json **ret_claims);

/* The key of that id, a JWK, in work->a. It is fetched unless it is known; now_ms is clock_ms(). */
MUST_CHECK struct err *oauth_keys_get(struct oauth_work *work, struct str url, struct str kid,
                                      uint64_t now_ms, const struct json **ret);

#endif
