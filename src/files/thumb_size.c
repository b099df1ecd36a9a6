#include "files/thumb_size.h"

#include "base/compiler.h"
#include "base/limits.h"

static const struct cut_letter {
    char letter;
    enum image_cut cut;
} letters[] = {{'t', IMAGE_TOP}, {'b', IMAGE_BOTTOM}, {'f', IMAGE_FIT}};

/* Takes a letter off the end. */
static enum image_cut take_letter(struct str *text)
{
    for (size_t i = 0; i < COUNT_OF(letters); i++) {
        if (text->n > 0 && text->p[text->n - 1] == letters[i].letter) {
            text->n--;
            return letters[i].cut;
        }
    }
    return IMAGE_CENTRE;
}

static bool are_digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0;
}

/* Of digits; beyond the limit it is one more than that. */
static unsigned side(struct str digits)
{
    unsigned pixels = 0;

    for (size_t i = 0; i < digits.n && pixels <= LIMIT_THUMB_SIDE; i++)
        pixels = pixels * 10 + (unsigned)(digits.p[i] - '0');
    return pixels <= LIMIT_THUMB_SIDE ? pixels : LIMIT_THUMB_SIDE + 1;
}

static bool split(struct str text, struct str *ret_width, struct str *ret_height,
                  enum image_cut *ret_cut)
{
    struct str rest = text;

    *ret_width = str_split(&rest, 'x');
    *ret_cut = take_letter(&rest);
    *ret_height = rest;
    return are_digits(*ret_width) && are_digits(*ret_height);
}

bool thumb_size_is(struct str text)
{
    struct str width, height;
    enum image_cut cut;

    return split(text, &width, &height, &cut) &&
           !(str_eq(width, STR("0")) && str_eq(height, STR("0")));
}

bool thumb_size_read(struct str text, struct thumb_size *ret)
{
    struct str width, height;
    struct thumb_size size;

    if (!split(text, &width, &height, &size.cut))
        return false;
    size.width = side(width);
    size.height = side(height);
    if (size.width > LIMIT_THUMB_SIDE || size.height > LIMIT_THUMB_SIDE ||
        (size.width == 0 && size.height == 0))
        return false;
    *ret = size;
    return true;
}
