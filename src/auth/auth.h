/*
 * auth: tokens, logins, superusers (compat auth.md).
 */
#ifndef REEVE_AUTH_AUTH_H
#define REEVE_AUTH_AUTH_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/form.h"
#include "base/json.h"
#include "db/db.h"
#include "mail/outbox.h"
#include "records/records.h"
#include "schema/schema.h"
#include "settings/settings.h"

#include <stdbool.h>
#include <stdint.h>

/* --- tokens ---------------------------------------------------------------------------------- */

/* The Authorization header's token: "Bearer " stripped, in any case (auth.md 3). Borrowed. */
struct str auth_header_token(struct str header);

struct auth_token {
    const struct rec *rec; /* NULL: the token is good for nothing */
    bool refreshable;
    struct str text; /* as presented */
    /* claims, empty where there is none */
    struct str email, new_email;
    int64_t from_ms, until_ms; /* when it is good: until_ms no more */
};
/* auth.md 2.2: verified against the record and collection as they are now. An error only when the
 * database fails. kind: the one accepted. */
MUST_CHECK struct err *auth_token_verify(struct arena *a, struct db_conn *conn,
                                         const struct schema *schema, struct str token,
                                         enum schema_token_kind kind, int64_t now_ms,
                                         struct auth_token *ret);
/* The same of a TOKEN_AUTH, which the calling thread may know already: then neither its signature
 * is computed nor the database asked, and what is known is never older than the last commit that
 * was answered. conn: db's, in a snapshot. The record stays as long as `a`. */
MUST_CHECK struct err *auth_identify(struct arena *a, const struct db *db, struct db_conn *conn,
                                     const struct schema *schema, struct str token, int64_t now_ms,
                                     struct auth_token *ret);
/* The calling thread forgets. Before it ends. */
void auth_thread_end(void);
/* What an unverified token claims: a text, empty where there is none. */
struct str auth_token_claim(struct arena *a, struct str token, struct str name);
/* Of all kinds but TOKEN_EMAIL_CHANGE. duration_s 0: the collection's. Empty: the record has no key
 * to sign with. */
struct str auth_token_new(struct arena *a, const struct rec *rec, enum schema_token_kind kind,
                          bool refreshable, int64_t duration_s, int64_t now_ms);

struct str auth_token_email_change(struct arena *a, const struct rec *rec, struct str new_email,
                                   int64_t now_ms);

/* --- logins ---------------------------------------------------------------------------------- */

/* Who asks, and from where. */
struct auth_caller {
    struct rec_actor actor;    /* its context is set here */
    struct auth_token token;   /* of the request */
    struct str ip;             /* the real address (services.md 13) */
    bool superuser_ip_allowed; /* it may act as a superuser (superuserIPs) */
};

/* A request for an answer that logs in. */
struct auth_call {
    struct auth_caller *caller;
    const struct schema_col *col;  /* of the path; may be NULL or no auth collection */
    const struct json *body;       /* what rules see as the body; may be NULL: empty */
    const struct form_input *form; /* the body as a fixed structure; NULL: `body` is it */
    /* The body's decoding error, reported where auth.md 5.2 has it in the order, or NULL. One with
     * the default message stands for a body that does not decode; others go out as they are. */
    const struct err *body_err;
    /* A body that decodes, but not into what rules see: reported once they would be asked. */
    const struct err *rules_err;
    struct str id;         /* impersonate: of the path */
    struct str mfa_id;     /* query parameter, or empty */
    struct str expand;     /* raw parameter */
    struct str user_agent; /* p NULL: the request's header of that name */
    const struct settings *settings;
    struct outbox *outbox;
    bool dev; /* no bound on codes */
};

/* What a login answers. */
struct auth_answer {
    int status;
    struct str body; /* JSON */
};

/*
 * A login on its way (auth.md 4), in the request's arena with everything it points to. What follows
 * are its steps in their order: `conn` is inside a snapshot that is what the schema of the caller
 * says, and nothing is open in between.
 */
struct auth_session; /* mfa.c: of a second factor */
struct auth_origin;  /* origin.c: where it comes from */
struct auth_oauth2;
struct auth_login {
    const struct auth_call *call;
    struct str method;            /* "password" */
    const struct rec *rec;        /* whose login it is; NULL: nobody's */
    struct str id;                /* of `rec` */
    struct str identity;          /* whose attempts are counted, also where it is nobody's */
    struct str password, hash;    /* what is compared */
    struct str token;             /* what it will be answered with */
    struct auth_session *session; /* to be begun or ended first; NULL: none */
    bool session_is_over;
    struct str meta;            /* JSON, for the client; empty: none */
    struct auth_answer answer;  /* status 0: it is not known yet */
    struct auth_origin *origin; /* to be noted; NULL: not of interest */
    struct auth_oauth2 *oauth2; /* what it is until it is known whose it is (oauth2.h) */
    /* of a code */
    const struct rec *code;
    struct value new_hash; /* of the password that the record gets with it */
    struct rec_fixed fixed;
};

/* POST …/auth-with-password: whom the body means. The time that an answer takes must not tell
 * whether that is anybody. */
MUST_CHECK struct err *auth_password_find(struct arena *a, struct db_conn *conn,
                                          const struct auth_call *call, struct auth_login **ret);
/* On a thread that may take its time. E_BAD_REQUEST unless the record has proved who it is. */
MUST_CHECK struct err *auth_password_compare(struct arena *a, const struct auth_login *login);
/* The login goes on under a schema that is new since a unit of it was committed: what it holds of
 * the former one is replaced. E_BAD_REQUEST: there is no such record any more. */
MUST_CHECK struct err *auth_login_renew(struct arena *a, struct db_conn *conn,
                                        const struct auth_call *call, struct auth_login *login);
/* Whether the record may log in; then its session, or the answer and its origin. */
MUST_CHECK struct err *auth_login_admit(struct arena *a, struct db_conn *conn,
                                        struct auth_login *login);
/* With a session: the unit that begins or ends it, a db_unit_fn; `in` is the login. Then, out: what
 * it has left, the answer to a login that needs another one, or E_BAD_REQUEST. */
struct err *auth_session_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out);
MUST_CHECK struct err *auth_session_ended(struct arena *a, struct auth_login *login,
                                          const void *out);
/* Where there is no answer yet. */
MUST_CHECK struct err *auth_login_write(struct arena *a, struct db_conn *conn,
                                        struct auth_login *login);
/* With an origin: the unit that notes it, a db_unit_fn; `in` is the login. With its error, or what
 * it has left, comes auth_origin_noted(): a failure is logged only; true: an alert is to be sent,
 * on a thread that may wait, and the unit run once more. */
struct err *auth_origin_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out);
bool auth_origin_noted(struct auth_login *login, const struct err *err, const void *out);
/* Fails where the mail was not sent, which is logged: then the origin stays unknown. waited_ms:
 * what the login has waited for its turn to send it; that counts. */
MUST_CHECK struct err *auth_origin_alert(struct arena *a, const struct auth_login *login,
                                         uint64_t waited_ms);

/* POST …/auth-with-otp: as for passwords. Between these two the caller counts the attempt. */
MUST_CHECK struct err *auth_otp_find(struct arena *a, struct db_conn *conn,
                                     const struct auth_call *call, struct auth_login **ret);
/* On a thread that may take its time. E_BAD_REQUEST unless it is the code. */
MUST_CHECK struct err *auth_otp_compare(struct arena *a, struct auth_login *login);
/* The unit that uses the code up, a db_unit_fn; `in` is the login. *ret_out: the record (a const
 * struct rec *) as it is from then on, for login->rec. */
struct err *auth_otp_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out);

/* POST …/auth-refresh, behind the same-collection guard: by the caller's token. Reads only; conn
 * may be inside a snapshot. */
MUST_CHECK struct err *auth_refresh(struct arena *a, struct db_conn *conn,
                                    const struct auth_call *call, struct auth_answer *ret);
/* POST …/impersonate/{id}, behind the guard for superusers. Reads only. */
MUST_CHECK struct err *auth_impersonate(struct arena *a, struct db_conn *conn,
                                        const struct auth_call *call, struct auth_answer *ret);
/* GET …/auth-methods. col may be NULL. */
MUST_CHECK struct err *auth_methods(struct arena *a, const struct schema_col *col,
                                    struct auth_answer *ret);

/* --- mails that are asked for ---------------------------------------------------------------- */

/*
 * POST …/request-verification, …/request-password-reset and …/request-otp. Each: in a snapshot, who
 * is meant; then a unit (db_unit_fn; `in` is what was found), which also is run where that is
 * nobody: whoever waits for the answer shall not learn it. In a grouped unit it may be
 * E_OVER_BUDGET; the lease has changes_schema (mail/outbox.h).
 */
struct auth_asked;
MUST_CHECK struct err *auth_ask_verification(struct arena *a, struct db_conn *conn,
                                             const struct auth_call *call, struct auth_asked **ret);
MUST_CHECK struct err *auth_ask_password_reset(struct arena *a, struct db_conn *conn,
                                               const struct auth_call *call,
                                               struct auth_asked **ret);
/* *ret_out: NULL, or a constant text: why nothing is sent, which the answer does not tell. */
struct err *auth_asked_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out);
/* The same, where that is known before the unit: nobody is meant. */
const char *auth_asked_hidden(const struct auth_asked *asked);

MUST_CHECK struct err *auth_ask_otp(struct arena *a, struct db_conn *conn,
                                    const struct auth_call *call, struct auth_asked **ret);
/* Between, on a thread that may take its time. */
MUST_CHECK struct err *auth_asked_hash(struct arena *a, struct auth_asked *asked);
struct err *auth_asked_otp_unit(struct db_conn *tx, const void *in, struct arena *a,
                                void **ret_out);
struct auth_answer auth_asked_otp_answer(struct arena *a, const void *out);

/* POST …/request-email-change, behind the same-collection guard; in a snapshot. Then, on a thread
 * that may wait: E_BAD_REQUEST where it was not sent. */
MUST_CHECK struct err *auth_ask_email_change(struct arena *a, struct db_conn *conn,
                                             const struct auth_call *call,
                                             const struct mail_message **ret);
MUST_CHECK struct err *auth_send_email_change(struct arena *a, const struct auth_call *call,
                                              const struct mail_message *message);

/* POST /api/settings/test/email: whether there is a mail of that name ("password-reset"); it, to
 * that address, about a record of `col` that does not exist. */
bool auth_test_mail_is(struct str name);
MUST_CHECK struct err *auth_test_mail(struct arena *a, const struct rec_scope *scope,
                                      const struct settings *settings, const struct schema_col *col,
                                      struct str name, struct str address,
                                      const struct mail_message **ret);
/* A member of a form that is an address: required, at most 255 bytes. Adds at most one item. */
void auth_check_email(struct arena *a, struct str name, struct str text, struct err **err);

/* For outbox_conf. In a snapshot; the message lives in `a`. */
MUST_CHECK struct err *auth_mail_compose(struct arena *a, struct db_conn *conn,
                                         const struct rec_scope *scope,
                                         const struct settings *settings,
                                         const struct outbox_mail *posted,
                                         const struct mail_message **ret);
/* In a unit. */
MUST_CHECK struct err *auth_mail_settle(struct arena *a, struct db_conn *tx,
                                        const struct rec_scope *scope,
                                        const struct outbox_mail *posted,
                                        const struct mail_message *sent);

/* --- what the links in mails lead to --------------------------------------------------------- */

/* POST …/confirm-verification, …/confirm-password-reset, …/confirm-email-change: in a snapshot. */
struct auth_confirm;
MUST_CHECK struct err *auth_confirm_verification(struct arena *a, struct db_conn *conn,
                                                 const struct auth_call *call,
                                                 struct auth_confirm **ret);
MUST_CHECK struct err *auth_confirm_password_reset(struct arena *a, struct db_conn *conn,
                                                   const struct auth_call *call,
                                                   struct auth_confirm **ret);
MUST_CHECK struct err *auth_confirm_email_change(struct arena *a, struct db_conn *conn,
                                                 const struct auth_call *call,
                                                 struct auth_confirm **ret);
/* Then, where a password has to be hashed or compared, on a thread that may take its time. */
bool auth_confirm_hashes(const struct auth_confirm *confirm);
/* An error: of another address, the password is not the record's. */
MUST_CHECK struct err *auth_confirm_hash(struct arena *a, struct auth_confirm *confirm);
/* Of which record it is compared. */
struct str auth_confirm_account(const struct auth_confirm *confirm);
/* Then the unit (db_unit_fn; `in` is what was found), which looks at the token once more. */
struct err *auth_confirm_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret_out);

/* --- what is over ---------------------------------------------------------------------------- */

#define AUTH_EXPIRED_MOST 100 /* rows a unit */

enum auth_expiring { AUTH_OTPS, AUTH_MFAS };
struct auth_expired {
    size_t n;           /* rows that are gone */
    struct str refused; /* why one could not be deleted; empty: none */
};
/* In a unit, whose arena is a: deletes rows whose time is over, AUTH_EXPIRED_MOST at most: where it
 * were as many there may be more. E_OVER_BUDGET as of any unit. */
MUST_CHECK struct err *auth_remove_expired(struct arena *a, struct db_conn *tx,
                                           const struct rec_scope *scope, enum auth_expiring what,
                                           struct auth_expired *ret);

/* --- superusers, for the command line -------------------------------------------------------- */

/* Units of work (db_unit_fn); in: struct auth_superuser. Errors carry the text of services.md 16.2
 * in `cause`. Hashing is done before: auth_superuser_prepare(), which also checks the address. */
struct auth_superuser {
    struct rec_scope scope;
    struct str email, password; /* p NULL: the argument is missing */
    /* made by auth_superuser_prepare() */
    struct value hash;
    struct rec_fixed fixed;
};
MUST_CHECK struct err *auth_superuser_prepare(struct arena *a, struct auth_superuser *superuser,
                                              bool with_password);
struct err *auth_superuser_upsert(struct db_conn *tx, const void *in, struct arena *a, void **ret);
struct err *auth_superuser_create(struct db_conn *tx, const void *in, struct arena *a, void **ret);
struct err *auth_superuser_update(struct db_conn *tx, const void *in, struct arena *a, void **ret);
/* *ret is not NULL when a row was deleted. */
struct err *auth_superuser_delete(struct db_conn *tx, const void *in, struct arena *a, void **ret);

/* A one-time password for a superuser, told on the terminal instead of by mail. Hashing is done
 * before: auth_superuser_otp_prepare(), whose error is E_BAD_REQUEST with a text as above. */
struct auth_superuser_otp {
    struct rec_scope scope;
    struct str email; /* p NULL: the argument is missing */
    /* made by auth_superuser_otp_prepare() */
    struct str id, code;
    int64_t valid_s;
    struct value hash;
    struct rec_fixed fixed;
};
MUST_CHECK struct err *auth_superuser_otp_prepare(struct arena *a, struct auth_superuser_otp *otp);
struct err *auth_superuser_otp_unit(struct db_conn *tx, const void *in, struct arena *a,
                                    void **ret);

/* Whether there is a superuser but for the account of the installer. */
MUST_CHECK struct err *auth_has_superuser(struct arena *a, struct db_conn *conn, bool *ret);
/* First start without a superuser (data-dir.md 10): a unit that makes the installer record when
 * there is none but it. *ret: struct str * with the static token, or NULL when a superuser exists.
 */
struct auth_installer {
    struct rec_scope scope;
    /* made by auth_installer_prepare() */
    struct value hash; /* of a random password */
    struct rec_fixed fixed;
};
/* Takes as long as hashing a password does. */
MUST_CHECK struct err *auth_installer_prepare(struct arena *a, struct auth_installer *installer);
struct err *auth_installer_unit(struct db_conn *tx, const void *in, struct arena *a, void **ret);

#endif
