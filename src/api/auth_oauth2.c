/*
 * POST /api/collections/{collection}/auth-with-oauth2 (auth.md 7).
 */
#include "api/auth.h"
#include "auth/oauth2.h"

static struct auth_oauth2 *sign_in_of(const struct api_call *call)
{
    const struct auth_login *login = call->state;

    return login->oauth2;
}

static struct auth_peers peers_of(struct api_call *call)
{
    return (struct auth_peers){.net = call->api->net,
                               .keys = call->api->oauth_keys,
                               .proxy = call->settings->net.proxy,
                               .apple_names = call->api->apple_names,
                               .gone = &call->req->gone};
}

/* It may begin anew, with what the provider has said. */
static struct err *read_sign_in(struct api_call *call)
{
    struct auth_login *login = call->state;

    if (!login) {
        call->state = login = ARENA_NEW(call->arena, struct auth_login);
        login->oauth2 = ARENA_NEW(call->arena, struct auth_oauth2);
    }
    return auth_oauth2_read(call->arena, api_auth_form(call), login->oauth2);
}

static bool is_unknown(const struct api_call *call)
{
    return !sign_in_of(call)->is_known;
}

static struct err *ask_provider(struct api_call *call)
{
    const struct auth_peers peers = peers_of(call);

    return auth_oauth2_ask(call->arena, &peers, sign_in_of(call));
}

static struct err *find_account(struct api_call *call)
{
    return auth_oauth2_find(call->arena, call->conn, sign_in_of(call));
}

/* --- an account that is there ----------------------------------------------------------------- */

static bool needs_hash(const struct api_call *call)
{
    return sign_in_of(call)->needs_hash;
}

static struct err *hash_password(struct api_call *call)
{
    return auth_oauth2_hash(call->arena, sign_in_of(call));
}

/* --- a new one -------------------------------------------------------------------------------- */

static bool is_new(const struct api_call *call)
{
    return !sign_in_of(call)->rec;
}

static bool wants_avatar(const struct api_call *call)
{
    return is_new(call) && sign_in_of(call)->wants_avatar;
}

static struct err *fetch_avatar(struct api_call *call)
{
    const struct auth_peers peers = peers_of(call);

    return auth_oauth2_fetch_avatar(call->arena, &peers, sign_in_of(call));
}

static struct err *make_draft(struct api_call *call)
{
    const struct auth_peers peers = peers_of(call);

    return auth_oauth2_draft(call->arena, &peers, sign_in_of(call));
}

/* Whether a new record comes to what the step's `what` says. */
static bool is_next(const struct api_call *call)
{
    const struct rec_draft *draft = sign_in_of(call)->draft;

    return draft && rec_draft_next(draft) == (enum rec_next)call->step->what;
}

static struct err *complete_draft(struct api_call *call)
{
    return rec_draft_go_on(call->arena, sign_in_of(call)->draft);
}

static struct err *judge_draft(struct api_call *call)
{
    return rec_draft_judge(call->arena, call->conn, sign_in_of(call)->draft);
}

static void discard_draft(struct api_call *call)
{
    struct auth_oauth2 *it = call->state ? sign_in_of(call) : NULL;

    if (it && it->draft)
        rec_draft_discard(it->draft);
    if (it)
        it->draft = NULL;
}

/* --- both ------------------------------------------------------------------------------------- */

/* Listeners are told inside of the unit that also links the record, so that is not for a group. */
static bool is_grouped(const struct api_call *call)
{
    const struct auth_oauth2 *it = sign_in_of(call);

    return it && (!it->draft || rec_draft_next(it->draft) != REC_HEARD);
}

static struct err *take_record(struct api_call *call)
{
    struct auth_login *login = call->state;

    if (login->oauth2)
        auth_oauth2_take(call->arena, login, call->out);
    return NULL;
}

/* clang-format off */
const struct api_work api_auth_with_oauth2 = {
    .steps = {
        {.place = AT_READ, .run = read_sign_in},
        {.place = AT_PROVIDER, .run = ask_provider, .needed = is_unknown},
        {.place = AT_READ, .run = find_account},
        {.place = AT_HASH, .run = hash_password, .needed = needs_hash},
        {.place = AT_PROVIDER, .run = fetch_avatar, .needed = wants_avatar},
        {.place = AT_READ, .run = make_draft, .needed = is_new},
        {.place = AT_HASH, .run = complete_draft, .needed = is_next, .what = REC_HASH},
        {.place = AT_POOL, .run = complete_draft, .needed = is_next, .what = REC_LOOK},
        {.place = AT_POOL, .run = complete_draft, .needed = is_next, .what = REC_MATCH},
        {.place = AT_READ, .run = judge_draft, .needed = is_next, .what = REC_JUDGE},
        {.place = AT_STORE, .run = complete_draft, .needed = is_next, .what = REC_STORE},
        {.place = AT_LEASE, .unit = auth_oauth2_unit, .needed = is_next, .what = REC_HEARD},
        {.place = AT_UNIT, .unit = auth_oauth2_unit, .needed = is_grouped},
        {.place = AT_LOOP, .run = take_record},
        LOGIN_STEPS,
    },
    .undo = discard_draft,
};
/* clang-format on */
