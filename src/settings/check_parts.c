/*
 * What the checks of settings share.
 */
#include "settings/internal.h"

#include <inttypes.h>

void settings_refuse(const struct settings_checking *check, struct str path, enum err_code_id code,
                     struct str params)
{
    err_add_item(check->a, check->refused, path, code, params);
}

void settings_check_number(const struct settings_checking *check, struct str path, int64_t value,
                           bool needed, int64_t min, int64_t max)
{
    if (value == 0 && needed)
        settings_refuse(check, path, CODE_REQUIRED, STR_NONE);
    else if (value != 0 && value < min)
        settings_refuse(check, path, CODE_MIN_THRESHOLD,
                        arena_printf(check->a, "{\"threshold\":%" PRId64 "}", min));
    else if (value > max)
        settings_refuse(check, path, CODE_MAX_THRESHOLD,
                        arena_printf(check->a, "{\"threshold\":%" PRId64 "}", max));
}
