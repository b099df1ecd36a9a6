/*
 * archive/bytes: numbers as zip files have them, and what their records begin with.
 */
#ifndef REEVE_ARCHIVE_BYTES_H
#define REEVE_ARCHIVE_BYTES_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define ZIP_SIGN_LOCAL 0x04034b50U
#define ZIP_SIGN_ENTRY 0x02014b50U
#define ZIP_SIGN_END 0x06054b50U
#define ZIP_SIGN_END64 0x06064b50U
#define ZIP_SIGN_LOCATOR 0x07064b50U

static inline uint16_t le16_at(const char *p)
{
    uint16_t v;

    memcpy(&v, p, sizeof(v));
    return le16toh(v);
}

static inline uint32_t le32_at(const char *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return le32toh(v);
}

static inline uint64_t le64_at(const char *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return le64toh(v);
}

#endif
