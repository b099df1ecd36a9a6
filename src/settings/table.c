/*
 * The one table of settings (data-dir.md 7), and the one of our own.
 */
#include "settings/internal.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

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
static const struct setting settings_table[] = {
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
};

/* Those that PocketBase does not know (design.md 10.7). */
static const struct setting own_table[] = {
    {"records.etags", SETTING_BOOL, AT(records.etags), "false", 0,
     "Whether records, collections and settings have ETags where the request does not ask for them."},
    {"thumbs.maxPixels", SETTING_INT, AT(thumbs.max_pixels), "100000000", 0,
     "Pixels of a picture; a larger one has no thumbs."},
    {"thumbs.maxBytes", SETTING_INT, AT(thumbs.max_bytes), "268435456", 0,
     "Bytes of memory of a picture, decoded; a larger one has no thumbs."},
    {"logs.rate", SETTING_INT, AT(logs.rate), "1000", 0,
     "Successful requests a second that have a log entry each; beyond, they are counted in one."},
    {"passwords.slow", SETTING_BOOL, AT(passwords.slow), "false", 0,
     "Whether answers to wrong passwords come the later the more of them an account has had."},
    {"realtime.rooms", SETTING_RULE, AT(realtime.rooms), "null", 0,
     "Who may listen and send in rooms of realtime: a rule about @request; null: there are no rooms."},
    {"realtime.replayBytes", SETTING_INT, AT(realtime.replay_bytes), "33554432", 0,
     "Bytes of the last changes that are kept for clients of realtime that come back; 0: none are."},
    {"realtime.replaySeconds", SETTING_INT, AT(realtime.replay_seconds), "300", 0,
     "Seconds in which such a client may come back for them; 0: none are kept."},
    {"public.hashedCache", SETTING_BOOL, AT(public.hashed_cache), "false", 0,
     "Whether files of the public folder have ETags, those with a hash in their name for a year."},
    {"metrics.token", SETTING_TEXT, AT(metrics.token), "\"\"", SETTING_SECRET,
     "Who sends it as Authorization: Bearer may read /api/reeve/metrics; empty: superusers alone."},
    {"net.proxy", SETTING_TEXT, AT(net.proxy), "\"\"", SETTING_SECRET,
     "http://[user:password@]host:port that sign-on providers are asked through; empty: none."},
};
/* clang-format on */

const struct setting_table settings_tables[] = {
    [SETTINGS_POCKETBASE] = {"settings", settings_table, COUNT_OF(settings_table)},
    [SETTINGS_OWN] = {"reeve", own_table, COUNT_OF(own_table)},
};

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
    if (out->n > 0 && out->p[out->n - 1] != '{')
        BUF_ADD(out, ",");
    while (str_find_byte(rest, '.') < rest.n) {
        struct str group = str_split(&rest, '.');

        buf_addf(out, "\"%.*s\":{", STR_ARG(group));
    }
    buf_addf(out, "\"%.*s\":", STR_ARG(rest));
}

/* What stands for a row: its value, or where there is none its default. */
struct writer {
    struct buf *out;
    const struct settings *settings; /* NULL: the defaults */
    bool with_secrets;
};

static void write_texts(struct buf *out, const struct form_texts *texts)
{
    BUF_ADD(out, "[");
    for (size_t i = 0; i < texts->n; i++) {
        buf_add(out, i ? STR(",") : STR_NONE);
        json_write_text(out, texts->items[i]);
    }
    BUF_ADD(out, "]");
}

static void write_rules(struct buf *out, const struct settings *settings)
{
    BUF_ADD(out, "[");
    for (size_t i = 0; i < settings->rate_limits.n_rules; i++) {
        const struct settings_rate_rule *rule = &settings->rate_limits.rules[i];

        buf_add(out, i ? STR(",{\"label\":") : STR("{\"label\":"));
        json_write_text(out, rule->label);
        BUF_ADD(out, ",\"audience\":");
        json_write_text(out, rule->audience);
        buf_addf(out, ",\"duration\":%" PRId64 ",\"maxRequests\":%" PRId64 "}", rule->duration_s,
                 rule->max_requests);
    }
    BUF_ADD(out, "]");
}

static void write_value(const struct writer *to, const struct setting *setting)
{
    const void *at = (const char *)to->settings + setting->at;

    switch (setting->type) {
    case SETTING_BOOL:
        buf_add(to->out, *(const bool *)at ? STR("true") : STR("false"));
        return;
    case SETTING_INT:
        buf_addf(to->out, "%" PRId64, *(const int64_t *)at);
        return;
    case SETTING_TEXT:
        json_write_text(to->out, *(const struct str *)at);
        return;
    case SETTING_RULE:
        if (((const struct str *)at)->p)
            json_write_text(to->out, *(const struct str *)at);
        else
            BUF_ADD(to->out, "null");
        return;
    case SETTING_TEXTS:
        write_texts(to->out, at);
        return;
    case SETTING_RULES:
        write_rules(to->out, to->settings);
        return;
    }
    BUG("not a setting type");
}

static bool is_written(const struct writer *to, const struct setting *setting)
{
    if ((setting->flags & SETTING_SECRET) && !to->with_secrets)
        return false;
    return !(setting->flags & SETTING_OMIT_EMPTY) ||
           (to->settings &&
            ((const struct str *)((const char *)to->settings + setting->at))->n > 0);
}

static void write_table(const struct writer *to, const struct setting_table *table)
{
    struct str open = STR("");

    BUF_ADD(to->out, "{");
    for (size_t i = 0; i < table->n; i++) {
        const struct setting *setting = &table->rows[i];

        if (!is_written(to, setting))
            continue;
        change_group(to->out, open, str_of(setting->name));
        if (to->settings)
            write_value(to, setting);
        else
            buf_add(to->out, str_of(setting->initial));
        open = str_of(setting->name);
    }
    for (size_t i = count_dots(open) + 1; i > 0; i--)
        BUF_ADD(to->out, "}");
}

void settings_write(struct buf *out, enum settings_kind kind, const struct settings *settings,
                    bool with_secrets)
{
    const struct writer to = {.out = out, .settings = settings, .with_secrets = with_secrets};

    write_table(&to, &settings_tables[kind]);
}

struct str settings_default_json(struct arena *a, enum settings_kind kind)
{
    AUTO_BUF struct buf out;

    buf_init(&out, 64 * 1024);
    settings_write(&out, kind, NULL, true);
    return arena_dup(a, buf_str(&out));
}

static const char *const type_names[] = {
    [SETTING_BOOL] = "bool",   [SETTING_INT] = "int",   [SETTING_TEXT] = "text",
    [SETTING_TEXTS] = "texts", [SETTING_RULE] = "rule", [SETTING_RULES] = "rules",
};

void settings_describe(struct buf *out, enum settings_kind kind)
{
    const struct setting_table *table = &settings_tables[kind];

    BUF_ADD(out, "[");
    for (size_t i = 0; i < table->n; i++) {
        const struct setting *row = &table->rows[i];

        buf_addf(out, "%s{\"name\":\"%s\",\"type\":\"%s\",\"default\":%s,\"help\":", i ? "," : "",
                 row->name, type_names[row->type], row->initial);
        json_write_text(out, str_of(row->help));
        BUF_ADD(out, "}");
    }
    BUF_ADD(out, "]");
}
