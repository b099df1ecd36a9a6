/*
 * mail/outbox: mails that must not be lost.
 *
 * A mail is posted in the unit of work that causes it, as a row of the table `_reeve_mail`, which
 * is made when it is first needed. Threads of the outbox take the rows whose time has come, have
 * the message composed, send it, and try again later where that failed. What is given up is logged.
 * A row is claimed before it is sent, for longer than that takes: so several processes may serve
 * one database, and a mail whose sender has died is sent again, perhaps twice.
 *
 * Where an answer must not tell whether somebody is known, a blank is posted for who is not: it
 * costs the same, is sent to nobody, and goes by itself.
 */
#ifndef REEVE_MAIL_OUTBOX_H
#define REEVE_MAIL_OUTBOX_H

#include "base/arena.h"
#include "base/err.h"
#include "db/db.h"
#include "mail/mail.h"
#include "net/net.h"
#include "settings/settings.h"

#include <stdbool.h>
#include <stdint.h>

/* What a row says. */
struct outbox_mail {
    struct str id;                 /* ID_LEN characters: one that nobody has */
    struct str kind;               /* the composer's */
    struct str collection, record; /* whose it is; of a blank: whatever tells one from another */
    struct str data;               /* the composer's; may be empty */
    bool is_blank;
    int64_t created_ms;
    int64_t until_ms; /* no try begins after it but for the first */
    int64_t start_ms; /* what passes before the first try */
    int64_t keep_ms;  /* the row stays for so long at least, sent or not: outbox_count() finds it */
};

struct outbox;

struct outbox_conf {
    struct db *db;
    struct settings_store *settings;
    /* The message of a row, in `a`; *ret NULL: there is no reason for it any more. On a thread of
     * the outbox, outside of any transaction. */
    struct err *(*compose)(void *user, struct arena *a, const struct outbox_mail *mail,
                           const struct mail_message **ret);
    /* What else has to happen once a mail was sent (message is what was), or given up (NULL): in a
     * unit of its own among others, which may run twice. */
    struct err *(*settle)(void *user, struct db_conn *tx, struct arena *a,
                          const struct outbox_mail *mail, const struct mail_message *message,
                          int64_t now_ms);
    /* One of these was E_STALE, and is asked again after this. */
    struct err *(*follow)(void *user, struct arena *a);
    void (*thread_end)(void *user); /* closes what belongs to a thread of the outbox */
    void *user;
};

/* conf is copied. NULL: the system has no thread left. */
struct outbox *outbox_new(const struct outbox_conf *conf);
/* From here on nothing is sent, and what is under way ends: who waits for it gets E_GONE, a row is
 * sent at the next start. Does not wait; any thread. */
void outbox_stop(struct outbox *outbox);
/* Stops, and waits for its threads: from here on none of it uses the database, which may be closed.
 * Nobody sends any more; what the last commits post stays. NULL is fine. */
void outbox_finish(struct outbox *outbox);
/* Once there is no commit any more. NULL is fine. */
void outbox_free(struct outbox *outbox);

/* Inside a unit. In a grouped one it is E_OVER_BUDGET where the table has to be made: the lease
 * that follows has changes_schema. */
MUST_CHECK struct err *outbox_post(struct arena *a, struct db_conn *tx, struct outbox *outbox,
                                   const struct outbox_mail *mail);
/* Rows of that kind and owner that were made in the keep_ms before it, whether they are sent or
 * not; the newest one's id, or empty. In a snapshot or a unit. */
MUST_CHECK struct err *outbox_count(struct arena *a, struct db_conn *conn,
                                    const struct outbox_mail *like, int64_t *ret_n,
                                    struct str *ret_newest);
/* The owner (record) of a blank with that id, kind and collection that was made in the keep_ms
 * before; empty: there is none. In a snapshot or a unit. */
MUST_CHECK struct err *outbox_blank_owner(struct arena *a, struct db_conn *conn,
                                          const struct outbox_mail *like, struct str *ret);
/* Mails that are to be sent still, tried already or not. In a snapshot or a unit; it looks at all
 * rows, which are as few as mails of a day. */
MUST_CHECK struct err *outbox_waiting(struct arena *a, struct db_conn *conn, int64_t *ret);
/* Inside a unit: there is no row with that id, or of that kind and owner, any more. */
MUST_CHECK struct err *outbox_forget_one(struct arena *a, struct db_conn *tx, struct str id);
MUST_CHECK struct err *outbox_forget(struct arena *a, struct db_conn *tx,
                                     const struct outbox_mail *like);

/* Sends now and waits, for somebody who wants to know: mail_send() by the current settings. On a
 * thread that may wait. */
MUST_CHECK struct err *outbox_send(struct arena *a, struct outbox *outbox,
                                   const struct mail_message *message, unsigned limit_ms);

#endif
