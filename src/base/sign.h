/*
 * base/sign: signatures of others' tokens (JWS, RFC 7515, 7518 and 8037), on OpenSSL.
 *
 * Whoever calls says which algorithm is to be held; nothing here is chosen by the signed text. Any
 * thread; each takes 20 to 100 us of CPU with keys of the usual sizes.
 */
#ifndef REEVE_BASE_SIGN_H
#define REEVE_BASE_SIGN_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>

enum sign_hash {
    SIGN_SHA256,
    SIGN_SHA384,
    SIGN_SHA512,
};

/* Of a public RSA key: 2048 bits (RFC 7518, 3.3), and what still is no burden to check. */
#define SIGN_RSA_MIN_BYTES 256
#define SIGN_RSA_MAX_BYTES 1024

/* RSASSA-PKCS1-v1_5, or RSASSA-PSS with a salt of the hash's length. n, e: as a JWK has them,
 * big-endian bytes. False also for a key that is none, or outside the bounds. */
bool sign_rsa_holds(struct str n, struct str e, enum sign_hash hash, bool pss, struct str data,
                    struct str signature);
/* x: the 32 bytes of the public key. */
bool sign_ed25519_holds(struct str x, struct str data, struct str signature);

/* ECDSA on P-256 with SHA-256, as JWS has it: 64 bytes. pem: a PKCS8 private key without a
 * password. NULL, or what is wrong with the key, a constant. */
const char *sign_es256(struct arena *a, struct str pem, struct str data, struct str *ret);

#endif
