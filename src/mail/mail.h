/*
 * mail/mail: messages to people, through a mail server or the system's sendmail.
 *
 *   struct mail_address to = {.address = STR("ada@example.com")};
 *   struct mail_message message = {
 *       .from = {settings->meta.sender_name, settings->meta.sender_address},
 *       .to = &to, .n_to = 1, .subject = STR("Hello"), .html = STR("<p>Hello, Ada</p>")};
 *
 *   err = mail_send(a, net, settings, &message, 15000, NULL);
 *
 * What goes out is MIME of 7 bits (message.c): a text part and an HTML part. No text can add a
 * header. Of names and subjects, control characters are left out (a tab becomes a blank), as the
 * line ends of PocketBase's are; what is no UTF-8 becomes U+FFFD. An address is sent as it is or
 * not at all.
 */
#ifndef REEVE_MAIL_MAIL_H
#define REEVE_MAIL_MAIL_H

#include "net/net.h"
#include "settings/settings.h"

struct mail_address {
    struct str name; /* may be empty; LIMIT_MAIL_HEADER_BYTES of it count */
    struct str address;
};

struct mail_message {
    struct mail_address from;
    const struct mail_address *to; /* one at least, LIMIT_MAIL_RECIPIENTS at most */
    size_t n_to;
    struct str subject; /* LIMIT_MAIL_HEADER_BYTES of it count */
    struct str html;    /* empty: a message of text alone */
    struct str text;    /* empty: mail_plain() of html */
    struct str id;      /* Message-ID without its brackets; empty: 15 random characters, "@" and the
                         * domain of from */
};

/*
 * Sends the message and waits, at most limit_ms (above 0) over all; on any thread that may wait, in
 * a process that ignores SIGPIPE. By settings->smtp where it is enabled, else by sendmail. Where
 * the environment has SSL_CERT_FILE, its certificates are trusted instead of the system's file, as
 * PocketBase does.
 *
 * Errors; their causes say what failed and have the server's words, never the password:
 *   E_BAD_REQUEST  refused for good: an address that is none, an answer of 5xx, a login that
 *                  failed, no TLS for a password, a message of more than LIMIT_MAIL_BYTES, no
 *                  sendmail, or one that has failed
 *   E_UNAVAILABLE  may work later: no connection, a certificate that is not valid, an answer of
 *                  4xx, out of time, no memory, net_stop() of all
 *   E_GONE         *gone, which is looked at about once a second; NULL is fine
 */
MUST_CHECK struct err *mail_send(struct arena *a, struct net *net, const struct settings *settings,
                                 const struct mail_message *message, unsigned limit_ms,
                                 const atomic_bool *gone);

/*
 * The text of an HTML document, roughly as PocketBase derives it: tags dropped, what only a browser
 * shows left out (script, style, forms, buttons ...), blanks folded, blocks on lines of their own,
 * "- " before items of lists, links as "[text](URL)", entities decoded. Any bytes will do; in
 * linear time, and never much longer than html.
 */
struct str mail_plain(struct arena *a, struct str html);

#endif
