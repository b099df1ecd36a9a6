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
    SETTING_RULES, /* rateLimits.rules and the number beside it */
};

enum setting_flag {
    SETTING_SECRET = 1,
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

extern const struct setting settings_table[];
extern const size_t settings_table_n;

/* What stands in the row's JSON over what `settings` holds; missing keys and null change nothing.
 * Texts are copied to `a`. Errors name the setting. */
MUST_CHECK struct err *settings_apply(struct arena *a, const struct json *object,
                                      struct settings *settings);

#endif
