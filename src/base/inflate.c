#include "base/inflate.h"

#include <limits.h>

#define ZLIB_CONST /* what it reads it does not change */
#include <zlib.h>

#define GZIP_WINDOW (MAX_WBITS + 16)

bool gzip_unpack(struct str packed, char *to, size_t n)
{
    z_stream z = {.next_in = (const unsigned char *)packed.p, .next_out = (unsigned char *)to};
    bool is_whole;

    if (packed.n > UINT_MAX || n > UINT_MAX)
        return false;
    z.avail_in = (unsigned)packed.n;
    z.avail_out = (unsigned)n;
    if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
        return false;
    is_whole = inflate(&z, Z_FINISH) == Z_STREAM_END && z.total_out == n;
    inflateEnd(&z);
    return is_whole;
}
