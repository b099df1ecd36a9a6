/*
 * Texts of dates and numbers: what is read can be written, and reads back as the same.
 */
#include "base/date.h"
#include "base/num.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    char date[DATE_TEXT_LEN + 1];
    char number[NUM_TEXT_MAX];
    int64_t ms, again_ms;
    double x, again;

    if (date_parse_loose(text, &ms)) {
        date_format(date, ms);
        if (!date_parse_stored((struct str){date, DATE_TEXT_LEN}, &again_ms) || again_ms != ms)
            abort();
    }
    if (num_parse_json(text, &x) && !num_parse_loose(text, &again) && isfinite(x))
        abort();
    if (num_parse_loose(text, &x) && isfinite(x)) {
        size_t n = num_format_json(number, x);

        if (!num_parse_json((struct str){number, n}, &again) || again != x)
            abort();
    }
    return 0;
}
