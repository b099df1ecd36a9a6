/*
 * The options of a fresh auth collection (data-dir.md 9.5): secrets, durations and mail texts.
 */
#include "base/id.h"
#include "schema/internal.h"

#include <inttypes.h>

#define OPTIONS_MAX (256 * 1024)
#define SECRET_CHARS 50

#define SIGN_OFF "<p>\n  Best regards,<br/>\n  the {APP_NAME} team\n</p>"
#define BUTTON(path, label)                                                                   \
    "<p>\n  <a class=\"btn\" href=\"{APP_URL}/_/#/auth/" path "/{TOKEN}\" target=\"_blank\" " \
    "rel=\"noopener\">" label "</a>\n</p>\n"

struct mail {
    struct str subject, body;
};

static const struct mail alert_mail = {
    STR_INIT("Login from a new location"),
    STR_INIT("<p>Hello,</p>\n"
             "<p>Someone has just signed in to your {APP_NAME} account from a device or place that "
             "we have not seen before:</p>\n"
             "<p><em>{ALERT_INFO}</em></p>\n"
             "<p><strong>If that was not you, please change your {APP_NAME} password at once: this "
             "signs out everyone else.</strong></p>\n"
             "<p>If it was you, there is nothing to do.</p>\n" SIGN_OFF),
};

static const struct mail otp_mail = {
    STR_INIT("OTP for {APP_NAME}"),
    STR_INIT("<p>Hello,</p>\n"
             "<p>This is your one-time password: <strong>{OTP}</strong></p>\n"
             "<p><i>You did not ask for one? Then this mail needs no answer.</i></p>\n" SIGN_OFF),
};

static const struct mail verification_mail = {
    STR_INIT("Verify your {APP_NAME} email"),
    STR_INIT(
        "<p>Hello,</p>\n"
        "<p>Welcome to {APP_NAME}! Please confirm that this address is yours:</p>\n" BUTTON(
            "confirm-verification",
            "Verify") "<p><i>You did not sign up? Then this mail needs no answer.</i></p>\n" SIGN_OFF),
};

static const struct mail reset_mail = {
    STR_INIT("Reset your {APP_NAME} password"),
    STR_INIT(
        "<p>Hello,</p>\n"
        "<p>The button below lets you choose a new password.</p>\n" BUTTON(
            "confirm-password-reset",
            "Reset password") "<p><i>You did not ask for this? Then this mail needs no answer.</i></p>\n" SIGN_OFF),
};

static const struct mail email_change_mail = {
    STR_INIT("Confirm your {APP_NAME} new email address"),
    STR_INIT(
        "<p>Hello,</p>\n"
        "<p>The button below makes this your new e-mail address.</p>\n" BUTTON(
            "confirm-email-change",
            "Confirm new email") "<p><i>You did not ask for this? Then this mail needs no answer.</i></p>\n" SIGN_OFF),
};

struct str boot_alert_body(void)
{
    return alert_mail.body;
}

static void add_mail(struct buf *out, const char *key, const struct mail *mail)
{
    buf_addf(out, "\"%s\":{\"subject\":", key);
    json_write_text(out, mail->subject);
    BUF_ADD(out, ",\"body\":");
    json_write_text(out, mail->body);
    BUF_ADD(out, "}");
}

static void add_token(struct arena *a, struct buf *out, const char *key, int64_t duration_s)
{
    struct str secret = random_text(a, SECRET_CHARS, ALPHABET_SECRET);

    buf_addf(out, "\"%s\":{\"secret\":\"%.*s\",\"duration\":%" PRId64 "},", key, STR_ARG(secret),
             duration_s);
}

struct str boot_auth_options(struct arena *a, const struct boot_col *col)
{
    struct buf out;

    buf_init(&out, OPTIONS_MAX);
    BUF_ADD(&out, "{\"authRule\":\"\",\"manageRule\":null,\"authAlert\":{\"enabled\":true,");
    add_mail(&out, "emailTemplate", &alert_mail);
    buf_addf(&out, "},\"oauth2\":{\"providers\":[],\"mappedFields\":%s,\"enabled\":false},",
             col->mapped_fields);
    BUF_ADD(&out, "\"passwordAuth\":{\"enabled\":true,\"identityFields\":[\"email\"]},"
                  "\"mfa\":{\"enabled\":false,\"duration\":600,\"rule\":\"\"},"
                  "\"otp\":{\"enabled\":false,\"duration\":180,\"length\":8,");
    add_mail(&out, "emailTemplate", &otp_mail);
    BUF_ADD(&out, "},");
    add_token(a, &out, "authToken", col->auth_duration_s);
    add_token(a, &out, "passwordResetToken", 1800);
    add_token(a, &out, "emailChangeToken", 1800);
    add_token(a, &out, "verificationToken", 86400);
    add_token(a, &out, "fileToken", 180);
    add_mail(&out, "verificationTemplate", &verification_mail);
    BUF_ADD(&out, ",");
    add_mail(&out, "resetPasswordTemplate", &reset_mail);
    BUF_ADD(&out, ",");
    add_mail(&out, "confirmEmailChangeTemplate", &email_change_mail);
    BUF_ADD(&out, "}");
    return buf_take(a, &out);
}
