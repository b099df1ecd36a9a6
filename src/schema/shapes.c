/*
 * The shapes of fields (collections.md 4.14) and of an auth collection's options (8).
 */
#include "schema/shape.h"

#define T(key)                      \
    {                               \
        key, SHAPE_TEXT, 0, NULL, 0 \
    }
#define B(key)                      \
    {                               \
        key, SHAPE_BOOL, 0, NULL, 0 \
    }
#define I(key)                     \
    {                              \
        key, SHAPE_INT, 0, NULL, 0 \
    }
#define N(key)                        \
    {                                 \
        key, SHAPE_NUMBER, 0, NULL, 0 \
    }
#define D(key)                      \
    {                               \
        key, SHAPE_DATE, 0, NULL, 0 \
    }
#define L(key)                       \
    {                                \
        key, SHAPE_TEXTS, 0, NULL, 0 \
    }
#define R(key)                      \
    {                               \
        key, SHAPE_RULE, 0, NULL, 0 \
    }
#define SECRET(key)                    \
    {                                  \
        key, SHAPE_TEXT, true, NULL, 0 \
    }
#define OBJECT(key, of)                            \
    {                                              \
        key, SHAPE_OBJECT, false, of, COUNT_OF(of) \
    }

/* clang-format off */
static const struct shape text[] = {
    T("autogeneratePattern"), T("help"), B("hidden"), T("id"), I("max"), I("min"), T("name"), T("pattern"),
    B("presentable"), B("primaryKey"), B("required"), B("system"), T("type")};
static const struct shape editor[] = {
    B("convertURLs"), T("help"), B("hidden"), T("id"), I("maxSize"), T("name"), B("presentable"), B("required"),
    B("system"), T("type")};
static const struct shape number[] = {
    T("help"), B("hidden"), T("id"), N("max"), N("min"), T("name"), B("onlyInt"), B("presentable"), B("required"),
    B("system"), T("type")};
static const struct shape plain[] = {
    T("help"), B("hidden"), T("id"), T("name"), B("presentable"), B("required"), B("system"), T("type")};
static const struct shape domains[] = {
    L("exceptDomains"), T("help"), B("hidden"), T("id"), T("name"), L("onlyDomains"), B("presentable"),
    B("required"), B("system"), T("type")};
static const struct shape date[] = {
    T("help"), B("hidden"), T("id"), D("max"), D("min"), T("name"), B("presentable"), B("required"), B("system"),
    T("type")};
static const struct shape autodate[] = {
    B("hidden"), T("id"), T("name"), B("onCreate"), B("onUpdate"), B("presentable"), B("system"), T("type")};
static const struct shape choice[] = {
    T("help"), B("hidden"), T("id"), I("maxSelect"), T("name"), B("presentable"), B("required"), B("system"),
    T("type"), L("values")};
static const struct shape file[] = {
    T("help"), B("hidden"), T("id"), I("maxSelect"), I("maxSize"), L("mimeTypes"), T("name"), B("presentable"),
    B("protected"), B("required"), B("system"), L("thumbs"), T("type")};
static const struct shape relation[] = {
    B("cascadeDelete"), T("collectionId"), T("help"), B("hidden"), T("id"), I("maxSelect"), I("minSelect"),
    T("name"), B("presentable"), B("required"), B("system"), T("type")};
static const struct shape json[] = {
    T("help"), B("hidden"), T("id"), I("maxSize"), T("name"), B("presentable"), B("required"), B("system"),
    T("type")};
static const struct shape password[] = {
    I("cost"), T("help"), B("hidden"), T("id"), I("max"), I("min"), T("name"), T("pattern"), B("presentable"),
    B("required"), B("system"), T("type")};

static const struct shape fields[] = {
    [FIELD_TEXT] = OBJECT("", text),         [FIELD_EDITOR] = OBJECT("", editor),
    [FIELD_NUMBER] = OBJECT("", number),     [FIELD_BOOL] = OBJECT("", plain),
    [FIELD_EMAIL] = OBJECT("", domains),     [FIELD_URL] = OBJECT("", domains),
    [FIELD_DATE] = OBJECT("", date),         [FIELD_AUTODATE] = OBJECT("", autodate),
    [FIELD_SELECT] = OBJECT("", choice),     [FIELD_FILE] = OBJECT("", file),
    [FIELD_RELATION] = OBJECT("", relation), [FIELD_JSON] = OBJECT("", json),
    [FIELD_GEO] = OBJECT("", plain),         [FIELD_PASSWORD] = OBJECT("", password),
};

static const struct shape mail[] = {T("subject"), T("body")};
static const struct shape alert[] = {B("enabled"), OBJECT("emailTemplate", mail)};
static const struct shape provider[] = {
    {"pkce", SHAPE_BOOL_OR_NULL, false, NULL, 0}, T("name"), T("clientId"), SECRET("clientSecret"), T("authURL"),
    T("tokenURL"), T("userInfoURL"), T("displayName"), {"extra", SHAPE_ANY, false, NULL, 0}};
static const struct shape mapped[] = {T("id"), T("name"), T("username"), T("avatarURL")};
static const struct shape oauth2[] = {
    {"providers", SHAPE_PROVIDERS, false, provider, COUNT_OF(provider)}, OBJECT("mappedFields", mapped), B("enabled")};
static const struct shape password_auth[] = {B("enabled"), L("identityFields")};
static const struct shape mfa[] = {B("enabled"), I("duration"), T("rule")};
static const struct shape otp[] = {B("enabled"), I("duration"), I("length"), OBJECT("emailTemplate", mail)};
static const struct shape token[] = {SECRET("secret"), I("duration")};

static const struct shape auth[] = {
    R("authRule"), R("manageRule"), OBJECT("authAlert", alert), OBJECT("oauth2", oauth2),
    OBJECT("passwordAuth", password_auth), OBJECT("mfa", mfa), OBJECT("otp", otp), OBJECT("authToken", token),
    OBJECT("passwordResetToken", token), OBJECT("emailChangeToken", token), OBJECT("verificationToken", token),
    OBJECT("fileToken", token), OBJECT("verificationTemplate", mail), OBJECT("resetPasswordTemplate", mail),
    OBJECT("confirmEmailChangeTemplate", mail)};
/* clang-format on */

const struct shape shape_auth_options = OBJECT("", auth);

const struct shape *shape_of_field(const struct field_type *type)
{
    return &fields[type->kind];
}
