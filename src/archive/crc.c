/*
 * CRC-32 (ISO 3309, as zip and PNG have it), eight bytes a turn: tables[k][b] is what byte b does
 * with k more bytes behind it.
 */
#include "archive/internal.h"

#include "archive/bytes.h"

#define POLYNOMIAL 0xedb88320U

static uint32_t tables[8][256]; /* constant once main() runs */

AT_START static void fill_tables(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;

        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
        tables[0][i] = crc;
    }
    for (int k = 1; k < 8; k++)
        for (uint32_t i = 0; i < 256; i++)
            tables[k][i] = tables[k - 1][i] >> 8 ^ tables[0][tables[k - 1][i] & 0xff];
}

uint32_t zip_crc(uint32_t crc, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;

    crc = ~crc;
    for (; n >= 8; p += 8, n -= 8) {
        uint64_t v = le64_at((const char *)p) ^ crc;

        crc = tables[7][v & 0xff] ^ tables[6][v >> 8 & 0xff] ^ tables[5][v >> 16 & 0xff] ^
              tables[4][v >> 24 & 0xff] ^ tables[3][v >> 32 & 0xff] ^ tables[2][v >> 40 & 0xff] ^
              tables[1][v >> 48 & 0xff] ^ tables[0][v >> 56];
    }
    for (; n > 0; p++, n--)
        crc = crc >> 8 ^ tables[0][(crc ^ *p) & 0xff];
    return ~crc;
}
