/*
 * The sign-on providers by name (collections.md 15.3).
 */
#include "schema/providers.h"

#include "base/compiler.h"

const struct schema_provider schema_providers[] = {
    {"apple", "Apple"},
    {"google", "Google"},
    {"microsoft", "Microsoft"},
    {"yandex", "Yandex"},
    {"facebook", "Facebook"},
    {"instagram2", "Instagram"},
    {"github", "GitHub"},
    {"gitlab", "GitLab"},
    {"bitbucket", "Bitbucket"},
    {"gitee", "Gitee"},
    {"gitea", "Gitea/Forgejo"},
    {"discord", "Discord"},
    {"twitter", "X/Twitter"},
    {"kakao", "Kakao"},
    {"vk", "ВКонтакте"},
    {"linear", "Linear"},
    {"notion", "Notion"},
    {"monday", "monday.com"},
    {"lark", "Lark"},
    {"box", "Box"},
    {"spotify", "Spotify"},
    {"trakt", "Trakt"},
    {"twitch", "Twitch"},
    {"patreon", "Patreon"},
    {"strava", "Strava"},
    {"wakatime", "WakaTime"},
    {"livechat", "LiveChat"},
    {"mailcow", "mailcow"},
    {"planningcenter", "Planning Center"},
    {"oidc", "OIDC"},
    {"oidc2", "OIDC"},
    {"oidc3", "OIDC"},
};
const size_t schema_providers_n = COUNT_OF(schema_providers);

const struct schema_provider *schema_provider_find(struct str name)
{
    for (size_t i = 0; i < schema_providers_n; i++)
        if (str_eq(name, str_of(schema_providers[i].name)))
            return &schema_providers[i];
    return NULL;
}
