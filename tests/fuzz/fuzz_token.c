/*
 * Tokens that nobody signed: whatever the bytes, nobody is authenticated, and nothing is looked up,
 * since there is no collection to look in.
 */
#include "auth/auth.h"

#include "base/compiler.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_free) struct arena *a = arena_new();
    const struct schema schema = {0};
    struct str text = {(const char *)data, size};
    struct auth_token token;
    struct err *err;

    err = auth_token_verify(a, NULL, &schema, auth_header_token(text), TOKEN_AUTH, 1899999900000LL,
                            &token);
    if (err || token.rec)
        abort();
    return 0;
}
