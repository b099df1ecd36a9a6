/*
 * schema/providers: which sign-on providers there are, in the order in which clients show them.
 */
#ifndef REEVE_SCHEMA_PROVIDERS_H
#define REEVE_SCHEMA_PROVIDERS_H

#include "base/str.h"

#include <stddef.h>

struct schema_provider {
    const char *name, *display_name;
};
extern const struct schema_provider schema_providers[];
extern const size_t schema_providers_n;

/* NULL when there is none of that name. */
const struct schema_provider *schema_provider_find(struct str name);

#endif
