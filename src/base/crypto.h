/*
 * base/crypto: the few primitives that tokens, settings and passwords need, on OpenSSL and
 * libcrypt.
 */
#ifndef REEVE_BASE_CRYPTO_H
#define REEVE_BASE_CRYPTO_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>

#define SHA256_LEN 32

/* HMAC-SHA256 (RFC 2104) of data under the key a ++ b. */
void hmac_sha256(unsigned char out[SHA256_LEN], struct str key_a, struct str key_b,
                 struct str data);

/* FIPS 180-4. */
void sha256(unsigned char out[SHA256_LEN], struct str data);

/* RFC 4648. The url form has no padding; decoding the url form refuses padding. */
struct str base64url_encode(struct arena *a, struct str bytes);
bool base64url_decode(struct arena *a, struct str text, struct str *ret_bytes);
struct str base64_encode(struct arena *a, struct str bytes);
bool base64_decode(struct arena *a, struct str text, struct str *ret_bytes);

/* AES-GCM as data-dir.md 7 has it: nonce (12) ++ ciphertext ++ tag (16). key: 16, 24 or 32 bytes.
 * False: wrong key length, or the text is not what the key sealed. */
bool aes_gcm_open(struct arena *a, struct str key, struct str sealed, struct str *ret_plain);
bool aes_gcm_seal(struct arena *a, struct str key, struct str plain, struct str *ret_sealed);

/* bcrypt, $2a$. cost 4..31. Takes milliseconds to seconds of CPU: pool threads only. False: the
 * password has over 72 bytes or a NUL. */
bool bcrypt_hash(struct arena *a, struct str password, int cost, struct str *ret_hash);
/* False for a wrong password and for a hash that is none. Of the password the first 72 bytes count,
 * as bcrypt has it. Pool threads only. */
bool bcrypt_check(struct str password, struct str hash);

#endif
