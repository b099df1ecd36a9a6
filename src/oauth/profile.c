/*
 * Profiles, read as a provider's row says.
 *
 * A part that is missing, or null, is not known; a part of another kind than the row expects makes
 * the profile one that we do not understand, and nobody is signed in by it.
 */
#include "oauth/internal.h"

#include "base/compiler.h"
#include "base/date.h"
#include "base/num.h"

#include <string.h>

/* --- what a row says -------------------------------------------------------------------------- */

/* Zero is nobody's number: it is what an absent one may be written as. */
static bool read_id(struct arena *a, const struct oauth_provider *provider,
                    const struct json *profile, struct str *ret)
{
    const struct json *value;
    int64_t number;

    *ret = STR("");
    if (!provider->id_is_number)
        return oauth_look_text(profile, provider->id, ret) && ret->n <= LIMIT_OAUTH_ID_BYTES;
    if (!oauth_look(profile, provider->id, &value))
        return false;
    if (!value)
        return true;
    if (value->type != JSON_NUMBER || !num_parse_i64(value->text, &number))
        return false;
    if (number)
        *ret = arena_printf(a, "%lld", (long long)number);
    return true;
}

static bool read_name(struct arena *a, const char *paths, const struct json *profile,
                      struct str *ret)
{
    struct str rest = str_of(paths);
    struct str name = STR("");

    while (paths && rest.p) {
        struct str part;

        if (!oauth_look_text_at(profile, str_split(&rest, ' '), &part))
            return false;
        name = name.n && part.n ? arena_concat(a, name, STR(" "), part) : part.n ? part : name;
    }
    *ret = name;
    return true;
}

/* 0001-01-01T00:00:00Z: how some write a time that was never set. */
#define NEVER_MS INT64_C(-62135596800000)

/* RFC 3339 and nothing looser: "2006-01-02T15:04:05Z", a fraction, a zone. */
static bool is_instant(struct str s)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd";
    struct str zone = str_from(s, sizeof(form) - 1);
    int64_t ms;

    for (size_t i = 0; i < sizeof(form) - 1; i++)
        if (i >= s.n || (form[i] == 'd' ? s.p[i] < '0' || s.p[i] > '9' : s.p[i] != form[i]))
            return false;
    if (zone.n && zone.p[0] == '.')
        for (zone = str_from(zone, 1); zone.n && zone.p[0] >= '0' && zone.p[0] <= '9';)
            zone = str_from(zone, 1);
    if (!(str_eq(zone, STR("Z")) ||
          (zone.n == 6 && (zone.p[0] == '+' || zone.p[0] == '-') && zone.p[3] == ':')))
        return false;
    return date_parse_loose(s, &ms) && ms != NEVER_MS;
}

static bool read_proof(const struct oauth_provider *provider, const struct json *profile,
                       bool *ret_proven)
{
    *ret_proven = true;
    for (size_t i = 0; i < COUNT_OF(provider->proofs) && provider->proofs[i]; i++) {
        const struct json *value;

        if (!oauth_look(profile, provider->proofs[i], &value))
            return false;
        switch (provider->proof) {
        case OAUTH_PROOF_NONE:
            break;
        case OAUTH_PROOF_TRUE:
            if (value && value->type != JSON_BOOL)
                return false;
            *ret_proven = *ret_proven && value && value->truth;
            break;
        case OAUTH_PROOF_LOOSE:
            *ret_proven = *ret_proven && oauth_is_true(value);
            break;
        case OAUTH_PROOF_TIME:
            *ret_proven = value && value->type == JSON_TEXT && is_instant(value->text);
            break;
        }
    }
    return true;
}

static bool is_active(const struct oauth_provider *provider, const struct json *profile)
{
    const struct json *value;
    int64_t number;

    if (!provider->active)
        return true;
    if (!oauth_look(profile, provider->active, &value) || !value)
        return false;
    if (provider->active_text)
        return value->type == JSON_TEXT && str_eq(value->text, str_of(provider->active_text));
    if (provider->active_is_one)
        return value->type == JSON_NUMBER && num_parse_i64(value->text, &number) && number == 1;
    return value->type == JSON_BOOL && value->truth;
}

static bool read_avatar(const struct oauth_provider *provider, const struct json *profile,
                        struct str *ret)
{
    const struct json *shown;

    if (!oauth_look_text(profile, provider->avatar, ret) ||
        !oauth_look(profile, provider->avatar_if, &shown))
        return false;
    if (provider->avatar_if && !(shown && shown->type == JSON_BOOL && shown->truth))
        *ret = STR("");
    return true;
}

/* NULL, or what is wrong with the profile. */
static const char *read_row(struct arena *a, const struct oauth_provider *provider,
                            const struct json *profile, struct oauth_user *user)
{
    bool proven;

    if (profile->type != JSON_OBJECT)
        return "the profile is no object";
    if (!read_id(a, provider, profile, &user->id))
        return "the id in the profile is of an unknown form";
    if (!read_name(a, provider->full_name, profile, &user->name) ||
        !oauth_look_text(profile, provider->username, &user->username) ||
        !read_avatar(provider, profile, &user->avatar_url) ||
        !oauth_look_text(profile, provider->email, &user->email) ||
        !read_proof(provider, profile, &proven))
        return "a part of the profile is of an unknown form";
    if (!is_active(provider, profile))
        return "the account is not active";
    if (!proven)
        user->email = STR("");
    user->raw = profile;
    return NULL;
}

/* --- where it comes from ---------------------------------------------------------------------- */

static struct err *read_page(struct oauth_work *work, const struct json **ret)
{
    struct str url = work->o->userinfo_url;
    struct net_answer answer;
    struct err *err;

    err = oauth_ask_as_user(work, url, &answer);
    if (err)
        return err;
    if (answer.head.status >= 400)
        return oauth_refuse(work->a, url, "the profile is refused");
    if (!json_read(work->a, answer.body, &oauth_limits_strict, ret, NULL))
        return oauth_refuse(work->a, url, "the profile cannot be read");
    return NULL;
}

static struct err *read_claims(struct oauth_work *work, const struct json **ret)
{
    const struct oauth *o = work->o;
    const struct json *token = json_get(work->token, STR("id_token"));
    struct json *issuer = ARENA_NEW(work->a, struct json);
    struct oauth_id_check check = {
        .audience = o->client_id,
        .issuers = json_get(o->extra, STR("issuers")),
        .keys_url = o->keys_url,
        .needs_expiry = o->provider->issuer.n > 0,
    };

    if (!token || token->type != JSON_TEXT)
        return oauth_refuse(work->a, o->token_url, "neither a profile's URL nor an ID token");
    *issuer = json_of_text(o->provider->issuer);
    if (o->provider->issuer.n)
        check.issuers = issuer;
    return oauth_read_id_token(work, token->text, &check, ret);
}

struct err *oauth_fetch_profile(struct oauth_work *work, struct oauth_user *ret)
{
    const struct oauth_provider *provider = work->o->provider;
    bool by_token = provider->issuer.n || (provider->by_claims && work->o->userinfo_url.n == 0);
    struct str origin = by_token ? work->o->token_url : work->o->userinfo_url;
    struct oauth_user user = {0};
    const struct json *profile;
    const char *why;
    struct err *err;

    err = by_token ? read_claims(work, &profile) : read_page(work, &profile);
    if (err)
        return err;
    why = read_row(work->a, provider, profile, &user);
    if (why)
        return oauth_refuse(work->a, origin, why);
    /* of a list that is empty there is no profile */
    work->is_nobody = user.id.n == 0 && !strchr(provider->id, '[');
    if (user.id.n == 0)
        return oauth_refuse(work->a, origin, "nobody's profile: it has no id");
    if (provider->mailboxes)
        err = oauth_fetch_mailbox(
            work, arena_concat(work->a, work->o->userinfo_url, STR("/emails"), STR_NONE),
            provider->mailboxes, &user.email);
    if (!err && provider->finish)
        err = provider->finish(work, profile, &user);
    if (!err)
        *ret = user;
    return err;
}
