/*
 * auth/oauth2: signing in through other systems (auth.md 7), in steps:
 *
 *   read      what is asked for                                   in a snapshot
 *   ask       who the provider says it is                         waits for others
 *   find      whose account that is; where nobody's, what a new
 *             record is made of                                   in a snapshot
 *   avatar    its picture, where one is wanted                    waits for others
 *   draft     a new record (records.h says its steps)             in a snapshot
 *   hash      of a password that nobody knows, where one is needed
 *   unit      account and link
 *   take      from there on it is a login as any other (auth.h)
 */
#ifndef REEVE_AUTH_OAUTH2_H
#define REEVE_AUTH_OAUTH2_H

#include "auth/apple_names.h"
#include "auth/internal.h"

/* A sign-in on its way; in the request's arena with everything it points to. */
struct auth_oauth2 {
    const struct auth_call *call;
    struct oauth provider;
    struct str code, verifier, redirect_url;
    const struct json *create_data; /* an object, or NULL */

    bool is_known; /* the provider has said who it is: */
    struct oauth_user user;

    const struct rec *rec; /* whose account that is; NULL: it will be a new one */
    struct rec_fixed fixed, link;
    bool needs_hash;       /* to replace the password of `rec` with: */
    struct value new_hash; /* text empty: not yet */

    /* of a new one */
    const struct json *body;
    bool has_password; /* one that the client has chosen */
    bool names_it; /* the username is the provider\'s, and was nobody\'s when it was looked at */
    struct rec_actor actor; /* who creates it */
    bool wants_avatar;
    struct rec_upload avatar; /* key empty: none */
    struct rec_draft *draft;  /* its unit is part of this one's */
};

/* What is asked over the network, and how. */
struct auth_peers {
    struct net *net;
    struct oauth_keys *keys;
    struct str proxy; /* that providers are asked through; empty: none */
    struct apple_names *apple_names;
    const atomic_bool *gone; /* the client has left */
};

/* `it` is zeroed, or that of a former try: then what the provider has said stays. */
MUST_CHECK struct err *auth_oauth2_read(struct arena *a, const struct auth_call *call,
                                        struct auth_oauth2 *it);
/* E_BAD_REQUEST in the client's words; the cause says more. */
MUST_CHECK struct err *auth_oauth2_ask(struct arena *a, const struct auth_peers *peers,
                                       struct auth_oauth2 *it);
MUST_CHECK struct err *auth_oauth2_find(struct arena *a, struct db_conn *conn,
                                        struct auth_oauth2 *it);
/* A picture that cannot be had is none: that is logged. */
MUST_CHECK struct err *auth_oauth2_fetch_avatar(struct arena *a, const struct auth_peers *peers,
                                                struct auth_oauth2 *it);
/* Errors are those of a create. */
MUST_CHECK struct err *auth_oauth2_draft(struct arena *a, const struct auth_peers *peers,
                                         struct auth_oauth2 *it);
/* On a thread that may take its time. */
MUST_CHECK struct err *auth_oauth2_hash(struct arena *a, struct auth_oauth2 *it);
/* db_unit_fn; `in` is the login. *ret_out: the record (a const struct rec *) as it is from then
 * on. E_STALE where it is not what was found. */
struct err *auth_oauth2_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out);
/* The login is that record's, and no sign-in any more. */
void auth_oauth2_take(struct arena *a, struct auth_login *login, const struct rec *rec);

/* oauth2_new.c, for oauth2.c: the body of a new record, and whether it wants a picture. */
MUST_CHECK struct err *auth_oauth2_plan(struct arena *a, struct db_conn *conn,
                                        struct auth_oauth2 *it);

#endif
