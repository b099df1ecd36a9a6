/* Dates: whatever parses is written in the storage form, and that form parses to the same instant.
 */
#include "fuzz/fuzz.h"

#include "base/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = fuzz_text(data, size);
    char out[DATE_TEXT_LEN + 1];
    int64_t ms, again;

    if (!date_parse_loose(text, &ms))
        return 0;
    date_format(out, ms);
    if (!date_parse_stored((struct str){out, DATE_TEXT_LEN}, &again) || again != ms)
        abort();
    if (!date_parse_loose((struct str){out, DATE_TEXT_LEN}, &again) || again != ms)
        abort();
    return 0;
}
