/*
 * The collections of a fresh data directory (data-dir.md 9), as rows of `_collections`.
 */
#include "schema/internal.h"

/* Field objects, keys sorted as they are stored. */
#define TEXT_FIELD(id, name, more_auto, hidden, max, min, pattern, primary, required, system) \
    "{\"autogeneratePattern\":\"" more_auto "\",\"help\":\"\",\"hidden\":" hidden             \
    ",\"id\":\"text" id "\",\"max\":" max ",\"min\":" min ",\"name\":\"" name                 \
    "\",\"pattern\":\"" pattern "\",\"presentable\":false,\"primaryKey\":" primary            \
    ",\"required\":" required ",\"system\":" system ",\"type\":\"text\"}"

#define SYSTEM_TEXT(id, name, hidden, required) \
    TEXT_FIELD(id, name, "", hidden, "0", "0", "", "false", required, "true")

#define PASSWORD_FIELD(cost, min)                                                              \
    "{\"cost\":" cost ",\"help\":\"\",\"hidden\":true,\"id\":\"password901924565\",\"max\":0," \
    "\"min\":" min ",\"name\":\"password\",\"pattern\":\"\",\"presentable\":false,"            \
    "\"required\":true,\"system\":true,\"type\":\"password\"}"

#define SYSTEM_BOOL(id, name)                                                \
    "{\"help\":\"\",\"hidden\":false,\"id\":\"bool" id "\",\"name\":\"" name \
    "\",\"presentable\":false,\"required\":false,\"system\":true,\"type\":\"bool\"}"

#define AUTODATE_FIELD(id, name, on_update, system)                                            \
    "{\"hidden\":false,\"id\":\"autodate" id "\",\"name\":\"" name                             \
    "\",\"onCreate\":true,\"onUpdate\":" on_update ",\"presentable\":false,\"system\":" system \
    ",\"type\":\"autodate\"}"

#define ID_FIELD                                                                               \
    TEXT_FIELD("3208210256", "id", "[a-z0-9]{15}", "false", "15", "15", "^[a-z0-9]+$", "true", \
               "true", "true")
#define REF_FIELDS                                             \
    SYSTEM_TEXT("455797646", "collectionRef", "false", "true") \
    "," SYSTEM_TEXT("127846527", "recordRef", "false", "true")
#define DATE_FIELDS(system)                                  \
    AUTODATE_FIELD("2990389176", "created", "false", system) \
    "," AUTODATE_FIELD("3332085495", "updated", "true", system)
#define AUTH_FIELDS                                                                                 \
    PASSWORD_FIELD("0", "8")                                                                        \
    "," TEXT_FIELD(                                                                                 \
        "2504183744", "tokenKey", "[a-zA-Z0-9]{50}", "true", "60", "30", "", "false", "true",       \
        "true") ",{\"exceptDomains\":[],\"help\":\"\",\"hidden\":false,\"id\":\"email3885137012\"," \
                "\"name\":\"email\",\"onlyDomains\":[],\"presentable\":false,\"required\":true,"    \
                "\"system\":true,\"type\":\"email\"}," SYSTEM_BOOL(                                 \
                    "1547992806", "emailVisibility") "," SYSTEM_BOOL("256245529", "verified")

#define AUTH_INDEXES(id, table)                                                   \
    "[\"CREATE UNIQUE INDEX `idx_tokenKey_" id "` ON `" table "` (`tokenKey`)\"," \
    "\"CREATE UNIQUE INDEX `idx_email_" id "` ON `" table "` (`email`) WHERE `email` != ''\"]"

#define OWNER_RULE                                               \
    "@request.auth.id != '' && recordRef = @request.auth.id && " \
    "collectionRef = @request.auth.collectionId"
#define SELF_RULE "id = @request.auth.id"

#define OTP_SENT_TO SYSTEM_TEXT("3866985172", "sentTo", "true", "false")

const struct boot_col boot_cols[] = {
    {
        .id = "pbc_2279338944",
        .name = "_mfas",
        .type = "base",
        .system = true,
        .list_rule = OWNER_RULE,
        .view_rule = OWNER_RULE,
        .fields = "[" ID_FIELD "," REF_FIELDS "," SYSTEM_TEXT("1582905952", "method", "false",
                                                              "true") "," DATE_FIELDS("true") "]",
        .indexes = "[\"CREATE INDEX `idx_mfas_collectionRef_recordRef` ON `_mfas` "
                   "(collectionRef,recordRef)\"]",
    },
    {
        .id = "pbc_1638494021",
        .name = "_otps",
        .type = "base",
        .system = true,
        .list_rule = OWNER_RULE,
        .view_rule = OWNER_RULE,
        .fields = "[" ID_FIELD "," REF_FIELDS
                  "," PASSWORD_FIELD("8", "0") "," OTP_SENT_TO "," DATE_FIELDS("true") "]",
        .indexes = "[\"CREATE INDEX `idx_otps_collectionRef_recordRef` ON `_otps` "
                   "(collectionRef, recordRef)\"]",
    },
    {
        .id = "pbc_2281828961",
        .name = "_externalAuths",
        .type = "base",
        .system = true,
        .list_rule = OWNER_RULE,
        .view_rule = OWNER_RULE,
        .delete_rule = OWNER_RULE,
        .fields = "[" ID_FIELD "," REF_FIELDS
                  "," SYSTEM_TEXT("2462348188", "provider", "false", "true") "," SYSTEM_TEXT(
                      "1044722854", "providerId", "false", "true") "," DATE_FIELDS("true") "]",
        .indexes = "[\"CREATE UNIQUE INDEX `idx_externalAuths_record_provider` ON "
                   "`_externalAuths` (collectionRef, recordRef, provider)\","
                   "\"CREATE UNIQUE INDEX `idx_externalAuths_collection_provider` ON "
                   "`_externalAuths` (collectionRef, provider, providerId)\"]",
    },
    {
        .id = "pbc_4275539003",
        .name = "_authOrigins",
        .type = "base",
        .system = true,
        .list_rule = OWNER_RULE,
        .view_rule = OWNER_RULE,
        .delete_rule = OWNER_RULE,
        .fields = "[" ID_FIELD "," REF_FIELDS "," SYSTEM_TEXT("4228609354", "fingerprint", "false",
                                                              "true") "," DATE_FIELDS("true") "]",
        .indexes = "[\"CREATE UNIQUE INDEX `idx_authOrigins_unique_pairs` ON `_authOrigins` "
                   "(collectionRef, recordRef, fingerprint)\"]",
    },
    {
        .id = "pbc_3142635823",
        .name = "_superusers",
        .type = "auth",
        .system = true,
        .fields = "[" ID_FIELD "," AUTH_FIELDS "," DATE_FIELDS("true") "]",
        .indexes = AUTH_INDEXES("pbc_3142635823", "_superusers"),
        .auth_duration_s = 86400,
        .mapped_fields = "{\"id\":\"\",\"name\":\"\",\"username\":\"\",\"avatarURL\":\"\"}",
    },
    {
        .id = "_pb_users_auth_",
        .name = "users",
        .type = "auth",
        .list_rule = SELF_RULE,
        .view_rule = SELF_RULE,
        .create_rule = "",
        .update_rule = SELF_RULE,
        .delete_rule = SELF_RULE,
        .fields = "[" ID_FIELD "," AUTH_FIELDS "," TEXT_FIELD(
            "1579384326", "name", "", "false", "255", "0", "", "false", "false",
            "false") ",{\"help\":\"\",\"hidden\":false,\"id\":\"file376926767\",\"maxSelect\":1,"
                     "\"maxSize\":0,\"mimeTypes\":[\"image/jpeg\",\"image/png\",\"image/svg+xml\","
                     "\"image/gif\",\"image/webp\"],\"name\":\"avatar\",\"presentable\":false,"
                     "\"protected\":false,\"required\":false,\"system\":false,\"thumbs\":[],"
                     "\"type\":\"file\"}," DATE_FIELDS("false") "]",
        .indexes = AUTH_INDEXES("_pb_users_auth_", "users"),
        .auth_duration_s = 432000,
        .mapped_fields =
            "{\"id\":\"\",\"name\":\"name\",\"username\":\"\",\"avatarURL\":\"avatar\"}",
    },
};
const size_t boot_cols_n = COUNT_OF(boot_cols);

const char boot_sent_to_field[] = OTP_SENT_TO;

const char *const boot_migrations[] = {
    "1640988000_aux_init.go",
    "1640988000_init.go",
    "1717233556_v0.23_migrate.go",
    "1717233557_v0.23_migrate2.go",
    "1717233558_v0.23_migrate3.go",
    "1717233559_v0.23_migrate4.go",
    "1763020353_update_default_auth_alert_templates.go",
    "1778828400_normalize_indexes.go",
};
const size_t boot_migrations_n = COUNT_OF(boot_migrations);
