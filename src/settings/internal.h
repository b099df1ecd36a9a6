/*
 * settings/internal: the table of settings, shared by the files of this folder.
 */
#ifndef REEVE_SETTINGS_INTERNAL_H
#define REEVE_SETTINGS_INTERNAL_H

#include "base/json.h"
#include "settings/settings.h"

enum setting_type {
    SETTING_BOOL,
    SETTING_INT,
    SETTING_TEXT,
    SETTING_TEXTS,
    SETTING_RULE,  /* a text of the filter language, or null */
    SETTING_RULES, /* rateLimits.rules and the number beside it */
};

enum setting_flag {
    SETTING_SECRET = 1,     /* never sent */
    SETTING_OMIT_EMPTY = 2, /* not written when it is empty */
};

struct setting {
    const char *name; /* groups nest by '.'; the order of the rows is the written order */
    enum setting_type type;
    size_t at;           /* in struct settings */
    const char *initial; /* JSON */
    unsigned flags;
    const char *help;
};

/* The settings of a row of `_params`. */
struct setting_table {
    const char *row; /* its id */
    const struct setting *rows;
    size_t n;
};
extern const struct setting_table settings_tables[]; /* by enum settings_kind */

struct settings_checking {
    struct arena *a;
    const struct settings *settings;
    struct err **refused; /* items so far, or NULL */
};
/* Adds an item for each value of that kind that is out of its bounds (services.md 6.1). */
void settings_check(struct arena *a, enum settings_kind kind, const struct settings *settings,
                    struct err **refused);
void settings_check_rules(const struct settings_checking *check);
void settings_refuse(const struct settings_checking *check, struct str path, enum err_code_id code,
                     struct str params);
/* 0 is refused where it is needed; other numbers are compared with their bounds. */
void settings_check_number(const struct settings_checking *check, struct str path, int64_t value,
                           bool needed, int64_t min, int64_t max);

/* Makes settings_rate_find() ready, in `a`; once the rules are final. */
void settings_rates_index(struct arena *a, struct settings *settings);

/* What stands in the row's JSON over what `settings` holds; missing keys and null change nothing.
 * Texts are copied to `a`. Errors name the setting. */
MUST_CHECK struct err *settings_apply(struct arena *a, const struct setting_table *table,
                                      const struct json *object, struct settings *settings);

/* The submitted values over what `settings` holds, as PocketBase decodes them (base/form). Texts
 * are borrowed or live in `a`. False: a value of the wrong type; settings are of no use then. */
bool settings_merge(struct arena *a, const struct setting_table *table,
                    const struct form_input *form, struct settings *settings);

#endif
