/*
 * The one table of settings (data-dir.md 7).
 */
#include "settings/internal.h"

#define AT(member) offsetof(struct settings, member)
#define S3_ROWS(prefix, member, what)                                                              \
    {prefix ".enabled",                                                                            \
     SETTING_BOOL,                                                                                 \
     AT(member.enabled),                                                                           \
     "false",                                                                                      \
     0,                                                                                            \
     "Whether " what " are kept in an S3 bucket."},                                                \
        {prefix ".bucket", SETTING_TEXT, AT(member.bucket), "\"\"", 0, "Name of the bucket."},     \
        {prefix ".region", SETTING_TEXT, AT(member.region), "\"\"", 0, "Region of the bucket."},   \
        {prefix ".endpoint", SETTING_TEXT, AT(member.endpoint), "\"\"", 0, "URL of the service."}, \
        {prefix ".accessKey",      SETTING_TEXT, AT(member.access_key), "\"\"", 0,                 \
         "Name of the access key."},                                                               \
        {prefix ".secret",                                                                         \
         SETTING_TEXT,                                                                             \
         AT(member.secret),                                                                        \
         "\"\"",                                                                                   \
         SETTING_SECRET | SETTING_OMIT_EMPTY,                                                      \
         "Secret of the access key."},                                                             \
    {                                                                                              \
        prefix ".forcePathStyle", SETTING_BOOL, AT(member.force_path_style), "false", 0,           \
            "Bucket in the path and not in the host name."                                         \
    }

#define DEFAULT_RULES                                                                \
    "[{\"label\":\"*:auth\",\"audience\":\"\",\"duration\":3,\"maxRequests\":2},"    \
    "{\"label\":\"*:create\",\"audience\":\"\",\"duration\":5,\"maxRequests\":20},"  \
    "{\"label\":\"/api/batch\",\"audience\":\"\",\"duration\":1,\"maxRequests\":3}," \
    "{\"label\":\"/api/\",\"audience\":\"\",\"duration\":10,\"maxRequests\":300}]"

/* clang-format off */
const struct setting settings_table[] = {
    {"superuserIPs", SETTING_TEXTS, AT(superuser_ips), "[]", 0,
     "Addresses and ranges that superusers may come from; empty: all."},
    {"smtp.enabled", SETTING_BOOL, AT(smtp.enabled), "false", 0,
     "Whether mail goes through a server and not through sendmail."},
    {"smtp.port", SETTING_INT, AT(smtp.port), "587", 0, "Port of the mail server."},
    {"smtp.host", SETTING_TEXT, AT(smtp.host), "\"smtp.example.com\"", 0,
     "Host name of the mail server."},
    {"smtp.username", SETTING_TEXT, AT(smtp.username), "\"\"", 0, "User of the mail server."},
    {"smtp.password", SETTING_TEXT, AT(smtp.password), "\"\"", SETTING_SECRET,
     "Password of that user; never sent back."},
    {"smtp.authMethod", SETTING_TEXT, AT(smtp.auth_method), "\"\"", 0,
     "PLAIN or LOGIN; empty: PLAIN."},
    {"smtp.tls", SETTING_BOOL, AT(smtp.tls), "false", 0,
     "Whether the connection starts encrypted."},
    {"smtp.localName", SETTING_TEXT, AT(smtp.local_name), "\"\"", 0,
     "Name that is said in EHLO; empty: localhost."},
    {"backups.cron", SETTING_TEXT, AT(backups.cron), "\"\"", 0,
     "When backups are made by themselves; empty: never."},
    {"backups.cronMaxKeep", SETTING_INT, AT(backups.cron_max_keep), "3", 0,
     "How many of those are kept; 0: all."},
    S3_ROWS("backups.s3", backups.s3, "backups"),
    S3_ROWS("s3", s3, "uploaded files"),
    {"meta.accentColor", SETTING_TEXT, AT(meta.accent_color), "\"#1055c9\"", 0,
     "Colour of the dashboard."},
    {"meta.appName", SETTING_TEXT, AT(meta.app_name), "\"Acme\"", 0,
     "Name of the application in mails and the dashboard."},
    {"meta.appURL", SETTING_TEXT, AT(meta.app_url), "\"http://localhost:8090\"", 0,
     "Where the application is found; links in mails start with it."},
    {"meta.senderName", SETTING_TEXT, AT(meta.sender_name), "\"Support\"", 0,
     "Name that mails come from."},
    {"meta.senderAddress", SETTING_TEXT, AT(meta.sender_address), "\"support@example.com\"", 0,
     "Address that mails come from."},
    {"meta.hideControls", SETTING_BOOL, AT(meta.hide_controls), "false", 0,
     "Whether the dashboard hides what changes collections."},
    {"rateLimits.rules", SETTING_RULES, AT(rate_limits.rules), DEFAULT_RULES, 0,
     "How many requests a client may make, by label."},
    {"rateLimits.excludedIPs", SETTING_TEXTS, AT(rate_limits.excluded_ips), "[]", 0,
     "Addresses and ranges without limits."},
    {"rateLimits.enabled", SETTING_BOOL, AT(rate_limits.enabled), "false", 0,
     "Whether the limits are applied."},
    {"trustedProxy.headers", SETTING_TEXTS, AT(trusted_proxy.headers), "[]", 0,
     "Headers that say the client's address, first hit wins."},
    {"trustedProxy.useLeftmostIP", SETTING_BOOL, AT(trusted_proxy.use_leftmost_ip), "false", 0,
     "Whether the first address of such a header counts and not the last."},
    {"batch.enabled", SETTING_BOOL, AT(batch.enabled), "false", 0,
     "Whether several requests may be sent as one."},
    {"batch.maxRequests", SETTING_INT, AT(batch.max_requests), "50", 0,
     "How many requests a batch may have."},
    {"batch.timeout", SETTING_INT, AT(batch.timeout_s), "3", 0,
     "Seconds that a batch may take."},
    {"batch.maxBodySize", SETTING_INT, AT(batch.max_body_size), "0", 0,
     "Bytes that a batch may have; 0: 128 MiB."},
    {"logs.maxDataSize", SETTING_INT, AT(logs.max_data_size), "0", 0,
     "Bytes that the data of a log entry may have; 0: 16 KiB."},
    {"logs.maxDays", SETTING_INT, AT(logs.max_days), "5", 0,
     "Days that log entries are kept; 0: none is written."},
    {"logs.minLevel", SETTING_INT, AT(logs.min_level), "0", 0,
     "Level below which nothing is logged."},
    {"logs.logIP", SETTING_BOOL, AT(logs.log_ip), "true", 0,
     "Whether addresses are logged."},
    {"logs.logAuthId", SETTING_BOOL, AT(logs.log_auth_id), "false", 0,
     "Whether ids of authenticated records are logged."},
    {"records.etags", SETTING_BOOL, AT(records.etags), "false", SETTING_OMIT_EMPTY,
     "Whether records have ETags, and conditions on them are looked at."},
};
/* clang-format on */
const size_t settings_table_n = COUNT_OF(settings_table);

/* --- the table as JSON ------------------------------------------------------------------------ */

static size_t count_shared(struct str a, struct str b)
{
    size_t n = 0;

    for (size_t i = 0; i < a.n && i < b.n && a.p[i] == b.p[i]; i++) {
        if (a.p[i] == '.')
            n = i + 1;
    }
    return n;
}

static size_t count_dots(struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '.';
    return n;
}

/* Closes the groups of `open` that `name` is not in, and opens those of its own. */
static void change_group(struct buf *out, struct str open, struct str name)
{
    size_t shared = count_shared(open, name);
    struct str rest = str_from(name, shared);

    for (size_t i = count_dots(str_from(open, shared)); i > 0; i--)
        BUF_ADD(out, "}");
    if (out->p[out->n - 1] != '{')
        BUF_ADD(out, ",");
    while (str_find_byte(rest, '.') < rest.n) {
        struct str group = str_split(&rest, '.');

        buf_addf(out, "\"%.*s\":{", STR_ARG(group));
    }
    buf_addf(out, "\"%.*s\":", STR_ARG(rest));
}

struct str settings_default_json(struct arena *a)
{
    AUTO_BUF struct buf out;
    struct str open = STR("");

    buf_init(&out, 64 * 1024);
    BUF_ADD(&out, "{");
    for (size_t i = 0; i < settings_table_n; i++) {
        const struct setting *setting = &settings_table[i];

        if (setting->flags & SETTING_OMIT_EMPTY)
            continue;
        change_group(&out, open, str_of(setting->name));
        buf_add(&out, str_of(setting->initial));
        open = str_of(setting->name);
    }
    for (size_t i = count_dots(open) + 1; i > 0; i--)
        BUF_ADD(&out, "}");
    return arena_dup(a, buf_str(&out));
}
