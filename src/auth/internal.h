/*
 * auth/internal: what the files of auth share.
 */
#ifndef REEVE_AUTH_INTERNAL_H
#define REEVE_AUTH_INTERNAL_H

#include "auth/auth.h"
#include "db/dialect.h"

#define AUTH_MESSAGE_LOADING "An error occurred while loading the submitted data."
#define AUTH_MESSAGE_VALIDATING "An error occurred while validating the submitted data."
#define AUTH_MESSAGE_FAILED "Failed to authenticate."

/* --- form.c: steps that all endpoints begin with --------------------------------------------- */

/* NULL when col is an auth collection; else the 404 that auth.md 1.4 has for it. */
MUST_CHECK struct err *auth_check_collection(struct arena *a, const struct schema_col *col);
/* The body into target by a table; a failure is `message`. keep: errors of the body that are
 * complete answers (unsupported type, too large) pass as they are. */
MUST_CHECK struct err *auth_decode(struct arena *a, const struct auth_call *call,
                                   const struct form_field *fields, size_t n, bool keep,
                                   void *target, const char *message);
/* Whether a password login may name a record by that field. */
bool auth_identifies_by(const struct schema_auth *auth, struct str name);

bool auth_is_email(struct arena *a, struct str text);
/* A member of a form: at most `max` bytes. */
void auth_check_length(struct arena *a, struct str name, struct str text, bool required, int max,
                       struct err **err);
#define AUTH_TEXT_MAX 255 /* bytes of most texts in a body */
#define AUTH_TEXT(s) ((struct value){.type = VALUE_TEXT, .text = (s)})

/* --- look.c: look-ups that records.h does not have ------------------------------------------- */

/* A field's stored text, borrowed from the record; empty when it is no text. */
struct str auth_cell(const struct rec *rec, const struct schema_field *field);
struct str auth_cell_named(const struct rec *rec, const char *name);

/* --- hash.c: passwords; pool threads only ---------------------------------------------------- */

/* Of a password that somebody has chosen; empty text: it cannot be hashed (crypto.h), which the
 * field's check will say. */
struct value auth_hash(struct arena *a, const struct schema_field *field, struct str plain);
/* One that nothing matches, and that takes as long to compare as the field's own. */
struct str auth_dummy_hash(struct arena *a, const struct schema_field *field);
/* Of one that nobody knows, which no rule of the field looks at. */
struct value auth_hash_random(struct arena *a, const struct schema_field *field);

/* --- respond.c: auth.md 4 -------------------------------------------------------------------- */

/* Steps 2 and 3: superuserIPs and the authRule. Inside a snapshot. */
MUST_CHECK struct err *auth_admit(struct arena *a, struct db_conn *conn,
                                  const struct auth_call *call, const struct rec *rec);
/* Steps 6 and 8: the answer. meta: JSON, or empty. Inside a snapshot. */
MUST_CHECK struct err *auth_write(struct arena *a, struct db_conn *conn,
                                  const struct auth_call *call, const struct rec *rec,
                                  struct str token, struct str meta, struct auth_answer *ret);

/* By its address, as the collection's index compares it; *ret NULL: nobody. */
MUST_CHECK struct err *auth_find_email(struct arena *a, struct db_conn *conn,
                                       const struct schema_col *col, struct str email,
                                       struct rec **ret);
/* --- otp.c ----------------------------------------------------------------------------------- */

/* Of the length that the collection asks for. */
struct str auth_otp_code(struct arena *a, const struct schema_auth *auth);
/* Pool threads only. */
MUST_CHECK struct err *auth_otp_hash(struct arena *a, const struct schema_col *otps,
                                     struct str code, struct value *ret);
/* In a unit; fixed: of _otps. */
MUST_CHECK struct err *auth_otp_add(struct arena *a, struct db_conn *tx,
                                    const struct rec_scope *scope, const struct rec_fixed *fixed,
                                    struct str id, const struct rec *rec, struct value hash);
/* For how long one is good; 0 where that is more than can be told. */
int64_t auth_otp_duration_ms(const struct schema_col *col);
/* What rows of the outbox call the mail of a code. */
#define AUTH_OTP_MAIL "otp"
/* Whether a code of the collection that was made then (as stored) is good no more. */
bool auth_otp_is_over(const struct schema_col *col, struct str created, int64_t now_ms);

/* --- mfa.c: auth.md 6 ------------------------------------------------------------------------ */

/* Whether this login needs a second method. Inside a snapshot. */
MUST_CHECK struct err *auth_mfa_wanted(struct arena *a, struct db_conn *conn,
                                       const struct auth_login *login, bool *ret);
/* The session of a login that does. */
MUST_CHECK struct err *auth_session_new(struct arena *a, const struct auth_login *login,
                                        struct auth_session **ret);

/* --- origin.c: auth.md 10 -------------------------------------------------------------------- */

/* Where a completed login comes from; NULL: the collection does not ask. */
struct auth_origin *auth_origin_new(struct arena *a, const struct auth_login *login);

#endif
