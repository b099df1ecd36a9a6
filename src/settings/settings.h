/*
 * settings: the row `settings` of `_params` as an immutable snapshot (data-dir.md 7).
 *
 * One table (table.c) names each setting with its type, default and whether it is a secret.
 */
#ifndef REEVE_SETTINGS_SETTINGS_H
#define REEVE_SETTINGS_SETTINGS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/snapshot.h"
#include "base/str.h"
#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

struct settings_texts {
    struct str *items;
    size_t n;
};

struct settings_s3 {
    bool enabled, force_path_style;
    struct str bucket, region, endpoint, access_key, secret;
};

struct settings_rate_rule {
    struct str label, audience;
    int64_t duration_s, max_requests;
};

struct settings {
    struct snapshot snapshot;
    struct settings_texts superuser_ips;
    struct {
        bool enabled, tls;
        int64_t port;
        struct str host, username, password, auth_method, local_name;
    } smtp;
    struct {
        struct str cron;
        int64_t cron_max_keep;
        struct settings_s3 s3;
    } backups;
    struct settings_s3 s3;
    struct {
        struct str accent_color, app_name, app_url, sender_name, sender_address;
        bool hide_controls;
    } meta;
    struct {
        bool enabled;
        struct settings_texts excluded_ips;
        struct settings_rate_rule *rules;
        size_t n_rules;
    } rate_limits;
    struct {
        struct settings_texts headers;
        bool use_leftmost_ip;
    } trusted_proxy;
    struct {
        bool enabled;
        int64_t max_requests, timeout_s, max_body_size;
    } batch;
    struct {
        int64_t max_data_size, max_days, min_level;
        bool log_ip, log_auth_id;
    } logs;
    struct { /* of our own: PocketBase knows no such group */
        bool etags;
    } records;
};

/* The defaults as the JSON text of a fresh directory's row. */
struct str settings_default_json(struct arena *a);

/* The row's text under a key of 16, 24 or 32 bytes: base64 of what AES-GCM made of it. False: the
 * key has another length. */
bool settings_seal(struct arena *a, struct str json, struct str key, struct str *ret_text);

/* Reads the row. key: the value of the environment variable that --encryptionEnv names, or empty.
 * Errors (no row, wrong key, no JSON, a value of the wrong type) say so in `cause`. */
MUST_CHECK struct err *settings_load(struct arena *a, struct db_conn *conn, struct str key,
                                     struct settings **ret);
/* struct settings_store, and settings_ref() to settings_return(): base/snapshot.h. */
SNAPSHOT_STORE(settings);

/* A db_unit_fn: replaces superuserIPs in the stored row, leaving the rest of it as it is. */
struct settings_set_ips {
    struct settings_texts ips;
    struct str key;
    int64_t now_ms;
};
struct err *settings_write_superuser_ips(struct db_conn *tx, const void *in, struct arena *a,
                                         void **ret_out);

/* One number a client, never 0: of its address, or of the network of 64 bits where it is IPv6,
 * which is what one is given. Any text will do. Any thread. */
uint64_t settings_ip_client(struct str ip);
/* Whether an address (as services.md 13 writes it) is in a list of addresses and CIDR ranges. */
bool settings_ip_in(const struct settings_texts *list, struct str ip);
/* Whether the text is an address or a CIDR range. */
bool settings_ip_valid(struct str text);

#endif
