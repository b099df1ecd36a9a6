#include "mail/internal.h"

#include "base/date.h"
#include "base/id.h"
#include "base/limits.h"

#define BOUNDARY_LEN 40 /* random: no body has it */

/* --- addresses ------------------------------------------------------------------------------- */

/* Characters that some part of the way would take for its own. */
static bool is_address_code(uint32_t code)
{
    if (code <= ' ' || (code >= 127 && code <= 160) || code == 0x2028 || code == 0x2029)
        return false;
    return code > 127 || str_find_byte(STR("\"(),:;<>[\\]@"), (char)code) == 12;
}

static bool is_address_text(struct str text)
{
    while (text.n > 0) {
        uint32_t code;
        size_t n = utf8_decode(text, &code);

        if (n == 0 || !is_address_code(code))
            return false;
        text = str_from(text, n);
    }
    return true;
}

const char *mail_address_fault(struct str address)
{
    size_t at = str_find_last_byte(address, '@');

    if (address.n == 0)
        return "is empty";
    if (address.n > LIMIT_MAIL_ADDRESS_BYTES)
        return "is too long";
    if (at == 0 || at + 1 >= address.n)
        return "is no mail address";
    if (!is_address_text(str_sub(address, 0, at)) || !is_address_text(str_from(address, at + 1)))
        return "has characters that no mail address has";
    return NULL;
}

static struct err *check_address(struct arena *a, const char *whose, struct str address)
{
    const char *fault = mail_address_fault(address);

    return fault ? err_new(a, E_BAD_REQUEST, NULL, "mail: %s address %s", whose, fault) : NULL;
}

static struct err *check(struct arena *a, const struct mail_message *message)
{
    struct err *err = check_address(a, "the sender's", message->from.address);

    if (!err && (message->n_to < 1 || message->n_to > LIMIT_MAIL_RECIPIENTS))
        err = err_new(a, E_BAD_REQUEST, NULL, "mail: it has %zu recipients; at least 1, at most %d",
                      message->n_to, LIMIT_MAIL_RECIPIENTS);
    for (size_t i = 0; !err && i < message->n_to; i++)
        err = check_address(a, "a recipient's", message->to[i].address);
    if (!err && message->id.n > 0 && mail_address_fault(message->id))
        err = err_new(a, E_BAD_REQUEST, NULL, "mail: the Message-ID %s",
                      mail_address_fault(message->id));
    return err;
}

/* --- headers --------------------------------------------------------------------------------- */

static void write_recipients(struct buf *out, const struct mail_message *message)
{
    BUF_ADD(out, "To: ");
    for (size_t i = 0; i < message->n_to; i++) {
        if (i > 0)
            BUF_ADD(out, ",\r\n ");
        mail_write_address(out, &message->to[i]);
    }
    BUF_ADD(out, "\r\n");
}

static void write_date(struct buf *out, int64_t now_ms)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct date_parts now = date_split(now_ms);

    buf_addf(out, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n", days[now.weekday], now.day,
             months[now.month - 1], now.year, now.hour, now.minute, now.second);
}

static void write_id(struct arena *a, struct buf *out, const struct mail_message *message)
{
    struct str from = message->from.address;
    struct str id = message->id;

    if (id.n == 0)
        id = arena_concat(a, random_text(a, ID_LEN, ALPHABET_SECRET),
                          str_from(from, str_find_last_byte(from, '@')), STR_NONE);
    BUF_ADD(out, "Message-ID: <");
    buf_add(out, id);
    BUF_ADD(out, ">\r\n");
}

static void write_headers(struct arena *a, struct buf *out, const struct mail_message *message,
                          int64_t now_ms)
{
    BUF_ADD(out, "From: ");
    mail_write_address(out, &message->from);
    BUF_ADD(out, "\r\n");
    write_recipients(out, message);
    BUF_ADD(out, "Subject: ");
    mail_write_words(out, message->subject);
    BUF_ADD(out, "\r\n");
    write_date(out, now_ms);
    write_id(a, out, message);
    BUF_ADD(out, "MIME-Version: 1.0\r\n");
}

/* --- the body -------------------------------------------------------------------------------- */

static void write_part(struct buf *out, struct str boundary, const char *type, struct str text)
{
    buf_addf(out,
             "--%.*s\r\nContent-Type: %s; charset=UTF-8\r\n"
             "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
             STR_ARG(boundary), type);
    mail_write_quoted(out, text);
    BUF_ADD(out, "\r\n");
}

struct err *mail_message_write(struct arena *a, const struct mail_message *message, int64_t now_ms,
                               struct buf *out)
{
    struct str boundary = random_text(a, BOUNDARY_LEN, ALPHABET_SECRET);
    struct str text = message->text.n > 0 ? message->text : mail_plain(a, message->html);
    struct err *err = check(a, message);

    if (err)
        return err;
    write_headers(a, out, message, now_ms);
    buf_addf(out, "Content-Type: multipart/alternative;\r\n boundary=\"%.*s\"\r\n\r\n",
             STR_ARG(boundary));
    if (text.n > 0 || message->html.n == 0)
        write_part(out, boundary, "text/plain", text);
    if (message->html.n > 0)
        write_part(out, boundary, "text/html", message->html);
    buf_addf(out, "--%.*s--\r\n", STR_ARG(boundary));
    if (out->starved)
        return err_starved(a, "a mail");
    if (out->full)
        return err_new(a, E_BAD_REQUEST, NULL, "mail: it has more than %zu bytes", out->max);
    return NULL;
}
