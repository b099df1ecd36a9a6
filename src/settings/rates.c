/*
 * Which rule limits a request (services.md 11): by the whole label, or by a beginning of it.
 *
 * Each request asks for several labels, so rules are not looked through: whole labels are in a map,
 * beginnings are sorted, each with the next shorter one that it begins with itself. Of a label the
 * longest beginning is then found by halving, and with it all others.
 */
#include "settings/internal.h"

#include <stdlib.h>
#include <string.h>

enum { GUEST, AUTH, CALLERS };

/* For each kind of caller the first of some rules that means it, or NULL. */
struct rate_match {
    const struct settings_rate_rule *of[CALLERS];
};

struct rate_prefix {
    struct str label;               /* ends in "/" */
    struct rate_match match;        /* of this one and all that it begins with */
    const struct rate_prefix *base; /* the longest of these; NULL: none */
};

/* Rules of other audiences, which nothing keeps out of the database, mean nobody. */
static void match_add(struct rate_match *match, const struct settings_rate_rule *rule)
{
    const bool all = rule->audience.n == 0;

    if (!match->of[GUEST] && (all || str_eq(rule->audience, STR("@guest"))))
        match->of[GUEST] = rule;
    if (!match->of[AUTH] && (all || str_eq(rule->audience, STR("@auth"))))
        match->of[AUTH] = rule;
}

/* Their places in the list are their order. */
static void match_merge(struct rate_match *match, const struct rate_match *other)
{
    for (size_t i = 0; i < CALLERS; i++)
        if (other->of[i] && (!match->of[i] || other->of[i] < match->of[i]))
            match->of[i] = other->of[i];
}

static int compare_prefixes(const void *x, const void *y)
{
    return str_cmp(((const struct rate_prefix *)x)->label, ((const struct rate_prefix *)y)->label);
}

/* What one begins with stands before it, with nothing between but what begins with it, too. */
static void link_prefixes(struct settings_rates *rates)
{
    for (size_t i = 1; i < rates->n_prefixes; i++) {
        struct rate_prefix *prefix = &rates->prefixes[i];
        const struct rate_prefix *base = prefix - 1;

        while (base && !str_starts(prefix->label, base->label))
            base = base->base;
        prefix->base = base;
        if (base)
            match_merge(&prefix->match, &base->match);
    }
}

void settings_rates_index(struct arena *a, struct settings *settings)
{
    struct settings_rates *rates = &settings->rate_limits.by_label;
    const size_t n = settings->rate_limits.n_rules;
    struct rate_match **matches = ARENA_ARRAY(a, struct rate_match *, n);

    *rates = (struct settings_rates){.prefixes = ARENA_ARRAY(a, struct rate_prefix, n)};
    for (size_t i = 0; i < n; i++) {
        const struct settings_rate_rule *rule = &settings->rate_limits.rules[i];

        matches[i] = map_find(&rates->exact, rule->label);
        if (!matches[i]) {
            matches[i] = ARENA_NEW(a, struct rate_match);
            map_put(a, &rates->exact, rule->label, matches[i]);
            if (str_ends(rule->label, STR("/")))
                rates->prefixes[rates->n_prefixes++].label = rule->label;
        }
        match_add(matches[i], rule);
        if (rule->label.n > rates->longest)
            rates->longest = rule->label.n;
    }
    for (size_t i = 0; i < rates->n_prefixes; i++)
        rates->prefixes[i].match =
            *(struct rate_match *)map_find(&rates->exact, rates->prefixes[i].label);
    if (rates->n_prefixes > 0)
        qsort(rates->prefixes, rates->n_prefixes, sizeof(*rates->prefixes), compare_prefixes);
    link_prefixes(rates);
}

/* --- asking ---------------------------------------------------------------------------------- */

/* As str_cmp() of the prefix and the label with a "/" behind it. */
static int compare_with(const struct rate_prefix *prefix, struct str label)
{
    const struct str p = prefix->label;
    int order = str_cmp(str_sub(p, 0, label.n), label);

    if (order != 0 || p.n <= label.n)
        return order;
    order = (unsigned char)p.p[label.n] - '/';
    return order != 0 ? order : p.n > label.n + 1;
}

static bool begins(const struct rate_prefix *prefix, struct str label)
{
    const struct str p = prefix->label;

    if (p.n <= label.n)
        return str_starts(label, p);
    return p.n == label.n + 1 && str_starts(p, label); /* it ends in the "/" */
}

static const struct rate_prefix *find_prefix(const struct settings_rates *rates, struct str label)
{
    size_t low = 0, high = rates->n_prefixes; /* those before `low` are not after the label */
    const struct rate_prefix *prefix;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_with(&rates->prefixes[middle], label) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    prefix = low > 0 ? &rates->prefixes[low - 1] : NULL;
    while (prefix && !begins(prefix, label))
        prefix = prefix->base;
    return prefix;
}

const struct settings_rate_rule *settings_rate_find(const struct settings *settings,
                                                    struct str label, bool is_guest)
{
    const struct settings_rates *rates = &settings->rate_limits.by_label;
    const int caller = is_guest ? GUEST : AUTH;
    const struct rate_match *match =
        label.n <= rates->longest ? map_find(&rates->exact, label) : NULL;
    const struct rate_prefix *prefix;

    if (match && match->of[caller])
        return match->of[caller];
    prefix = find_prefix(rates, label);
    return prefix ? prefix->match.of[caller] : NULL;
}
