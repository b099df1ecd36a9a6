/*
 * Which rule limits what: compared with reading the rules one after the other, as services.md 11
 * tells it.
 */
#include "unit/unit.h"

#include "base/compiler.h"
#include "settings/internal.h"

#define RULES 12
#define MAX_LABEL 12

static bool means(const struct settings_rate_rule *rule, bool is_guest)
{
    return rule->audience.n == 0 || str_eq(rule->audience, is_guest ? STR("@guest") : STR("@auth"));
}

static const struct settings_rate_rule *find_slowly(struct arena *a,
                                                    const struct settings *settings,
                                                    struct str label, bool is_guest)
{
    const struct settings_rate_rule *rules = settings->rate_limits.rules;
    struct str longer = arena_concat(a, label, STR("/"), STR_NONE);

    for (size_t i = 0; i < settings->rate_limits.n_rules; i++)
        if (str_eq(rules[i].label, label) && means(&rules[i], is_guest))
            return &rules[i];
    for (size_t i = 0; i < settings->rate_limits.n_rules; i++)
        if (str_ends(rules[i].label, STR("/")) && str_starts(longer, rules[i].label) &&
            means(&rules[i], is_guest))
            return &rules[i];
    return NULL;
}

static uint32_t seed = 1;

static uint32_t below(uint32_t bound)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % bound;
}

static struct str random_label(struct arena *a)
{
    size_t n = below(MAX_LABEL);
    char *p = arena_alloc(a, n + 1);

    for (size_t i = 0; i < n; i++)
        p[i] = "//ab\xff-"[below(6)];
    return (struct str){p, n};
}

static void rules_are_found_as_if_read_in_order(void **state)
{
    static const struct str audiences[] = {STR_INIT(""), STR_INIT("@guest"), STR_INIT("@auth"),
                                           STR_INIT("@other")};
    AUTO(arena_free) struct arena *a = arena_new();

    (void)state;
    for (int round = 0; round < 3000; round++) {
        struct settings_rate_rule rules[RULES];
        struct settings settings = {.rate_limits = {.rules = rules, .n_rules = below(RULES + 1)}};

        arena_reset(a);
        for (size_t i = 0; i < settings.rate_limits.n_rules; i++)
            rules[i] = (struct settings_rate_rule){.label = random_label(a),
                                                   .audience = audiences[below(4)]};
        settings_rates_index(a, &settings);
        for (int i = 0; i < 60; i++) {
            struct str label = random_label(a);
            bool is_guest = i % 2 == 0;

            assert_ptr_equal(settings_rate_find(&settings, label, is_guest),
                             find_slowly(a, &settings, label, is_guest));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_found_as_if_read_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
