/*
 * Addresses that have a list of their own, beside the profile.
 */
#include "oauth/internal.h"

#include "base/format.h"

/* A list that may not be read, since the user or the app has not been asked for it, is an empty
 * one: *ret is NULL. */
static struct err *fetch_list(struct oauth_work *work, struct str url, const char *path,
                              const struct json **ret)
{
    struct net_answer answer;
    const struct json *list;
    struct err *err;

    *ret = NULL;
    err = oauth_ask_as_user(work, url, &answer);
    if (err)
        return err;
    if (answer.head.status == 401 || answer.head.status == 403 || answer.head.status == 404)
        return NULL;
    if (answer.head.status >= 400)
        return oauth_refuse(work->a, url, "the addresses are refused");
    if (!json_read(work->a, answer.body, &json_limits_strict, &list, NULL) ||
        (path && !oauth_look(list, path, &list)) || (list && list->type != JSON_LIST))
        return oauth_refuse(work->a, url, "the addresses cannot be read");
    *ret = list;
    return NULL;
}

static bool has_true(const struct json *object, const char *path)
{
    const struct json *value;

    return oauth_look(object, path, &value) && value && value->type == JSON_BOOL && value->truth;
}

struct err *oauth_fetch_mailbox(struct oauth_work *work, struct str url,
                                const struct oauth_mailboxes *mailboxes, struct str *ret_email)
{
    const struct json *list;
    struct err *err;

    err = fetch_list(work, url, mailboxes->list, &list);
    if (err && mailboxes->optional)
        return NULL;
    for (uint32_t i = 0; !err && list && i < list->n; i++) {
        const struct json *box = &list->items[i];
        struct str email;

        if (has_true(box, mailboxes->primary) && has_true(box, mailboxes->verified) &&
            oauth_look_text(box, "email", &email)) {
            *ret_email = email;
            break;
        }
    }
    return err;
}

/* --- gitee: states and scopes, not truths ----------------------------------------------------- */

static bool is_primary(const struct json *box)
{
    const struct json *scope;
    struct str state;

    if (!oauth_look_text(box, "state", &state) || !str_eq(state, STR("confirmed")) ||
        !oauth_look(box, "scope", &scope) || !scope || scope->type != JSON_LIST)
        return false;
    for (uint32_t i = 0; i < scope->n; i++)
        if (scope->items[i].type == JSON_TEXT && str_eq(scope->items[i].text, STR("primary")))
            return true;
    return false;
}

/* The list is beside the profile: ".../user" and ".../emails". */
struct err *oauth_finish_gitee(struct oauth_work *work, const struct json *profile,
                               struct oauth_user *user)
{
    struct str url = work->o->userinfo_url;
    const struct json *list;
    struct err *err;

    (void)profile;
    if (email_valid(user->email))
        return NULL;
    user->email = STR("");
    url = str_sub(url, 0, str_find_last_byte(url, '/'));
    url = arena_concat(work->a, url, STR("/emails"), STR_NONE);
    err = fetch_list(work, url, NULL, &list);
    for (uint32_t i = 0; !err && list && i < list->n; i++)
        if (is_primary(&list->items[i])) {
            if (!oauth_look_text(&list->items[i], "email", &user->email))
                return oauth_refuse(work->a, url, "the addresses cannot be read");
            break;
        }
    return err;
}
