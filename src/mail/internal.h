/*
 * mail/internal: shared inside mail/, and by its tests.
 */
#ifndef REEVE_MAIL_INTERNAL_H
#define REEVE_MAIL_INTERNAL_H

#include "base/buf.h"
#include "mail/mail.h"

/* --- message.c ------------------------------------------------------------------------------- */

/* NULL, or what is wrong with an address, for a cause. One that is fine is valid UTF-8 of the form
 * x@y without blanks, brackets, quotes and control characters. */
const char *mail_address_fault(struct str address);
/* Writes the message, lines ending in CRLF and none longer than 998 bytes; now_ms: of the clock. */
MUST_CHECK struct err *mail_message_write(struct arena *a, const struct mail_message *message,
                                          int64_t now_ms, struct buf *out);

/* --- words.c: texts in headers, and bodies, as ASCII (RFC 2045, 2047) ------------------------ */

/* They go on with the line that out ends in, and fold it where it gets long. */
void mail_write_words(struct buf *out, struct str text);
void mail_write_address(struct buf *out, const struct mail_address *address);
/* Quoted-printable; lines end in CRLF however they ended before. */
void mail_write_quoted(struct buf *out, struct str text);

/* --- entity.c -------------------------------------------------------------------------------- */

/* What an entity at the start of s ("&amp;...") stands for: its code point and its length in bytes.
 * False: it is none. */
bool mail_entity(struct str s, uint32_t *ret_code, size_t *ret_n);

/* --- the ways -------------------------------------------------------------------------------- */

MUST_CHECK struct err *mail_by_smtp(struct arena *a, struct net *net,
                                    const struct settings *settings,
                                    const struct mail_message *message, struct str bytes,
                                    unsigned limit_ms, const atomic_bool *gone);

/* The first that can be executed: /usr/sbin/sendmail, /usr/bin/sendmail, then in the folders of
 * `path`, a list with ':'; empty: none. */
struct str mail_sendmail_find(struct arena *a, struct str path);
/* Runs `program -i -t` and gives it the message; at the limit it is killed with what it started. */
MUST_CHECK struct err *mail_by_sendmail(struct arena *a, struct str program, struct str bytes,
                                        unsigned limit_ms, const atomic_bool *gone);

#endif
