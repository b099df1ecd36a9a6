/*
 * GET …/auth-methods (auth.md 5.1). A method that is off shows none of its options.
 */
#include "auth/internal.h"

#include "base/id.h"
#include "base/limits.h"

#define STATE_CHARS 30

static const char *const truth[] = {"false", "true"};

static void write_timed(struct buf *out, const char *name, bool enabled, int64_t duration_s)
{
    buf_addf(out, ",\"%s\":{\"enabled\":%s,\"duration\":%lld}", name, truth[enabled],
             (long long)(enabled ? duration_s : 0));
}

static void write_member(struct buf *out, const char *name, struct str text)
{
    buf_addf(out, ",\"%s\":", name);
    json_write_text(out, text);
}

/* --- sign-on providers ------------------------------------------------------------------------ */

/* What a client needs to send somebody there. Nothing of it is kept here: the client brings the
 * verifier along, and compares the state itself. */
struct way {
    struct oauth provider;
    struct str name, state, url;
    struct oauth_pkce pkce; /* empty: none */
};

typedef VEC(struct way) way_list;

/* Those that cannot be used are left out. */
static void find_ways(struct arena *a, const struct schema_oauth2 *oauth2, way_list *ret)
{
    for (size_t i = 0; oauth2->enabled && i < oauth2->n_providers; i++) {
        struct way way = {.name = oauth2->providers[i].name,
                          .state = random_text(a, STATE_CHARS, ALPHABET_SECRET)};

        if (oauth_open(a, &oauth2->providers[i], &way.provider))
            continue;
        if (way.provider.pkce)
            way.pkce = oauth_pkce_new(a);
        way.url = oauth_auth_url(a, &way.provider, way.state, way.pkce.challenge);
        *VEC_PUSH(a, ret) = way;
    }
}

static void write_ways(struct buf *out, const way_list *ways, bool with_logos)
{
    for (size_t i = 0; i < ways->n; i++) {
        const struct way *way = &ways->items[i];

        buf_addf(out, "%s{\"name\":", i ? "," : "");
        json_write_text(out, way->name);
        write_member(out, "displayName", way->provider.display_name);
        write_member(out, "logo",
                     with_logos ? oauth_provider_logo(way->provider.provider) : STR(""));
        write_member(out, "state", way->state);
        write_member(out, "authURL", way->url);
        write_member(out, "authUrl", way->url);
        write_member(out, "codeVerifier", way->pkce.verifier);
        write_member(out, "codeChallenge", way->pkce.challenge);
        write_member(out, "codeChallengeMethod", way->provider.pkce ? STR("S256") : STR(""));
        BUF_ADD(out, "}");
    }
}

/* --- all of them ------------------------------------------------------------------------------ */

struct err *auth_methods(struct arena *a, const struct schema_col *col, struct auth_answer *ret)
{
    const struct schema_auth *auth;
    way_list ways = {0};
    AUTO_BUF struct buf out;
    struct err *err;

    buf_init(&out, LIMIT_RESPONSE_BYTES);
    err = auth_check_collection(a, col);
    if (err)
        return err;
    auth = col->auth;
    find_ways(a, &auth->oauth2, &ways);
    BUF_ADD(&out, "{\"password\":{\"identityFields\":[");
    for (size_t i = 0; auth->password_enabled && i < auth->identity_fields.n; i++) {
        if (i > 0)
            BUF_ADD(&out, ",");
        json_write_text(&out, auth->identity_fields.items[i]);
    }
    buf_addf(&out, "],\"enabled\":%s},\"oauth2\":{\"providers\":[", truth[auth->password_enabled]);
    write_ways(&out, &ways, true);
    buf_addf(&out, "],\"enabled\":%s}", truth[auth->oauth2.enabled]);
    write_timed(&out, "mfa", auth->mfa_enabled, auth->mfa_duration_s);
    write_timed(&out, "otp", auth->otp_enabled, auth->otp_duration_s);
    BUF_ADD(&out, ",\"authProviders\":[");
    write_ways(&out, &ways, false);
    buf_addf(&out, "],\"usernamePassword\":%s,\"emailPassword\":%s}",
             truth[auth->password_enabled && auth_identifies_by(auth, STR("username"))],
             truth[auth->password_enabled && auth_identifies_by(auth, STR("email"))]);
    if (out.full)
        return err_new(a, E_INTERNAL, NULL, "the answer is over its limit");
    *ret = (struct auth_answer){200, arena_dup(a, buf_str(&out))};
    return NULL;
}
