/*
 * The sign-on providers (auth.md 9.1, 9.2), in the order in which clients show them. A new one is a
 * row here; what no row can say is a function above the table.
 */
#include "oauth/internal.h"

#include "base/compiler.h"

static const struct oauth_mailboxes plain_mailboxes = {NULL, "primary", "verified", false};
static const struct oauth_mailboxes bitbucket_mailboxes = {"values", "is_primary", "is_confirmed",
                                                           true};

/* --- what rows cannot say --------------------------------------------------------------------- */

/* Apple tells a name once, to the browser. */
static struct err *finish_apple(struct oauth_work *work, const struct json *profile,
                                struct oauth_user *user)
{
    (void)profile;
    if (user->name.n == 0)
        user->name = work->call->apple_name;
    return NULL;
}

static struct err *finish_yandex(struct oauth_work *work, const struct json *profile,
                                 struct oauth_user *user)
{
    const struct json *empty;

    if (!oauth_look(profile, "is_avatar_empty", &empty) || (empty && empty->type != JSON_BOOL))
        return oauth_refuse(work->a, work->o->userinfo_url, "a picture of an unknown form");
    if (user->avatar_url.n == 0 || (empty && empty->truth))
        user->avatar_url = STR("");
    else
        user->avatar_url = arena_concat(work->a, STR("https://avatars.yandex.net/get-yapic/"),
                                        user->avatar_url, STR("/islands-200"));
    return NULL;
}

/* What the user has allowed stands beside the token. */
static struct err *finish_instagram(struct oauth_work *work, const struct json *profile,
                                    struct oauth_user *user)
{
    const struct json *permissions = json_get(work->token, STR("permissions"));
    struct json_member *members;
    struct json *raw;
    size_t n = 0;

    if (!permissions)
        return NULL;
    members = ARENA_ARRAY(work->a, struct json_member, (size_t)profile->n + 1);
    for (uint32_t i = 0; i < profile->n; i++)
        if (!str_eq(profile->members[i].key, STR("permissions")))
            members[n++] = profile->members[i];
    members[n++] = (struct json_member){STR("permissions"), *permissions};
    raw = ARENA_NEW(work->a, struct json);
    *raw = json_of_object(members, n);
    user->raw = raw;
    return NULL;
}

/* Older accounts have no name but a tag: "ada#1234", or "ada" where the number is none. */
static struct err *finish_discord(struct oauth_work *work, const struct json *profile,
                                  struct oauth_user *user)
{
    struct str number;

    if (!oauth_look_text(profile, "discriminator", &number))
        return oauth_refuse(work->a, work->o->userinfo_url, "a tag of an unknown form");
    if (user->name.n == 0)
        user->name = number.n && !str_eq(number, STR("0"))
                         ? arena_concat(work->a, user->username, STR("#"), number)
                         : user->username;
    if (user->avatar_url.n)
        user->avatar_url = arena_printf(work->a, "https://cdn.discordapp.com/avatars/%.*s/%.*s.png",
                                        STR_ARG(user->id), STR_ARG(user->avatar_url));
    return NULL;
}

static struct err *finish_vk(struct oauth_work *work, const struct json *profile,
                             struct oauth_user *user)
{
    (void)profile;
    if (!oauth_look_text(work->token, "email", &user->email))
        return oauth_refuse(work->a, work->o->token_url, "an address of an unknown form");
    return NULL;
}

/* Logins are addresses. */
static struct err *finish_mailcow(struct oauth_work *work, const struct json *profile,
                                  struct oauth_user *user)
{
    (void)work;
    (void)profile;
    user->username = str_sub(user->username, 0, str_find_byte(user->username, '@'));
    return NULL;
}

/* The address by the claims that the configuration trusts: `mail` is what an administrator of
 * whatever tenant has typed in. An ID token that does not hold costs the address, not the login. */
static struct err *finish_microsoft(struct oauth_work *work, const struct json *profile,
                                    struct oauth_user *user)
{
    const struct oauth *o = work->o;
    const struct json *choice = json_get(o->extra, STR("idTokenEmailClaim"));
    struct oauth_id_check check = {.audience = o->client_id};
    struct str token, primary, email;
    const struct json *claims;
    bool any, by_primary, by_edov;

    (void)profile;
    if (!choice || choice->type != JSON_TEXT)
        return NULL;
    any = str_eq(choice->text, STR("any_verified"));
    by_primary = any || str_eq(choice->text, STR("verified_primary_email"));
    by_edov = any || str_eq(choice->text, STR("email_and_xms_edov"));
    if (!by_primary && !by_edov && !str_eq(choice->text, STR("email")))
        return NULL;
    user->email = STR("");
    if (!oauth_look_text(work->token, "id_token", &token) ||
        oauth_read_id_token(work, token, &check, &claims))
        return NULL;
    if (!oauth_look_text(claims, "verified_primary_email", &primary))
        primary = STR("");
    if (!oauth_look_text(claims, "email", &email))
        email = STR("");
    if (by_primary && primary.n)
        user->email = primary;
    else if (by_edov ? oauth_is_true(json_get(claims, STR("xms_edov"))) : !by_primary)
        user->email = email;
    return NULL;
}

/* --- the table -------------------------------------------------------------------------------- */

#define LOGO(colour, initial)                                                                  \
    STR_INIT("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"48\" height=\"48\" "           \
             "viewBox=\"0 0 48 48\"><rect width=\"48\" height=\"48\" rx=\"10\" fill=\"" colour \
             "\"/><text x=\"24\" y=\"33\" font-family=\"sans-serif\" font-size=\"26\" "        \
             "font-weight=\"bold\" text-anchor=\"middle\" fill=\"#fff\">" initial "</text></svg>")

#define NAMED(provider, display, colour, initial) \
    .name = STR_INIT(provider), .display_name = STR_INIT(display), .logo = LOGO(colour, initial)

#define OIDC(provider)                                                                    \
    {                                                                                     \
        NAMED(provider, "OIDC", "#555555", "O"),                                          \
            .scopes = STR_INIT("openid email profile"), .id = "sub", .full_name = "name", \
            .username = "preferred_username", .avatar = "picture", .email = "email",      \
            .proof = OAUTH_PROOF_LOOSE, .proofs = {"email_verified"}, .by_claims = true,  \
    }

static const struct oauth_provider providers[] = {
    {
        NAMED("apple", "Apple", "#000000", "A"),
        .scopes = STR_INIT("name email"),
        .auth_url = STR_INIT("https://appleid.apple.com/auth/authorize"),
        .token_url = STR_INIT("https://appleid.apple.com/auth/token"),
        .keys_url = STR_INIT("https://appleid.apple.com/auth/keys"),
        .issuer = STR_INIT("https://appleid.apple.com"),
        .form_post = true,
        .id = "sub",
        .full_name = "name",
        .email = "email",
        .proof = OAUTH_PROOF_LOOSE,
        .proofs = {"email_verified"},
        .finish = finish_apple,
    },
    {
        NAMED("google", "Google", "#4285f4", "G"),
        .scopes = STR_INIT("https://www.googleapis.com/auth/userinfo.profile "
                           "https://www.googleapis.com/auth/userinfo.email"),
        .auth_url = STR_INIT("https://accounts.google.com/o/oauth2/v2/auth"),
        .token_url = STR_INIT("https://oauth2.googleapis.com/token"),
        .userinfo_url = STR_INIT("https://www.googleapis.com/oauth2/v3/userinfo"),
        .id = "sub",
        .full_name = "name",
        .avatar = "picture",
        .email = "email",
        .proof = OAUTH_PROOF_TRUE,
        .proofs = {"email_verified"},
    },
    {
        NAMED("microsoft", "Microsoft", "#0078d4", "M"),
        .scopes = STR_INIT("User.Read"),
        .auth_url = STR_INIT("https://login.microsoftonline.com/common/oauth2/v2.0/authorize"),
        .token_url = STR_INIT("https://login.microsoftonline.com/common/oauth2/v2.0/token"),
        .userinfo_url = STR_INIT("https://graph.microsoft.com/v1.0/me"),
        .id = "id",
        .full_name = "displayName",
        .email = "mail",
        .finish = finish_microsoft,
    },
    {
        NAMED("yandex", "Yandex", "#fc3f1d", "Y"),
        .scopes = STR_INIT("login:email login:avatar login:info"),
        .auth_url = STR_INIT("https://oauth.yandex.com/authorize"),
        .token_url = STR_INIT("https://oauth.yandex.com/token"),
        .userinfo_url = STR_INIT("https://login.yandex.ru/info"),
        .id = "id",
        .full_name = "real_name",
        .username = "login",
        .avatar = "default_avatar_id",
        .email = "default_email",
        .finish = finish_yandex,
    },
    {
        NAMED("facebook", "Facebook", "#0866ff", "F"),
        .scopes = STR_INIT("email"),
        .auth_url = STR_INIT("https://www.facebook.com/v3.2/dialog/oauth"),
        .token_url = STR_INIT("https://graph.facebook.com/v3.2/oauth/access_token"),
        .userinfo_url =
            STR_INIT("https://graph.facebook.com/me?fields=name,email,picture.type(large)"),
        .id = "id",
        .full_name = "name",
        .avatar = "picture.data.url",
        .email = "email",
    },
    {
        NAMED("instagram2", "Instagram", "#e4405f", "I"),
        .scopes = STR_INIT("instagram_business_basic"),
        .auth_url = STR_INIT("https://www.instagram.com/oauth/authorize"),
        .token_url = STR_INIT("https://api.instagram.com/oauth/access_token"),
        .userinfo_url =
            STR_INIT("https://graph.instagram.com/me?fields=id,username,account_type,user_id,name,"
                     "profile_picture_url,followers_count,follows_count,media_count"),
        .id = "user_id",
        .full_name = "name",
        .username = "username",
        .avatar = "profile_picture_url",
        .finish = finish_instagram,
    },
    {
        NAMED("github", "GitHub", "#24292f", "G"),
        .scopes = STR_INIT("read:user user:email"),
        .auth_url = STR_INIT("https://github.com/login/oauth/authorize"),
        .token_url = STR_INIT("https://github.com/login/oauth/access_token"),
        .userinfo_url = STR_INIT("https://api.github.com/user"),
        .id = "id",
        .id_is_number = true,
        .full_name = "name",
        .username = "login",
        .avatar = "avatar_url",
        .mailboxes = &plain_mailboxes,
    },
    {
        NAMED("gitlab", "GitLab", "#fc6d26", "G"),
        .scopes = STR_INIT("read_user"),
        .auth_url = STR_INIT("https://gitlab.com/oauth/authorize"),
        .token_url = STR_INIT("https://gitlab.com/oauth/token"),
        .userinfo_url = STR_INIT("https://gitlab.com/api/v4/user"),
        .id = "id",
        .id_is_number = true,
        .full_name = "name",
        .username = "username",
        .avatar = "avatar_url",
        .email = "email",
        .proof = OAUTH_PROOF_TIME,
        .proofs = {"confirmed_at"},
    },
    {
        NAMED("bitbucket", "Bitbucket", "#0052cc", "B"),
        .no_pkce = true,
        .scopes = STR_INIT("account"),
        .auth_url = STR_INIT("https://bitbucket.org/site/oauth2/authorize"),
        .token_url = STR_INIT("https://bitbucket.org/site/oauth2/access_token"),
        .userinfo_url = STR_INIT("https://api.bitbucket.org/2.0/user"),
        .id = "uuid",
        .full_name = "display_name",
        .username = "username",
        .avatar = "links.avatar.href",
        .active = "account_status",
        .active_text = "active",
        .mailboxes = &bitbucket_mailboxes,
    },
    {
        NAMED("gitee", "Gitee", "#c71d23", "G"),
        .scopes = STR_INIT("user_info emails"),
        .auth_url = STR_INIT("https://gitee.com/oauth/authorize"),
        .token_url = STR_INIT("https://gitee.com/oauth/token"),
        .userinfo_url = STR_INIT("https://gitee.com/api/v5/user"),
        .id = "id",
        .id_is_number = true,
        .full_name = "name",
        .username = "login",
        .avatar = "avatar_url",
        .email = "email",
        .finish = oauth_finish_gitee,
    },
    {
        NAMED("gitea", "Gitea/Forgejo", "#609926", "G"),
        .scopes = STR_INIT("read:user user:email"),
        .auth_url = STR_INIT("https://gitea.com/login/oauth/authorize"),
        .token_url = STR_INIT("https://gitea.com/login/oauth/access_token"),
        .userinfo_url = STR_INIT("https://gitea.com/api/v1/user"),
        .id = "id",
        .id_is_number = true,
        .full_name = "full_name",
        .username = "login",
        .avatar = "avatar_url",
        .active = "active",
        .mailboxes = &plain_mailboxes,
    },
    {
        NAMED("discord", "Discord", "#5865f2", "D"),
        .scopes = STR_INIT("identify email"),
        .auth_url = STR_INIT("https://discord.com/api/oauth2/authorize"),
        .token_url = STR_INIT("https://discord.com/api/oauth2/token"),
        .userinfo_url = STR_INIT("https://discord.com/api/users/@me"),
        .id = "id",
        .full_name = "global_name",
        .username = "username",
        .avatar = "avatar",
        .email = "email",
        .proof = OAUTH_PROOF_TRUE,
        .proofs = {"verified"},
        .finish = finish_discord,
    },
    {
        NAMED("twitter", "X/Twitter", "#0f1419", "X"),
        .scopes = STR_INIT("users.read users.email tweet.read"),
        .auth_url = STR_INIT("https://x.com/i/oauth2/authorize"),
        .token_url = STR_INIT("https://api.x.com/2/oauth2/token"),
        .userinfo_url = STR_INIT("https://api.x.com/2/users/me?user.fields=id,name,username,"
                                 "profile_image_url,confirmed_email"),
        .id = "data.id",
        .full_name = "data.name",
        .username = "data.username",
        .avatar = "data.profile_image_url",
        .email = "data.confirmed_email",
    },
    {
        NAMED("kakao", "Kakao", "#c9a900", "K"),
        .scopes = STR_INIT("account_email profile_nickname profile_image"),
        .auth_url = STR_INIT("https://kauth.kakao.com/oauth/authorize"),
        .token_url = STR_INIT("https://kauth.kakao.com/oauth/token"),
        .userinfo_url = STR_INIT("https://kapi.kakao.com/v2/user/me"),
        .id = "id",
        .id_is_number = true,
        .username = "properties.nickname",
        .avatar = "properties.profile_image",
        .email = "kakao_account.email",
        .proof = OAUTH_PROOF_TRUE,
        .proofs = {"kakao_account.is_email_valid", "kakao_account.is_email_verified"},
    },
    {
        NAMED("vk", "ВКонтакте", "#0077ff", "V"),
        .no_pkce = true,
        .scopes = STR_INIT("email"),
        .auth_url = STR_INIT("https://oauth.vk.com/authorize"),
        .token_url = STR_INIT("https://oauth.vk.com/access_token"),
        .userinfo_url =
            STR_INIT("https://api.vk.com/method/users.get?fields=photo_max,screen_name&v=5.131"),
        .id = "response[0].id",
        .id_is_number = true,
        .full_name = "response[0].first_name response[0].last_name",
        .username = "response[0].screen_name",
        .avatar = "response[0].photo_max",
        .finish = finish_vk,
    },
    {
        NAMED("linear", "Linear", "#5e6ad2", "L"),
        .no_pkce = true,
        .scopes = STR_INIT("read"),
        .auth_url = STR_INIT("https://linear.app/oauth/authorize"),
        .token_url = STR_INIT("https://api.linear.app/oauth/token"),
        .userinfo_url = STR_INIT("https://api.linear.app/graphql"),
        .headers = {{"Content-Type", "application/json"}},
        .query = "{\"query\":\"query Me { viewer { id displayName name email avatarUrl active } "
                 "}\"}",
        .id = "data.viewer.id",
        .full_name = "data.viewer.name",
        .username = "data.viewer.displayName",
        .avatar = "data.viewer.avatarUrl",
        .email = "data.viewer.email",
        .active = "data.viewer.active",
    },
    {
        NAMED("notion", "Notion", "#191919", "N"),
        .auth_url = STR_INIT("https://api.notion.com/v1/oauth/authorize"),
        .token_url = STR_INIT("https://api.notion.com/v1/oauth/token"),
        .userinfo_url = STR_INIT("https://api.notion.com/v1/users/me"),
        .headers = {{"Notion-Version", "2022-06-28"}},
        .id = "bot.owner.user.id",
        .full_name = "bot.owner.user.name",
        .avatar = "bot.owner.user.avatar_url",
        .email = "bot.owner.user.person.email",
    },
    {
        NAMED("monday", "monday.com", "#6161ff", "m"),
        .scopes = STR_INIT("me:read"),
        .auth_url = STR_INIT("https://auth.monday.com/oauth2/authorize"),
        .token_url = STR_INIT("https://auth.monday.com/oauth2/token"),
        .userinfo_url = STR_INIT("https://api.monday.com/v2"),
        .headers = {{"Content-Type", "application/json"}},
        .query = "{\"query\":\"query { me { id enabled name email is_verified photo_small } }\"}",
        .id = "data.me.id",
        .full_name = "data.me.name",
        .avatar = "data.me.photo_small",
        .email = "data.me.email",
        .proof = OAUTH_PROOF_TRUE,
        .proofs = {"data.me.is_verified"},
        .active = "data.me.enabled",
    },
    {
        NAMED("lark", "Lark", "#3370ff", "L"),
        .auth_url = STR_INIT("https://accounts.feishu.cn/open-apis/authen/v1/authorize"),
        .token_url = STR_INIT("https://open.feishu.cn/open-apis/authen/v2/oauth/token"),
        .userinfo_url = STR_INIT("https://open.feishu.cn/open-apis/authen/v1/user_info"),
        .id = "data.union_id",
        .full_name = "data.name",
        .avatar = "data.avatar_url",
    },
    {
        NAMED("box", "Box", "#0061d5", "B"),
        .scopes = STR_INIT("root_readonly"),
        .auth_url = STR_INIT("https://account.box.com/api/oauth2/authorize"),
        .token_url = STR_INIT("https://api.box.com/oauth2/token"),
        .userinfo_url = STR_INIT("https://api.box.com/2.0/users/me"),
        .id = "id",
        .full_name = "name",
        .avatar = "avatar_url",
        .email = "login",
        .active = "status",
        .active_text = "active",
    },
    {
        NAMED("spotify", "Spotify", "#1db954", "S"),
        .scopes = STR_INIT("user-read-private"),
        .auth_url = STR_INIT("https://accounts.spotify.com/authorize"),
        .token_url = STR_INIT("https://accounts.spotify.com/api/token"),
        .userinfo_url = STR_INIT("https://api.spotify.com/v1/me"),
        .id = "id",
        .full_name = "display_name",
        .avatar = "images[0].url",
    },
    {
        NAMED("trakt", "Trakt", "#9f42c6", "T"),
        .auth_url = STR_INIT("https://trakt.tv/oauth/authorize"),
        .token_url = STR_INIT("https://api.trakt.tv/oauth/token"),
        .userinfo_url = STR_INIT("https://api.trakt.tv/users/settings"),
        .headers = {{"Content-Type", "application/json"},
                    {"trakt-api-key", "{clientId}"},
                    {"trakt-api-version", "2"}},
        .id = "user.ids.uuid",
        .full_name = "user.name",
        .username = "user.username",
        .avatar = "user.images.avatar.full",
    },
    {
        NAMED("twitch", "Twitch", "#9146ff", "T"),
        .scopes = STR_INIT("user:read:email"),
        .auth_url = STR_INIT("https://id.twitch.tv/oauth2/authorize"),
        .token_url = STR_INIT("https://id.twitch.tv/oauth2/token"),
        .userinfo_url = STR_INIT("https://api.twitch.tv/helix/users"),
        .headers = {{"Client-Id", "{clientId}"}},
        .id = "data[0].id",
        .full_name = "data[0].display_name",
        .username = "data[0].login",
        .avatar = "data[0].profile_image_url",
        .email = "data[0].email",
    },
    {
        NAMED("patreon", "Patreon", "#ff424d", "P"),
        .scopes = STR_INIT("identity identity[email]"),
        .auth_url = STR_INIT("https://www.patreon.com/oauth2/authorize"),
        .token_url = STR_INIT("https://www.patreon.com/api/oauth2/token"),
        .userinfo_url =
            STR_INIT("https://www.patreon.com/api/oauth2/v2/identity?fields%5Buser%5D=full_name,"
                     "email,vanity,image_url,is_email_verified"),
        .id = "data.id",
        .full_name = "data.attributes.full_name",
        .username = "data.attributes.vanity",
        .avatar = "data.attributes.image_url",
        .email = "data.attributes.email",
        .proof = OAUTH_PROOF_TRUE,
        .proofs = {"data.attributes.is_email_verified"},
    },
    {
        NAMED("strava", "Strava", "#fc4c02", "S"),
        .scopes = STR_INIT("profile:read_all"),
        .auth_url = STR_INIT("https://www.strava.com/oauth/authorize"),
        .token_url = STR_INIT("https://www.strava.com/api/v3/oauth/token"),
        .userinfo_url = STR_INIT("https://www.strava.com/api/v3/athlete"),
        .id = "id",
        .id_is_number = true,
        .full_name = "firstname lastname",
        .username = "username",
        .avatar = "profile",
    },
    {
        NAMED("wakatime", "WakaTime", "#2b2b2b", "W"),
        .scopes = STR_INIT("email"),
        .auth_url = STR_INIT("https://wakatime.com/oauth/authorize"),
        .token_url = STR_INIT("https://wakatime.com/oauth/token"),
        .userinfo_url = STR_INIT("https://wakatime.com/api/v1/users/current"),
        .id = "data.id",
        .full_name = "data.display_name",
        .username = "data.username",
        .avatar = "data.photo",
        .avatar_if = "data.photo_public",
        .email = "data.email",
        .proof = OAUTH_PROOF_TRUE,
        .proofs = {"data.is_email_confirmed"},
    },
    {
        NAMED("livechat", "LiveChat", "#ff5100", "L"),
        .auth_url = STR_INIT("https://accounts.livechat.com/"),
        .token_url = STR_INIT("https://accounts.livechat.com/token"),
        .userinfo_url = STR_INIT("https://accounts.livechat.com/v2/accounts/me"),
        .id = "account_id",
        .full_name = "name",
        .avatar = "avatar_url",
        .email = "email",
        .proof = OAUTH_PROOF_TRUE,
        .proofs = {"email_verified"},
    },
    {
        NAMED("mailcow", "mailcow", "#b58900", "m"),
        .scopes = STR_INIT("profile"),
        .id = "id",
        .full_name = "full_name",
        .username = "username",
        .email = "email",
        .active = "active",
        .active_is_one = true,
        .finish = finish_mailcow,
    },
    {
        NAMED("planningcenter", "Planning Center", "#2266f7", "P"),
        .scopes = STR_INIT("people"),
        .auth_url = STR_INIT("https://api.planningcenteronline.com/oauth/authorize"),
        .token_url = STR_INIT("https://api.planningcenteronline.com/oauth/token"),
        .userinfo_url = STR_INIT("https://api.planningcenteronline.com/people/v2/me"),
        .id = "data.id",
        .full_name = "data.attributes.name",
        .avatar = "data.attributes.avatar",
        .active = "data.attributes.status",
        .active_text = "active",
    },
    OIDC("oidc"),
    OIDC("oidc2"),
    OIDC("oidc3"),
};

size_t oauth_provider_count(void)
{
    return COUNT_OF(providers);
}

const struct oauth_provider *oauth_provider_at(size_t i)
{
    return &providers[i];
}

const struct oauth_provider *oauth_provider_find(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(providers); i++)
        if (str_eq(name, providers[i].name))
            return &providers[i];
    return NULL;
}

struct str oauth_provider_name(const struct oauth_provider *provider)
{
    return provider->name;
}

struct str oauth_provider_display_name(const struct oauth_provider *provider)
{
    return provider->display_name;
}

struct str oauth_provider_logo(const struct oauth_provider *provider)
{
    return provider->logo;
}
