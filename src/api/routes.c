/*
 * The one table of routes.
 */
#include "api/auth.h"

/* clang-format off */
static const struct api_route api_table[] = {
    {"GET",    "/api/health",
     GUARD_NONE, BODY_PLAIN, {NULL}, &api_health},
    {"GET",    "/api/collections/{collection}/records",
     GUARD_NONE, BODY_PLAIN, {"list"}, &api_records_list},
    {"GET",    "/api/collections/{collection}/records/{id}",
     GUARD_NONE, BODY_PLAIN, {"view"}, &api_records_view},
    {"POST",   "/api/collections/{collection}/records",
     GUARD_NONE, BODY_RECORD, {"create"}, &api_records_create},
    {"PATCH",  "/api/collections/{collection}/records/{id}",
     GUARD_NONE, BODY_RECORD, {"update"}, &api_records_update},
    {"DELETE", "/api/collections/{collection}/records/{id}",
     GUARD_NONE, BODY_PLAIN, {"delete"}, &api_records_delete},
    {"GET",    "/api/collections",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_collections_list},
    {"POST",   "/api/collections",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_collections_create},
    {"PUT",    "/api/collections/import",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_collections_import},
    {"GET",    "/api/collections/meta/scaffolds",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_collections_scaffolds},
    {"GET",    "/api/collections/meta/oauth2-providers",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_collections_providers},
    {"POST",   "/api/collections/meta/dry-run-view",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_collections_try_view},
    {"GET",    "/api/collections/{collection}",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_collections_view},
    {"PATCH",  "/api/collections/{collection}",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_collections_update},
    {"DELETE", "/api/collections/{collection}",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_collections_delete},
    {"DELETE", "/api/collections/{collection}/truncate",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_collections_truncate},
    {"GET",    "/api/realtime",
     GUARD_NONE, BODY_PLAIN, {NULL}, &api_realtime_connect},
    {"POST",   "/api/realtime",
     GUARD_NONE, BODY_PLAIN, {NULL}, &api_realtime_subscribe},
    {"GET",    "/api/oauth2-redirect",
     GUARD_NONE, BODY_PLAIN, {NULL}, &api_oauth2_redirect},
    {"POST",   "/api/oauth2-redirect",
     GUARD_NONE, BODY_PLAIN, {NULL}, &api_oauth2_redirect},
    {"GET",    "/api/settings",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_settings_view},
    {"PATCH",  "/api/settings",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_settings_change},
    {"POST",   "/api/settings/test/s3",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_settings_test_s3},
    {"POST",   "/api/settings/test/email",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_settings_test_email},
    {"POST",   "/api/settings/apple/generate-client-secret",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_settings_apple_secret},
    {"GET",    "/api/logs",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_logs_list},
    {"DELETE", "/api/logs",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_logs_clear},
    {"GET",    "/api/logs/stats",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_logs_stats},
    {"GET",    "/api/logs/{id}",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_logs_view},
    {"GET",    "/api/crons",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_crons},
    {"POST",   "/api/crons/{id}",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_crons_run},
    {"GET",    "/api/backups",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_backups_list},
    {"POST",   "/api/backups",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_backups_create},
    {"POST",   "/api/backups/upload",
     GUARD_SUPERUSER, BODY_BACKUP, {NULL}, &api_backups_upload},
    {"GET",    "/api/backups/{key}",
     GUARD_NONE, BODY_PLAIN, {NULL}, &api_backups_download},
    {"DELETE", "/api/backups/{key}",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_backups_delete},
    {"POST",   "/api/backups/{key}/restore",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_backups_restore},
    {"GET",    "/api/reeve/backups",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_backups_report},
    {"POST",   "/api/reeve/backups/{key}/verify",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_backups_verify},
    {"GET",    "/api/reeve",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_reeve},
    {"GET",    "/api/reeve/metrics",
     GUARD_SCRAPER, BODY_PLAIN, {NULL}, &api_metrics},
    {"GET",    "/api/reeve/stats",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_stats},
    {"GET",    "/api/reeve/advice",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_advice},
    {"GET",    "/api/reeve/crons",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_crons_report},
    {"GET",    "/api/reeve/realtime",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_realtime_report},
    {"GET",    "/api/reeve/settings",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_own_settings_view},
    {"PATCH",  "/api/reeve/settings",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_own_settings_change},
    {"POST",   "/api/reeve/rooms/{room}",
     GUARD_NONE, BODY_PLAIN, {NULL}, &api_rooms_send},
    {"GET",    "/api/reeve/export/{collection}",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_export},
    {"POST",   "/api/reeve/rules/test",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_rules_test},
    {"POST",   "/api/reeve/schema/plan",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_schema_plan},
    {"POST",   "/api/sql",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_sql},
    {"GET",    "/_/{path...}",
     GUARD_NONE, BODY_PLAIN, {NULL}, &api_dashboard},
    {"POST",   "/api/files/token",
     GUARD_AUTH, BODY_PLAIN, {NULL}, &api_files_token},
    {"GET",    "/api/files/{collection}/{id}/{name}",
     GUARD_NONE, BODY_PLAIN, {"file"}, &api_files_download},
    {"POST",   "/api/batch",
     GUARD_NONE, BODY_BATCH, {NULL}, &api_batch},
    {"POST",   "/api/collections/{collection}/auth-with-password",
     GUARD_NONE, BODY_PLAIN, {"authWithPassword", "auth"}, &api_auth_with_password},
    {"POST",   "/api/collections/{collection}/auth-refresh",
     GUARD_SAME_COLLECTION, BODY_PLAIN, {"authRefresh"}, &api_auth_refresh},
    {"POST",   "/api/collections/{collection}/auth-with-oauth2",
     GUARD_NONE, BODY_PLAIN, {"authWithOAuth2", "auth"}, &api_auth_with_oauth2},
    {"POST",   "/api/collections/{collection}/auth-with-otp",
     GUARD_NONE, BODY_PLAIN, {"authWithOTP", "auth"}, &api_auth_with_otp},
    {"POST",   "/api/collections/{collection}/request-otp",
     GUARD_NONE, BODY_PLAIN, {"requestOTP"}, &api_auth_request_otp},
    {"POST",   "/api/collections/{collection}/request-verification",
     GUARD_NONE, BODY_PLAIN, {"requestVerification"}, &api_auth_request_verification},
    {"POST",   "/api/collections/{collection}/confirm-verification",
     GUARD_NONE, BODY_PLAIN, {"confirmVerification"}, &api_auth_confirm_verification},
    {"POST",   "/api/collections/{collection}/request-password-reset",
     GUARD_NONE, BODY_PLAIN, {"requestPasswordReset"}, &api_auth_request_password_reset},
    {"POST",   "/api/collections/{collection}/confirm-password-reset",
     GUARD_NONE, BODY_PLAIN, {"confirmPasswordReset"}, &api_auth_confirm_password_reset},
    {"POST",   "/api/collections/{collection}/request-email-change",
     GUARD_SAME_COLLECTION, BODY_PLAIN, {"requestEmailChange"}, &api_auth_request_email_change},
    {"POST",   "/api/collections/{collection}/confirm-email-change",
     GUARD_NONE, BODY_PLAIN, {"confirmEmailChange"}, &api_auth_confirm_email_change},
    {"GET",    "/api/collections/{collection}/auth-methods",
     GUARD_NONE, BODY_PLAIN, {"listAuthMethods"}, &api_auth_methods},
    {"POST",   "/api/collections/{collection}/impersonate/{id}",
     GUARD_SUPERUSER, BODY_PLAIN, {NULL}, &api_auth_impersonate},
};
/* clang-format on */

static struct http_route http_table[COUNT_OF(api_table)];

const struct http_route *api_routes(size_t *ret_n)
{
    for (size_t i = 0; i < COUNT_OF(api_table); i++) {
        http_table[i].method = api_table[i].method;
        http_table[i].pattern = api_table[i].pattern;
        http_table[i].data = &api_table[i];
    }
    *ret_n = COUNT_OF(api_table);
    return http_table;
}

const struct api_route *api_route_of(const struct req *req)
{
    return req->route ? req->route->data : NULL;
}

size_t api_route_number(const struct api_route *route)
{
    return route ? (size_t)(route - api_table) : COUNT_OF(api_table);
}

const struct api_route *api_route_at(size_t number)
{
    return number < COUNT_OF(api_table) ? &api_table[number] : NULL;
}
