/*
 * Mails of the outbox: what a row says of one, its words once it is sent, and what follows from
 * that (auth.md 5.5, 5.7, 5.9).
 */
#include "auth/mails.h"

#include "base/crypto.h"
#include "base/id.h"

#define WINDOW_MS 120000  /* in which a record is not sent the same again */
#define START_MOST_MS 250 /* of chance, so that the sending tells nothing of who was asked for */

/* --- posting ---------------------------------------------------------------------------------- */

static const struct mail_policy {
    const char *kind;
    enum schema_token_kind token; /* a mail is of no use for longer than what it brings */
    int64_t keep_ms;
} policies[SCHEMA_MAIL_KINDS] = {
    [SCHEMA_MAIL_VERIFICATION] = {"verification", TOKEN_VERIFICATION, WINDOW_MS},
    [SCHEMA_MAIL_PASSWORD_RESET] = {"passwordReset", TOKEN_PASSWORD_RESET, WINDOW_MS},
    [SCHEMA_MAIL_OTP] = {AUTH_OTP_MAIL, TOKEN_KINDS, 0}, /* tried once: asking again is faster */
};

/* ASCII alone, as indexes that ignore case do. */
static struct str fold_case(struct arena *a, struct str text)
{
    char *p = arena_alloc(a, text.n);

    for (size_t i = 0; i < text.n; i++)
        p[i] = text.p[i] >= 'A' && text.p[i] <= 'Z' ? (char)(text.p[i] | 32) : text.p[i];
    return (struct str){p, text.n};
}

/* Who is not there is known by the address, as far as it tells one from another; it is not stored.
 */
static struct str blank_owner(struct arena *a, const struct schema_col *col, struct str address)
{
    unsigned char digest[SHA256_LEN];
    bool nocase = false;

    if (schema_is_unique(col, STR("email"), &nocase) && nocase)
        address = fold_case(a, address);
    sha256(digest, address);
    return base64url_encode(a, (struct str){(const char *)digest, sizeof(digest)});
}

struct outbox_mail auth_posted(struct arena *a, const struct schema_col *col, const struct rec *rec,
                               struct str address, enum schema_mail_kind kind, int64_t now_ms)
{
    const struct mail_policy *policy = &policies[kind];
    int64_t life_ms = 0;

    if (policy->token < TOKEN_KINDS &&
        __builtin_mul_overflow(col->auth->tokens[policy->token].duration_s, 1000, &life_ms))
        life_ms = 0;
    return (struct outbox_mail){.id = random_text(a, ID_LEN, ALPHABET_ID),
                                .kind = str_of(policy->kind),
                                .collection = col->id,
                                .record = rec ? rec_id(rec) : blank_owner(a, col, address),
                                .data = STR(""),
                                .is_blank = !rec,
                                .created_ms = now_ms,
                                .until_ms = now_ms + life_ms,
                                .start_ms = random_below(START_MOST_MS),
                                .keep_ms = policy->keep_ms};
}

/* --- sending ---------------------------------------------------------------------------------- */

static bool kind_of(struct str name, enum schema_mail_kind *ret)
{
    for (size_t i = 0; i < COUNT_OF(policies); i++) {
        *ret = (enum schema_mail_kind)i;
        if (policies[i].kind && str_eq(name, str_of(policies[i].kind)))
            return true;
    }
    return false;
}

static struct str code_of(struct arena *a, const struct outbox_mail *mail)
{
    const struct json *data, *code;

    if (!json_read(a, mail->data, &json_limits_stored, &data, NULL))
        return STR("");
    code = json_get(data, STR("code"));
    return code && code->type == JSON_TEXT ? code->text : STR("");
}

/* A code that is not stored any more, or too old, is not sent. */
static struct err *is_wanted(struct arena *a, struct db_conn *conn, const struct auth_mail *mail,
                             const struct rec_scope *scope, bool *ret)
{
    struct rec *code = NULL;
    struct err *err = NULL;

    *ret = mail->kind != SCHEMA_MAIL_VERIFICATION ||
           !rec_truth(a, mail->rec, mail->rec->col->auth->verified);
    if (mail->kind == SCHEMA_MAIL_OTP && scope->schema->otps) {
        err = rec_find(a, conn, scope->schema->otps, mail->otp_id, &code);
        *ret = code &&
               !auth_otp_is_over(mail->rec->col, auth_cell_named(code, "created"), scope->now_ms);
    }
    return err;
}

struct err *auth_mail_compose(struct arena *a, struct db_conn *conn, const struct rec_scope *scope,
                              const struct settings *settings, const struct outbox_mail *posted,
                              const struct mail_message **ret)
{
    const struct schema_col *col = schema_find(scope->schema, posted->collection);
    struct auth_mail mail = {0};
    struct rec *rec = NULL;
    bool wanted = false;
    struct err *err;

    *ret = NULL;
    if (!kind_of(posted->kind, &mail.kind) || !col || !col->auth)
        return NULL;
    err = rec_find(a, conn, col, posted->record, &rec);
    if (err || !rec || auth_cell(rec, col->auth->email).n == 0)
        return err;
    mail.rec = rec;
    if (mail.kind == SCHEMA_MAIL_OTP) {
        mail.otp = code_of(a, posted);
        mail.otp_id = posted->id;
    } else {
        mail.token = auth_token_new(a, rec, policies[mail.kind].token, false, 0, scope->now_ms);
    }
    err = is_wanted(a, conn, &mail, scope, &wanted);
    if (!err && wanted)
        err = auth_mail_write(a, settings, &mail, ret);
    return err;
}

/* What was sent is good for the address it went to; a code that nobody got is good for nothing. */
struct err *auth_mail_settle(struct arena *a, struct db_conn *tx, const struct rec_scope *scope,
                             const struct outbox_mail *posted, const struct mail_message *sent)
{
    const struct schema_col *otps = scope->schema->otps;
    struct rec *code = NULL, *after;
    struct rec_set set = {STR("sentTo"), AUTH_TEXT(sent ? sent->to[0].address : STR(""))};
    struct rec_fixed fixed;
    struct err *err;

    if (!str_eq(posted->kind, str_of(policies[SCHEMA_MAIL_OTP].kind)) || !otps)
        return NULL;
    err = rec_find(a, tx, otps, posted->id, &code);
    if (err || !code)
        return err;
    if (!sent)
        return rec_remove(a, tx, scope, NULL, code);
    if (auth_cell_named(code, "sentTo").n > 0)
        return NULL;
    fixed = rec_fix(a, otps);
    return rec_change(a, tx, scope, &fixed, code, &set, 1, &after);
}
