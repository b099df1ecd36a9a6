/*
 * Labels of what a call does, the rule for them, and the key that is counted.
 */
#include "api/rate.h"

#include "base/id.h"
#include "base/rate.h"

#define EMPTY_LISTS 3 /* so many in so many seconds are not waited with */
#define EMPTY_LISTS_S 3
#define EMPTY_LIST_MS 500 /* below this */
#define CODES 5           /* tries of a record's one-time passwords in so many seconds */
#define CODES_S 180
#define PASSWORDS 5 /* wrong ones of an account in so many seconds, before the next longer wait */
#define PASSWORDS_S 900
#define PASSWORD_LONGEST_MS 4000

struct limited {
    struct str method, path;      /* the path as it is in the URL */
    const struct schema_col *col; /* NULL: limited by its path alone */
    const char *const *tags;      /* API_TAGS of them; of a collection */
    enum rate_kind kind;
    uint64_t place; /* of a collection: which route, and by which tags */
};

/* --- rules ----------------------------------------------------------------------------------- */

static const struct settings_rate_rule *find_tag_rule(const struct api_call *call, struct str name,
                                                      const struct limited *what)
{
    const struct settings_rate_rule *rule = NULL;

    for (size_t i = 0; i < API_TAGS && what->tags[i] && !rule; i++)
        rule = settings_rate_find(call->settings,
                                  arena_concat(call->arena, name, STR(":"), str_of(what->tags[i])),
                                  !call->caller.token.rec);
    return rule;
}

static struct str decoded(struct arena *a, struct str path)
{
    struct str plain;

    return req_decode(a, path, false, &plain) ? plain : path;
}

static const struct settings_rate_rule *find_rule(const struct api_call *call,
                                                  const struct limited *what)
{
    const struct str path = decoded(call->arena, what->path);
    const struct str with_method = arena_concat(call->arena, what->method, STR(" "), path);
    const bool is_guest = !call->caller.token.rec;
    const struct settings_rate_rule *rule = NULL;

    if (what->col)
        rule = find_tag_rule(call, what->col->name, what);
    if (!rule && what->col)
        rule = find_tag_rule(call, STR("*"), what);
    if (!rule)
        rule = settings_rate_find(call->settings, with_method, is_guest);
    return rule ? rule : settings_rate_find(call->settings, path, is_guest);
}

/* --- counting -------------------------------------------------------------------------------- */

bool rate_use(const struct api_call *call, enum rate_kind kind, uint64_t thing, int64_t duration_s,
              int64_t max)
{
    const uint64_t numbers[] = {kind, thing, settings_ip_client(call->caller.ip),
                                call->settings->snapshot.generation};

    return rate_take(call->api->rates, rate_key(numbers, COUNT_OF(numbers)),
                     rates_now_ms(call->api->rates), duration_s, max);
}

/* Paths share what their rule allows; a route of a collection has it for itself. */
static uint64_t thing_of(const struct api_call *call, const struct limited *what,
                         const struct settings_rate_rule *rule)
{
    const uint64_t numbers[] = {what->place, what->col ? str_hash(what->col->id) : 0,
                                str_hash(rule->audience)};

    if (what->kind == RATE_PATH)
        return (uint64_t)(rule - call->settings->rate_limits.rules);
    return rate_key(numbers, COUNT_OF(numbers));
}

/* Seldom a write: others that look at it are not to wait for each request. */
static void note_use(const struct api_call *call)
{
    const uint64_t generation = call->settings->snapshot.generation;

    if (atomic_load(&call->api->rated_generation) != generation)
        atomic_store(&call->api->rated_generation, generation);
}

static bool is_within(const struct api_call *call, const struct limited *what)
{
    const struct settings *settings = call->settings;
    const struct settings_rate_rule *rule;

    if (!settings->rate_limits.enabled || call->caller.actor.superuser)
        return true;
    rule = find_rule(call, what);
    if (!rule || settings_ip_in(&settings->rate_limits.excluded_ips, call->caller.ip))
        return true;
    note_use(call);
    return rate_use(call, what->kind, thing_of(call, what, rule), rule->duration_s,
                    rule->max_requests);
}

static struct err *too_many(struct api_call *call)
{
    return err_new(call->arena, E_TOO_MANY, NULL, "rate limit");
}

/* --- a request ------------------------------------------------------------------------------- */

static bool writes_records(const struct api_work *work)
{
    return work == &api_records_create || work == &api_records_update ||
           work == &api_records_delete;
}

struct err *rate_check(struct api_call *call)
{
    struct limited what = {.method = call->req->method, .path = call->req->path, .kind = RATE_PATH};

    if (call->route && call->route->tags[0]) {
        what.col = schema_find(call->schema, call->req->params[0]);
        if (!what.col || (what.col->type == SCHEMA_VIEW && writes_records(call->work)))
            return NULL;
        what.kind = RATE_COLLECTION;
        what.tags = call->route->tags;
        what.place = (uint64_t)(uintptr_t)call->route;
    }
    if (!call->rated) {
        call->refused = !is_within(call, &what);
        call->rated = true;
    }
    return call->refused ? too_many(call) : NULL;
}

struct err *rate_check_item(struct api_call *call, const struct rate_item *item)
{
    const char *const tags[API_TAGS] = {item->tag};
    const struct limited what = {.method = item->method,
                                 .path = item->path,
                                 .col = item->col,
                                 .tags = tags,
                                 .kind = RATE_BATCH,
                                 .place = str_hash(str_of(item->tag))};

    if (item->at == call->items_rated && !call->item_refused && !item->skip) {
        call->items_rated++;
        call->item_refused = !is_within(call, &what);
    }
    return call->item_refused && item->at + 1 == call->items_rated ? too_many(call) : NULL;
}

/* --- lists ----------------------------------------------------------------------------------- */

unsigned rate_empty_list_ms(struct api_call *call, const struct schema_col *col)
{
    if (call->caller.actor.superuser || col->list_rule.text.n == 0 ||
        req_query_get(call->req, STR("filter")).n == 0)
        return 0;
    if (!call->empty_rated &&
        !rate_use(call, RATE_EMPTY_LIST, str_hash(col->id), EMPTY_LISTS_S, EMPTY_LISTS))
        call->empty_ms = random_below(EMPTY_LIST_MS);
    call->empty_rated = true;
    return call->empty_ms;
}

/* --- one-time passwords ---------------------------------------------------------------------- */

struct err *rate_check_code(struct api_call *call, uint64_t account)
{
    if (!call->code_rated)
        call->code_refused = !rate_use(call, RATE_CODE, account, CODES_S, CODES);
    call->code_rated = true;
    if (!call->code_refused)
        return NULL;
    return err_new(call->arena, E_TOO_MANY,
                   "Too many attempts, please try again later with a new OTP.", "rate limit");
}

/* --- passwords ------------------------------------------------------------------------------- */

uint64_t rate_account(const struct schema_col *col, struct str name)
{
    const uint64_t numbers[] = {str_hash(col->id), str_hash(name)};

    return rate_key(numbers, COUNT_OF(numbers));
}

unsigned rate_wrong_password_ms(const struct api_call *call, uint64_t account)
{
    static const unsigned waits_ms[] = {0, 500, 1000, 2000};

    if (!call->settings->passwords.slow)
        return 0;
    for (size_t i = 0; i < COUNT_OF(waits_ms); i++) {
        const uint64_t numbers[] = {RATE_PASSWORD, account, i};

        if (rate_take(call->api->rates, rate_key(numbers, COUNT_OF(numbers)),
                      rates_now_ms(call->api->rates), PASSWORDS_S, PASSWORDS))
            return waits_ms[i];
    }
    return PASSWORD_LONGEST_MS;
}

bool rate_is_wrong_password(const struct err *err)
{
    const struct str code = str_of(err_code(CODE_OLD_PASSWORD)->code);

    for (const struct err_item *item = err->items; item; item = item->next)
        if (str_eq(item->code, code))
            return true;
    return false;
}
