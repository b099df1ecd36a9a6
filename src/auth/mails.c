/*
 * The words of mails (auth.md 15): a template of the collection, its placeholders filled in one
 * pass, so that nothing in a value is taken for a placeholder.
 */
#include "auth/mails.h"

#include "base/date.h"
#include "base/limits.h"

#define NAME_MAX_BYTES 300 /* of a placeholder; of a field's name it is less */

/* --- placeholders ----------------------------------------------------------------------------- */

static struct str escape_html(struct arena *a, struct str text)
{
    static const struct {
        char byte;
        const char *entity;
    } escapes[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'\'', "&#39;"}, {'"', "&#34;"}};
    AUTO_BUF struct buf out;

    buf_init(&out, LIMIT_MAIL_FILLED_BYTES);
    for (size_t i = 0; i < text.n; i++) {
        size_t k = 0;

        while (k < COUNT_OF(escapes) && escapes[k].byte != text.p[i])
            k++;
        if (k < COUNT_OF(escapes))
            buf_add(&out, str_of(escapes[k].entity));
        else
            buf_add_byte(&out, text.p[i]);
    }
    return arena_dup(a, buf_str(&out));
}

/* Numbers, truths and dates as they are; lists have no text. */
static struct str field_text(struct arena *a, const struct rec *rec,
                             const struct schema_field *field)
{
    const enum field_kind kind = field->type->kind;
    struct str text;

    if (field->type->value == VALUE_LIST && rec_value(a, rec, field).type == VALUE_LIST)
        return STR("");
    text = rec_text(a, rec, field);
    if (kind == FIELD_AUTODATE || kind == FIELD_DATE || kind == FIELD_BOOL || kind == FIELD_NUMBER)
        return text;
    return escape_html(a, text);
}

/* What stands for {name}. False: nothing does. */
static bool value_of(struct arena *a, const struct settings *settings, const struct auth_mail *mail,
                     struct str name, struct str *ret)
{
    const struct {
        struct str name, value;
    } known[] = {
        {STR("APP_NAME"), settings->meta.app_name},
        {STR("APP_URL"), settings->meta.app_url},
        {STR("TOKEN"), mail->token},
        {STR("OTP"), mail->otp},
        {STR("OTP_ID"), mail->otp_id},
        {STR("ALERT_INFO"), mail->alert_info},
    };
    const struct schema_field *field;

    for (size_t i = 0; i < COUNT_OF(known); i++) {
        *ret = known[i].value;
        if (str_eq(name, known[i].name))
            return i < 2 || ret->p;
    }
    field =
        str_starts(name, STR("RECORD:")) ? schema_field(mail->rec->col, str_from(name, 7)) : NULL;
    if (!field || field->hidden)
        return false;
    *ret = field_text(a, mail->rec, field);
    return true;
}

static void fill(struct arena *a, const struct settings *settings, const struct auth_mail *mail,
                 struct str template, struct buf *out)
{
    struct str rest = template;

    while (rest.n > 0) {
        size_t open = str_find_byte(rest, '{'), end;
        struct str value;
        bool found;

        buf_add(out, str_sub(rest, 0, open));
        rest = str_from(rest, open);
        end = str_find_byte(str_sub(rest, 0, NAME_MAX_BYTES), '}');
        found = end > 0 && end < rest.n && rest.p[end] == '}' &&
                value_of(a, settings, mail, str_sub(rest, 1, end - 1), &value);
        buf_add(out, found ? value : str_sub(rest, 0, 1));
        rest = str_from(rest, found ? end + 1 : 1);
    }
}

/* --- the page --------------------------------------------------------------------------------- */

#define PAGE_HEAD                                                                              \
    "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" "                              \
    "\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">\n"                                 \
    "<html xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"                                  \
    "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=UTF-8\"/>\n"               \
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1.0\"/>\n<style>\n"   \
    "body { margin: 0; padding: 16px; font: 16px/1.5 sans-serif; color: #16161a; background: " \
    "#fff; }\n"                                                                                \
    "p { margin: 10px 0; }\n"                                                                  \
    ".btn { display: inline-block; padding: 0 20px; min-width: 120px; line-height: 40px; "     \
    "text-align: center; text-decoration: none; font-weight: bold; color: #fff !important; "   \
    "background: #16161a; border-radius: 6px; }\n"                                             \
    "</style>\n</head>\n<body>\n"
#define PAGE_END "\n</body>\n</html>\n"

const struct mail_message *auth_mail_write(struct arena *a, const struct settings *settings,
                                           const struct auth_mail *mail)
{
    const struct schema_mail *words = &mail->rec->col->auth->mails[mail->kind];
    struct mail_message *message = ARENA_NEW(a, struct mail_message);
    struct mail_address *to = ARENA_NEW(a, struct mail_address);
    AUTO_BUF struct buf subject, html;

    buf_init(&subject, LIMIT_MAIL_FILLED_BYTES);
    buf_init(&html, LIMIT_MAIL_FILLED_BYTES);
    to->address = mail->to.n > 0 ? mail->to : auth_cell(mail->rec, mail->rec->col->auth->email);
    fill(a, settings, mail, words->subject, &subject);
    BUF_ADD(&html, PAGE_HEAD);
    fill(a, settings, mail, words->body, &html);
    BUF_ADD(&html, PAGE_END);
    message->from =
        (struct mail_address){settings->meta.sender_name, settings->meta.sender_address};
    message->to = to;
    message->n_to = 1;
    message->subject = arena_dup(a, buf_str(&subject));
    message->html = arena_dup(a, buf_str(&html));
    return message;
}

struct str auth_alert_info(struct arena *a, int64_t now_ms, struct str ip, struct str agent)
{
    char date[DATE_TEXT_LEN + 1];

    date_format(date, now_ms);
    return escape_html(a, arena_printf(a, "%s - %.*s %.*s", date, STR_ARG(ip), STR_ARG(agent)));
}
