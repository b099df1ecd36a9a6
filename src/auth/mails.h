/*
 * auth/mails: the messages that auth records get.
 */
#ifndef REEVE_AUTH_MAILS_H
#define REEVE_AUTH_MAILS_H

#include "auth/internal.h"
#include "mail/mail.h"
#include "mail/outbox.h"
#include "settings/settings.h"

struct auth_mail {
    enum schema_mail_kind kind;
    const struct rec *rec;
    struct str to; /* empty: the record's address */
    /* what placeholders stand for; p NULL: they stay as they are */
    struct str token, otp, otp_id, alert_info;
};

/* Lives in `a`. E_BAD_REQUEST: it is over its limit. */
MUST_CHECK struct err *auth_mail_write(struct arena *a, const struct settings *settings,
                                       const struct auth_mail *mail,
                                       const struct mail_message **ret);
/* When and where from somebody has logged in, as HTML. */
struct str auth_alert_info(struct arena *a, int64_t now_ms, struct str ip, struct str agent);

/* --- posted.c: mails that wait in the outbox -------------------------------------------------- */

/* Row of a kind's mail, whose record may be NULL: nobody's (a blank). address: as it was asked for.
 * Its id, times and owner are set. */
struct outbox_mail auth_posted(struct arena *a, const struct schema_col *col, const struct rec *rec,
                               struct str address, enum schema_mail_kind kind, int64_t now_ms);

#endif
