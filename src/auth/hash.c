/*
 * Passwords on their way into a record. Takes as long as hashing does: pool threads only.
 */
#include "auth/internal.h"

#include "base/crypto.h"
#include "base/id.h"

#define DEFAULT_COST 10
#define RANDOM_CHARS 30

static int cost_of(const struct schema_field *field)
{
    const int64_t cost = field->password.cost;

    return cost < 4 || cost > 31 ? DEFAULT_COST : (int)cost;
}

static struct str hash_of(struct arena *a, const struct schema_field *field, struct str plain)
{
    struct str hash;

    return bcrypt_hash(a, plain, cost_of(field), &hash) ? hash : STR("");
}

struct str auth_dummy_hash(struct arena *a, const struct schema_field *field)
{
    return arena_printf(a, "$2a$%02d$N5yT0wQe8uVb2xKs7jLd9OSuxcFRBR9A/8AvC7K2bYeHugzsT3NMK",
                        cost_of(field));
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
