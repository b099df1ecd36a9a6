/*
 * What values settings may have (services.md 6.1). The whole of them is checked, whatever was sent.
 */
#include "base/cron.h"
#include "base/format.h"
#include "base/limits.h"
#include "base/num.h"
#include "settings/internal.h"

#include <inttypes.h>

#define MAX_SAFE_INT INT64_C(9007199254740991)
#define NO_MIN INT64_MIN
#define NO_MAX INT64_MAX

/* --- formats ---------------------------------------------------------------------------------- */

static bool is_host(struct str text)
{
    return settings_ip_valid(text) ? str_find_byte(text, '/') == text.n : dns_name_valid(text);
}

static bool is_url(struct str text)
{
    struct str host;

    return url_valid(text, &host);
}

/* Control characters: whoever reads the address may stop there. */
static bool escapes_controls(struct str text)
{
    for (size_t i = 0; i + 2 < text.n; i++)
        if (text.p[i] == '%' && (text.p[i + 1] == '0' || text.p[i + 1] == '1' ||
                                 (text.p[i + 1] == '7' && (text.p[i + 2] | 0x20) == 'f')))
            return true;
    return false;
}

static bool is_port(struct str text)
{
    uint64_t port;

    return num_parse_u64(text, &port) && port >= 1 && port <= 65535;
}

/* http://[user:password@]host[:port]. So strict that nothing has to complain of it later, which
 * would name the password; TLS to a proxy would hide no more than that to where it leads. */
static bool is_proxy(struct str text)
{
    const size_t scheme = STR("http://").n;
    struct str rest, host;
    size_t at;

    if (!str_starts_nocase(text, STR("http://")) || !is_url(text) || escapes_controls(text))
        return false;
    rest = str_from(text, scheme);
    at = str_find_byte(rest, '@');
    host = at < rest.n ? str_from(rest, at + 1) : rest;
    at = str_find_last_byte(host, ':');
    return str_find_byte(host, '@') == host.n && str_find_byte(rest, '/') == rest.n &&
           str_find_byte(rest, '?') == rest.n && str_find_byte(rest, '#') == rest.n &&
           (at == host.n || is_port(str_from(host, at + 1)));
}

static bool is_color(struct str text)
{
    bool is = text.n == 7 && text.p[0] == '#';

    for (size_t i = 1; i < text.n; i++)
        is = is && ((text.p[i] >= '0' && text.p[i] <= '9') ||
                    ((text.p[i] | 0x20) >= 'a' && (text.p[i] | 0x20) <= 'f'));
    return is;
}

/* What a header can carry, and a configuration file without quotes. */
static bool is_token(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] <= ' ' || text.p[i] > '~')
            return false;
    return true;
}

static bool is_auth_method(struct str text)
{
    return str_eq(text, STR("PLAIN")) || str_eq(text, STR("LOGIN"));
}

static const struct format {
    bool (*fits)(struct str text);
    const char *code, *message;
} host = {is_host, "validation_is_host", "Must be a valid IP address or DNS name."},
  url = {is_url, "validation_is_url", "Must be a valid URL."},
  email = {email_valid, "validation_is_email", "Must be a valid email address."},
  color = {is_color, "validation_is_hex_color", "Must be a valid hexadecimal color code."},
  auth_method = {is_auth_method, "validation_in_invalid", "Must be a valid value."},
  proxy = {is_proxy, "validation_is_url", "Must be a valid URL."},
  token = {is_token, "validation_match_invalid", "Must be in a valid format."};

/* --- when a value is needed ------------------------------------------------------------------- */

static bool always(const struct settings *settings)
{
    (void)settings;
    return true;
}

static bool with_smtp(const struct settings *settings)
{
    return settings->smtp.enabled;
}

static bool with_cron(const struct settings *settings)
{
    return settings->backups.cron.n > 0;
}

static bool with_backups_s3(const struct settings *settings)
{
    return settings->backups.s3.enabled;
}

static bool with_s3(const struct settings *settings)
{
    return settings->s3.enabled;
}

static bool with_batch(const struct settings *settings)
{
    return settings->batch.enabled;
}

/* --- the table -------------------------------------------------------------------------------- */

#define AT(member) offsetof(struct settings, member)
#define THUMB_PIXELS 1000000000 /* a decode cannot be stopped */
#define THUMB_BYTES ((int64_t)8 << 30)
#define REPLAY_BYTES ((int64_t)1 << 30)
#define REPLAY_SECONDS 86400
#define LOG_RATE 100000 /* each is a row */
#define TOKEN_LEAST 16  /* what nobody guesses */
#define TOKEN_MOST 255

/* 0 is empty: bounds are for other values. */
static const struct int_row {
    const char *path;
    size_t at;
    bool (*needed)(const struct settings *settings);
    int64_t min, max;
} int_rows[] =
    {
        {"smtp.port", AT(smtp.port), with_smtp, 0, NO_MAX},
        {"backups.cronMaxKeep", AT(backups.cron_max_keep), with_cron, 1, NO_MAX},
        {"batch.maxRequests", AT(batch.max_requests), with_batch, 0, NO_MAX},
        {"batch.timeout", AT(batch.timeout_s), with_batch, 0, NO_MAX},
        {"batch.maxBodySize", AT(batch.max_body_size), NULL, 0, NO_MAX},
        {"logs.maxDataSize", AT(logs.max_data_size), NULL, 0, MAX_SAFE_INT},
        {"logs.maxDays", AT(logs.max_days), NULL, 0, MAX_SAFE_INT},
        {"logs.minLevel", AT(logs.min_level), NULL, NO_MIN, MAX_SAFE_INT},
},
  own_int_rows[] = {
      {"thumbs.maxPixels", AT(thumbs.max_pixels), NULL, 0, THUMB_PIXELS},
      {"thumbs.maxBytes", AT(thumbs.max_bytes), NULL, 0, THUMB_BYTES},
      {"logs.rate", AT(logs.rate), NULL, 0, LOG_RATE},
      {"realtime.replayBytes", AT(realtime.replay_bytes), NULL, 0, REPLAY_BYTES},
      {"realtime.replaySeconds", AT(realtime.replay_seconds), NULL, 0, REPLAY_SECONDS},
};

static const struct text_row {
    const char *path;
    size_t at;
    bool (*needed)(const struct settings *settings);
    size_t min, max; /* bytes; max 0: any number */
    const struct format *format;
} text_rows[] = {
    {"smtp.host", AT(smtp.host), with_smtp, 0, 0, &host},
    {"smtp.authMethod", AT(smtp.auth_method), NULL, 0, 0, &auth_method},
    {"smtp.localName", AT(smtp.local_name), NULL, 0, 0, &host},
    {"backups.s3.endpoint", AT(backups.s3.endpoint), with_backups_s3, 0, 0, &url},
    {"backups.s3.bucket", AT(backups.s3.bucket), with_backups_s3, 0, 0, NULL},
    {"backups.s3.region", AT(backups.s3.region), with_backups_s3, 0, 0, NULL},
    {"backups.s3.accessKey", AT(backups.s3.access_key), with_backups_s3, 0, 0, NULL},
    {"backups.s3.secret", AT(backups.s3.secret), with_backups_s3, 0, 0, NULL},
    {"s3.endpoint", AT(s3.endpoint), with_s3, 0, 0, &url},
    {"s3.bucket", AT(s3.bucket), with_s3, 0, 0, NULL},
    {"s3.region", AT(s3.region), with_s3, 0, 0, NULL},
    {"s3.accessKey", AT(s3.access_key), with_s3, 0, 0, NULL},
    {"s3.secret", AT(s3.secret), with_s3, 0, 0, NULL},
    {"meta.accentColor", AT(meta.accent_color), NULL, 7, 7, &color},
    {"meta.appName", AT(meta.app_name), always, 1, 255, NULL},
    {"meta.appURL", AT(meta.app_url), always, 0, 0, &url},
    {"meta.senderName", AT(meta.sender_name), always, 1, 255, NULL},
    {"meta.senderAddress", AT(meta.sender_address), always, 0, 0, &email},
};

static const struct text_row own_text_rows[] = {
    {"metrics.token", AT(metrics.token), NULL, TOKEN_LEAST, TOKEN_MOST, &token},
    {"net.proxy", AT(net.proxy), NULL, 0, 0, &proxy},
};

static const struct ips_row {
    const char *path;
    size_t at;
} ips_rows[] = {
    {"superuserIPs", AT(superuser_ips)},
    {"rateLimits.excludedIPs", AT(rate_limits.excluded_ips)},
};

/* --- checks ----------------------------------------------------------------------------------- */

static void refuse_own(const struct settings_checking *check, struct str path, const char *code,
                       const char *message)
{
    err_add_raw_item(check->a, check->refused, path, str_of(code), str_of(message), STR_NONE);
}

static void check_int(const struct settings_checking *check, const struct int_row *row)
{
    int64_t value = *(const int64_t *)((const char *)check->settings + row->at);

    settings_check_number(check, str_of(row->path), value,
                          row->needed && row->needed(check->settings), row->min, row->max);
}

static void check_text(const struct settings_checking *check, const struct text_row *row)
{
    struct str text = *(const struct str *)((const char *)check->settings + row->at);
    struct str path = str_of(row->path);

    if (text.n == 0) {
        if (row->needed && row->needed(check->settings))
            settings_refuse(check, path, CODE_REQUIRED, STR_NONE);
    } else if (row->max > 0 && (text.n < row->min || text.n > row->max)) {
        settings_refuse(check, path, row->min == row->max ? CODE_LENGTH_EXACT : CODE_LENGTH_RANGE,
                        arena_printf(check->a, "{\"max\":%zu,\"min\":%zu}", row->max, row->min));
    } else if (row->format && !row->format->fits(text)) {
        refuse_own(check, path, row->format->code, row->format->message);
    }
}

/* False: it is refused. */
static bool check_count(const struct settings_checking *check, const char *path, size_t n, int max)
{
    if (n <= (size_t)max)
        return true;
    settings_refuse(check, str_of(path), CODE_LENGTH_TOO_LONG,
                    arena_printf(check->a, "{\"max\":%d,\"min\":0}", max));
    return false;
}

static void check_ips(const struct settings_checking *check, const struct ips_row *row)
{
    const struct form_texts *ips =
        (const struct form_texts *)((const char *)check->settings + row->at);

    if (!check_count(check, row->path, ips->n, LIMIT_ADDRESSES))
        return;
    for (size_t i = 0; i < ips->n; i++) {
        struct str path = arena_printf(check->a, "%s.%zu", row->path, i);

        if (ips->items[i].n == 0)
            settings_refuse(check, path, CODE_REQUIRED, STR_NONE);
        else if (!settings_ip_valid(ips->items[i]))
            refuse_own(check, path, "validation_invlaid_ip_or_subnet", /* spelled like this */
                       "Invalid IP or CIDR subnet.");
    }
}

static void check_cron(const struct settings_checking *check)
{
    struct cron cron;
    struct str why;

    if (check->settings->backups.cron.n > 0 &&
        !cron_parse(check->a, check->settings->backups.cron, &cron, &why))
        err_add_raw_item(check->a, check->refused, STR("backups.cron"),
                         STR("validation_invalid_cron"), why, STR_NONE);
}

static void check_own(const struct settings_checking *check)
{
    for (size_t i = 0; i < COUNT_OF(own_int_rows); i++)
        check_int(check, &own_int_rows[i]);
    for (size_t i = 0; i < COUNT_OF(own_text_rows); i++)
        check_text(check, &own_text_rows[i]);
}

static void check_pocketbase(const struct settings_checking *check)
{
    for (size_t i = 0; i < COUNT_OF(int_rows); i++)
        check_int(check, &int_rows[i]);
    for (size_t i = 0; i < COUNT_OF(text_rows); i++)
        check_text(check, &text_rows[i]);
    for (size_t i = 0; i < COUNT_OF(ips_rows); i++)
        check_ips(check, &ips_rows[i]);
    (void)check_count(check, "trustedProxy.headers", check->settings->trusted_proxy.headers.n,
                      LIMIT_PROXY_HEADERS);
    check_cron(check);
    settings_check_rules(check);
}

void settings_check(struct arena *a, enum settings_kind kind, const struct settings *settings,
                    struct err **refused)
{
    static void (*const checks[])(const struct settings_checking *) = {
        [SETTINGS_POCKETBASE] = check_pocketbase, [SETTINGS_OWN] = check_own};
    const struct settings_checking check = {.a = a, .settings = settings, .refused = refused};

    checks[kind](&check);
}
