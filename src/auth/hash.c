/*
 * Passwords on their way into a record. Takes as long as hashing does: pool threads only.
 */
#include "auth/internal.h"

#include "base/crypto.h"
#include "base/id.h"

#define DEFAULT_COST 10
#define RANDOM_CHARS 30

static struct str hash_of(struct arena *a, const struct schema_field *field, struct str plain)
{
    int64_t cost = field->password.cost;
    struct str hash;

    if (cost < 4 || cost > 31)
        cost = DEFAULT_COST;
    return bcrypt_hash(a, plain, (int)cost, &hash) ? hash : STR("");
}

struct value auth_hash(struct arena *a, const struct schema_field *field, struct str plain)
{
    struct value value = {.type = VALUE_TEXT, .changed = true, .plain = plain};

    if (plain.n > 0)
        value.text = hash_of(a, field, plain);
    return value;
}

struct value auth_hash_random(struct arena *a, const struct schema_field *field)
{
    const struct str plain = random_text(a, RANDOM_CHARS, ALPHABET_SECRET);

    return (struct value){.type = VALUE_TEXT, .changed = true, .text = hash_of(a, field, plain)};
}
