/*
 * The words of mails (auth.md 15): a template of the collection, its placeholders filled in one
 * pass, so that nothing in a value is taken for a placeholder.
 */
#include "auth/mails.h"

#include "base/date.h"
#include "base/limits.h"

#define NAME_MAX_BYTES 300 /* of a placeholder; of a field's name it is less */

/* --- placeholders ----------------------------------------------------------------------------- */

static void add_escaped(struct buf *out, struct str text)
{
    static const struct {
        char byte;
        const char *entity;
    } escapes[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'\'', "&#39;"}, {'"', "&#34;"}};

    for (size_t i = 0; i < text.n && !out->full; i++) {
        size_t k = 0;

        while (k < COUNT_OF(escapes) && escapes[k].byte != text.p[i])
            k++;
        if (k < COUNT_OF(escapes))
            buf_add(out, str_of(escapes[k].entity));
        else
            buf_add_byte(out, text.p[i]);
    }
}

/* Numbers, truths and dates as they are; lists have no text. */
static void add_field(const struct rec *rec, const struct schema_field *field, struct buf *out)
{
    const enum field_kind kind = field->type->kind;
    AUTO(arena_free) struct arena *scratch = arena_new();

    if (field->type->value == VALUE_LIST && rec_value(scratch, rec, field).type == VALUE_LIST)
        return;
    if (kind == FIELD_AUTODATE || kind == FIELD_DATE || kind == FIELD_BOOL || kind == FIELD_NUMBER)
        buf_add(out, rec_text(scratch, rec, field));
    else
        add_escaped(out, rec_text(scratch, rec, field));
}

/* Adds what stands for {name}. False: nothing does. */
static bool add_value(const struct settings *settings, const struct auth_mail *mail,
                      struct str name, struct buf *out)
{
    const struct {
        struct str name, value;
        bool is_always;
    } known[] = {
        {STR("APP_NAME"), settings->meta.app_name, true},
        {STR("APP_URL"), settings->meta.app_url, true},
        {STR("TOKEN"), mail->token, false},
        {STR("OTP"), mail->otp, false},
        {STR("OTP_ID"), mail->otp_id, false},
        {STR("ALERT_INFO"), mail->alert_info, false},
    };
    const struct schema_field *field = NULL;

    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (!str_eq(name, known[i].name))
            continue;
        buf_add(out, known[i].value);
        return known[i].is_always || known[i].value.p;
    }
    if (str_starts(name, STR("RECORD:")))
        field = schema_field(mail->rec->col, str_from(name, 7));
    if (!field || field->hidden)
        return false;
    add_field(mail->rec, field, out);
    return true;
}

static void fill(const struct settings *settings, const struct auth_mail *mail, struct str template,
                 struct buf *out)
{
    struct str rest = template;

    while (rest.n > 0 && !out->full) {
        size_t open = str_find_byte(rest, '{'), end;
        bool found;

        buf_add(out, str_sub(rest, 0, open));
        rest = str_from(rest, open);
        end = str_find_byte(str_sub(rest, 0, NAME_MAX_BYTES), '}');
        found = end > 0 && end < rest.n && rest.p[end] == '}' &&
                add_value(settings, mail, str_sub(rest, 1, end - 1), out);
        if (!found)
            buf_add(out, str_sub(rest, 0, 1));
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

struct err *auth_mail_write(struct arena *a, const struct settings *settings,
                            const struct auth_mail *mail, const struct mail_message **ret)
{
    const struct schema_mail *words = &mail->rec->col->auth->mails[mail->kind];
    struct mail_message *message = ARENA_NEW(a, struct mail_message);
    struct mail_address *to = ARENA_NEW(a, struct mail_address);
    AUTO_BUF struct buf subject, html;

    buf_init(&subject, LIMIT_MAIL_FILLED_BYTES);
    buf_init(&html, LIMIT_MAIL_FILLED_BYTES);
    to->address = mail->to.n > 0 ? mail->to : auth_cell(mail->rec, mail->rec->col->auth->email);
    fill(settings, mail, words->subject, &subject);
    BUF_ADD(&html, PAGE_HEAD);
    fill(settings, mail, words->body, &html);
    BUF_ADD(&html, PAGE_END);
    if (subject.full || html.full)
        return err_new(a, E_BAD_REQUEST, NULL, "the mail has more than %llu bytes",
                       (unsigned long long)LIMIT_MAIL_FILLED_BYTES);
    message->from =
        (struct mail_address){settings->meta.sender_name, settings->meta.sender_address};
    message->to = to;
    message->n_to = 1;
    message->subject = arena_dup(a, buf_str(&subject));
    message->html = arena_dup(a, buf_str(&html));
    *ret = message;
    return NULL;
}

struct str auth_alert_info(struct arena *a, int64_t now_ms, struct str ip, struct str agent)
{
    char date[DATE_TEXT_LEN + 1];
    AUTO_BUF struct buf out;

    buf_init(&out, LIMIT_MAIL_FILLED_BYTES);
    date_format(date, now_ms);
    buf_addf(&out, "%s - %.*s ", date, STR_ARG(ip));
    add_escaped(&out, agent);
    return arena_dup(a, buf_str(&out));
}
