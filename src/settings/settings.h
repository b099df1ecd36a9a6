/*
 * settings: the row `settings` of `_params` as an immutable snapshot (data-dir.md 7).
 *
 * One table (table.c) names each setting with its type, default and whether it is a secret.
 */
#ifndef REEVE_SETTINGS_SETTINGS_H
#define REEVE_SETTINGS_SETTINGS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/form.h"
#include "base/map.h"
#include "base/snapshot.h"
#include "base/str.h"
#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

struct settings_s3 {
    bool enabled, force_path_style;
    struct str bucket, region, endpoint, access_key, secret;
};

struct settings_rate_rule {
    struct str label, audience;
    int64_t duration_s, max_requests;
};

/* Rules by their labels (rates.c). */
struct settings_rates {
    struct map exact;             /* label to the rules that have it */
    struct rate_prefix *prefixes; /* those that end in "/", sorted */
    size_t n_prefixes;
    size_t longest; /* bytes of a label */
};

struct settings {
    struct snapshot snapshot;
    struct form_texts superuser_ips;
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
        struct form_texts excluded_ips;
        struct settings_rate_rule *rules;
        size_t n_rules;
        struct settings_rates by_label; /* of settings_load() alone */
    } rate_limits;
    struct {
        struct form_texts headers;
        bool use_leftmost_ip;
    } trusted_proxy;
    struct {
        bool enabled;
        int64_t max_requests, timeout_s, max_body_size;
    } batch;
    struct {
        int64_t max_data_size, max_days, min_level;
        bool log_ip, log_auth_id;
        int64_t rate; /* SETTINGS_OWN: successful requests a second that have a row each */
    } logs;
    struct { /* from here on SETTINGS_OWN */
        bool etags;
    } records;
    struct {
        int64_t max_pixels, max_bytes;
    } thumbs;
    struct {
        bool slow;
    } passwords;
    struct {
        struct str rooms; /* a rule; p NULL: there are none */
        int64_t replay_bytes, replay_seconds;
    } realtime;
    struct {
        bool hashed_cache;
    } public;
    struct {
        struct str token; /* empty: metrics are for superusers alone */
    } metrics;
    struct {
        struct str proxy; /* that sign-on providers are asked through; empty: none */
    } net;
};

/* Two rows of `_params`, each a JSON object: PocketBase's, and our own, which PocketBase leaves
 * alone (it drops what it does not know in its own). Ours may be missing: all defaults. */
enum settings_kind { SETTINGS_POCKETBASE, SETTINGS_OWN };

/* The defaults as the JSON text of a fresh directory's row. */
struct str settings_default_json(struct arena *a, enum settings_kind kind);
/* One kind of settings as a JSON object: with secrets, as it is stored; without, as the API shows
 * it. */
void settings_write(struct buf *out, enum settings_kind kind, const struct settings *settings,
                    bool with_secrets);
/* What one may set, as a JSON list: [{"name","type","default","help"}]. */
void settings_describe(struct buf *out, enum settings_kind kind);

/* The row's text under a key of 16, 24 or 32 bytes: base64 of what AES-GCM made of it. False: the
 * key has another length. */
bool settings_seal(struct arena *a, struct str json, struct str key, struct str *ret_text);

/* Reads the rows. key: the value of the environment variable that --encryptionEnv names, or empty.
 * Errors (no row, wrong key, no JSON, a value of the wrong type) say so in `cause`. */
MUST_CHECK struct err *settings_load(struct arena *a, struct db_conn *conn, struct str key,
                                     struct settings **ret);
/* struct settings_store, and settings_ref() to settings_return(): base/snapshot.h. */
SNAPSHOT_STORE(settings);

/* Values over the stored ones. */
struct settings_change {
    enum settings_kind kind;
    const struct form_input *form;
    struct str key; /* settings_load() */
    int64_t now_ms;
};
/* A db_unit_fn: `in` is a struct settings_change. Merges, checks all of them and stores them;
 * *ret_out: the settings as they are now, a const struct settings * that lives in `a`. Errors:
 * E_BAD_REQUEST with items and without a message; without items: a value of the wrong type. */
struct err *settings_change_unit(struct db_conn *tx, const void *in, struct arena *a,
                                 void **ret_out);
/* Inside a unit: labels of rate limits "former:tag" become "name:tag". *ret_changed: some have. */
MUST_CHECK struct err *settings_rename_labels(struct arena *a, struct db_conn *tx, struct str key,
                                              struct str former, struct str name, int64_t now_ms,
                                              bool *ret_changed);

/* The rule for a label (services.md 11) and such a caller; NULL: none. The settings are those of
 * settings_load(). Any thread. */
const struct settings_rate_rule *settings_rate_find(const struct settings *settings,
                                                    struct str label, bool is_guest);

/* One number a client, never 0: of its address, or of the network of 64 bits where it is IPv6,
 * which is what one is given. Any text will do. Any thread. */
uint64_t settings_ip_client(struct str ip);
/* Whether an address (as services.md 13 writes it) is in a list of addresses and CIDR ranges. */
bool settings_ip_in(const struct form_texts *list, struct str ip);
/* Whether the text is an address or a CIDR range. */
bool settings_ip_valid(struct str text);

#endif
