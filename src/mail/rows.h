/*
 * mail/rows: what the outbox does to its table. All are for inside a unit.
 */
#ifndef REEVE_MAIL_ROWS_H
#define REEVE_MAIL_ROWS_H

#include "mail/outbox.h"

/* A row that was claimed. */
struct mail_claim {
    bool found;
    struct outbox_mail mail;
    struct db_value key; /* the row's, as it is stored: another program may have written it */
    int64_t tries;       /* this one included */
    int64_t next_due_ms; /* of the rows that are left; INT64_MAX: there is none */
};

MUST_CHECK struct err *mail_row_add(struct arena *a, struct db_conn *tx,
                                    const struct outbox_mail *mail);
/* The next row whose time has come, or is so far off that it cannot be meant (the clock was wrong),
 * which is the caller's until now + claim_ms; those that were only kept, and have been long enough,
 * go. */
MUST_CHECK struct err *mail_row_claim(struct arena *a, struct db_conn *tx, int64_t now_ms,
                                      int64_t claim_ms, struct mail_claim *ret);
/* Its time comes again then. refund: the last try does not count. */
MUST_CHECK struct err *mail_row_delay(struct arena *a, struct db_conn *tx, struct db_value key,
                                      int64_t due_ms, bool refund);
/* It has been sent, or is given up. It is kept for as long as it says. */
MUST_CHECK struct err *mail_row_close(struct arena *a, struct db_conn *tx,
                                      const struct mail_claim *claim);

#endif
