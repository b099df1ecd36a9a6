/*
 * A code becomes a token (RFC 6749, 4.1.3). Which of the two ways a provider wants to hear the
 * client's secret is not known before: the header first, which the standard demands of all, then
 * the body. Which one it was is not remembered: a client's secret may change, and a refused code
 * costs its user one more round.
 */
#include "oauth/internal.h"

#include "base/compiler.h"
#include "base/crypto.h"
#include "base/num.h"

/* The client id and secret as the header has them: escaped, then joined, so that neither may break
 * the other. */
static struct str basic(struct arena *a, const struct oauth *o)
{
    AUTO_BUF struct buf pair;

    buf_init(&pair, OAUTH_TOKEN_BYTES);
    oauth_add_escaped(&pair, o->client_id);
    buf_add_byte(&pair, ':');
    oauth_add_escaped(&pair, o->client_secret);
    return arena_concat(a, STR("Basic "), base64_encode(a, buf_str(&pair)), STR_NONE);
}

static struct str body(struct oauth_work *work, bool with_secret)
{
    const struct oauth_call *call = work->call;
    AUTO_BUF struct buf out;

    buf_init(&out, OAUTH_TOKEN_BYTES);
    if (with_secret) {
        oauth_add_pair(&out, "client_id", work->o->client_id);
        oauth_add_pair(&out, "client_secret", work->o->client_secret);
    }
    oauth_add_pair(&out, "code", call->code);
    if (work->o->pkce)
        oauth_add_pair(&out, "code_verifier", call->verifier);
    oauth_add_pair(&out, "grant_type", STR("authorization_code"));
    if (call->redirect_url.n)
        oauth_add_pair(&out, "redirect_uri", call->redirect_url);
    return arena_dup(work->a, buf_str(&out));
}

/* --- the answer ------------------------------------------------------------------------------- */

static bool is_form(const struct net_head *head)
{
    struct str type = net_header(head, STR("content-type"));

    type = str_trim_space(str_sub(type, 0, str_find_byte(type, ';')));
    return str_eq_nocase(type, STR("application/x-www-form-urlencoded")) ||
           str_eq_nocase(type, STR("text/plain"));
}

static bool text_of(const struct json *token, struct str name, struct str *ret)
{
    const struct json *value = json_get_nocase(token, name);

    *ret = STR("");
    if (!value || value->type == JSON_NULL)
        return true;
    if (value->type != JSON_TEXT || value->text.n > OAUTH_TOKEN_BYTES / 2)
        return false;
    *ret = value->text;
    return true;
}

/* Seconds, a number or the text of one; a form's that is none tells nothing. */
static bool read_expiry(struct oauth_work *work, bool form)
{
    const struct json *value = json_get_nocase(work->token, STR("expires_in"));
    int64_t seconds;

    if (!value || value->type == JSON_NULL)
        return true;
    if (value->type != JSON_NUMBER && value->type != JSON_TEXT)
        return false;
    if (!num_parse_i64(value->text, &seconds))
        return form;
    if (seconds > INT32_MAX)
        seconds = INT32_MAX;
    if (seconds < INT32_MIN)
        seconds = INT32_MIN;
    if (seconds)
        work->expiry_ms = work->call->now_ms + seconds * 1000;
    return true;
}

/* "bearer" in whatever case is sent as the standard spells it. */
static struct str spelt(struct str type)
{
    static const struct str known[] = {STR_INIT("Bearer"), STR_INIT("MAC"), STR_INIT("Basic")};

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (str_eq_nocase(type, known[i]))
            return known[i];
    return type.n ? type : known[0];
}

/* NULL, or what is wrong with the answer. */
static const char *read_answer(struct oauth_work *work, const struct net_answer *answer)
{
    bool form = is_form(&answer->head);
    struct str error, type;

    if (answer->head.status < 200 || answer->head.status > 299)
        return "the code or the client is refused";
    if (form ? !oauth_read_form(work->a, answer->body, &work->token)
             : !json_read(work->a, answer->body, &json_limits_stored, &work->token, NULL))
        return "the token's answer cannot be read";
    if (work->token->type != JSON_OBJECT)
        return "the token's answer is no object";
    if (!text_of(work->token, STR("error"), &error) ||
        !text_of(work->token, STR("token_type"), &type) ||
        !text_of(work->token, STR("refresh_token"), &work->refresh_token) ||
        !text_of(work->token, STR("access_token"), &work->access_token))
        return "a part of the token's answer is no text";
    if (error.n)
        return "the code or the client is refused, with a good status";
    if (work->access_token.n == 0)
        return "no access token in the answer";
    if (!read_expiry(work, form))
        return "the token's expiry is no whole number";
    work->token_type = spelt(type);
    return NULL;
}

/* --- asking for it ---------------------------------------------------------------------------- */

/* *ret_why: an answer came, and was not good; else it is NULL. */
static struct err *try(struct oauth_work *work, bool in_header, const char **ret_why)
{
    struct net_header headers[] = {
        {STR_INIT("User-Agent"), STR_INIT("Reeve/1")},
        {STR_INIT("Content-Type"), STR_INIT("application/x-www-form-urlencoded")},
        {STR_INIT("Authorization"), basic(work->a, work->o)},
    };
    struct net_request request = {
        .method = STR("POST"),
        .url = work->o->token_url,
        .headers = headers,
        .n_headers = in_header ? 3 : 2,
        .body = body(work, !in_header),
        .max_answer = OAUTH_TOKEN_BYTES,
    };
    struct net_answer answer;
    struct err *err;

    *ret_why = NULL;
    err = oauth_ask(work, &request, &answer);
    if (!err)
        *ret_why = read_answer(work, &answer);
    return err;
}

struct err *oauth_fetch_token(struct oauth_work *work)
{
    const char *why;
    struct err *err;

    err = try(work, true, &why);
    if (!err && why)
        err = try(work, false, &why);
    if (!err && why)
        err = oauth_refuse(work->a, work->o->token_url, why);
    return err;
}
