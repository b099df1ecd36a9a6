/*
 * What a provider sends. Its forms are objects of texts, within their bound. An ID token that is
 * taken without a look at its signature is for us, in its time, and of a named algorithm. And a
 * signature that nobody made holds for no RSA key, whatever key it is.
 */
#include "fuzz/fuzz.h"

#include "base/compiler.h"
#include "base/limits.h"
#include "base/sign.h"
#include "oauth/internal.h"

#define NOW_MS INT64_C(1700000000000)

static void read_form(struct arena *a, struct str text)
{
    const struct json *form = NULL;

    if (!oauth_read_form(a, text, &form))
        return;
    if (form->type != JSON_OBJECT || form->n > LIMIT_OAUTH_FORM_PAIRS)
        abort();
    for (uint32_t i = 0; i < form->n; i++)
        if (form->members[i].value.type != JSON_TEXT)
            abort();
}

static bool is_for(const struct json *audience, struct str whom)
{
    if (audience->type == JSON_TEXT)
        return str_eq(audience->text, whom);
    for (uint32_t i = 0; audience->type == JSON_LIST && i < audience->n; i++)
        if (audience->items[i].type == JSON_TEXT && str_eq(audience->items[i].text, whom))
            return true;
    return false;
}

static void read_id_token(struct arena *a, struct str text)
{
    const struct oauth_id_check check = {.audience = STR("us")};
    const struct oauth_call call = {.now_ms = NOW_MS};
    const struct oauth o = {.client_id = STR("us")};
    struct oauth_work work = {.a = a, .o = &o, .call = &call};
    const struct json *claims = NULL, *expires;

    if (oauth_read_id_token(&work, text, &check, &claims))
        return;
    if (claims->type != JSON_OBJECT || !json_get(claims, STR("aud")) ||
        !is_for(json_get(claims, STR("aud")), STR("us")))
        abort();
    expires = json_get(claims, STR("exp"));
    if (expires && expires->type == JSON_NUMBER &&
        json_double(expires) + LIMIT_OAUTH_LEEWAY_S <= (double)NOW_MS / 1000)
        abort();
}

static void check_signature(struct str rest)
{
    const struct str n = fuzz_first_line(&rest);
    const struct str e = fuzz_first_line(&rest);
    const struct str data = STR("nobody has signed this");

    for (enum sign_hash hash = SIGN_SHA256; hash <= SIGN_SHA512; hash++)
        if (sign_rsa_holds(n, e, hash, false, data, rest) ||
            sign_rsa_holds(n, e, hash, true, data, rest))
            abort();
    (void)sign_ed25519_holds(n, data, rest); /* there are keys that anything is signed with */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_free) struct arena *a = arena_new();
    struct str text = fuzz_text(data, size);

    if (size == 0)
        return 0;
    text = str_from(text, 1);
    switch (data[0] % 3) {
    case 0:
        read_form(a, text);
        break;
    case 1:
        read_id_token(a, text);
        break;
    default:
        check_signature(text);
    }
    return 0;
}
