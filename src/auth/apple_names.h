/*
 * auth/apple_names: Apple tells a user's name once, to whom it sends the browser to, and not to who
 * asks for the token (auth.md 8). It is kept for a minute, by the code that came with it.
 */
#ifndef REEVE_AUTH_APPLE_NAMES_H
#define REEVE_AUTH_APPLE_NAMES_H

#include "base/arena.h"
#include "base/str.h"

#include <stdint.h>

/* Of one process; any thread. */
struct apple_names;
struct apple_names *apple_names_new(void);
void apple_names_free(struct apple_names *names); /* NULL is fine */

/* user: what came as `user`, JSON {"name":{"firstName":…,"lastName":…}}. What is no such thing, or
 * has a code that is too long, is left alone. now_ms: of a clock that is never set back. */
void apple_names_put(struct apple_names *names, struct str code, struct str user, uint64_t now_ms);
/* Takes it away; empty: there is none. In `a`. */
struct str apple_names_take(struct arena *a, struct apple_names *names, struct str code,
                            uint64_t now_ms);

#endif
