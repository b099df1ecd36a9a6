#!/usr/bin/env python3
"""Asks PocketBase which texts the patterns of text fields match and writes the answers as a table.

    tools/regex_table.py           writes tests/fixtures/regex_pairs.json
    tools/regex_table.py --probe   prints what depends on the version of Unicode; writes nothing

The server is the one that ./dev differ installs. A collection has a field a pattern, a record one
text in all of them; the answer names the fields whose pattern does not match. Empty texts are not
asked for: PocketBase does not look at the pattern then. Patterns that it refuses do not belong here
(tests/unit/test_regex.c has their messages); the script names them and gives up.
"""

import argparse
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TABLE = os.path.join(TOP, "tests", "fixtures", "regex_pairs.json")
DATA_HOME = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
CACHE_HOME = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
REFERENCE = os.path.join(DATA_HOME, "reeve", "reference", "bin", "pocketbase")
FIELDS = 200  # of one collection
NOTHING = r"[^\x00-\x{10FFFF}]"  # a field that fails, so that no record is ever stored

# One code point each. Those that a fold joins stand together.
CODE_POINTS = (
    "a A b k K \u212a s S \u017f i I \u0131 \u0130 z Z 0 7 _ - . , ! $ ^ [ ] { | \\ @ ~".split() +
    list(" \t\n\v\f\r\0\x1b\x7f\x85\xa0\xad\u1680\u2003\u2028\u2029\u3000\u200b\u200d\ufeff") +
    list("\xdf\u1e9e\xe5\xc5\u212b\xb5\u03bc\u039c\u03c3\u03c2\u03a3\u03b8\u03d1\u03f4\u0398") +
    list("\u0345\u03b9\u0399\u1fbe\u03b1\u0391\u03c9\u2126\u0390\u1fd3\ufb05\ufb06\ufb00") +
    list("\u01c4\u01c5\u01c6\u1f88\u1f80\xe9\xc9\xff\u0178\u0149") +
    list("\u0436\u0416\u0432\u1c80\u1c89\ua64b\u1c88\u10d0\u1c90\u13a0\uab70\U00010400\U00010428") +
    list("\u0301\u0903\u20dd\u093e\u02b0\xaa\u0660\u2160\u2170\xb2\u203f\u2014\u3008\u3009\xab") +
    list("\xbb\u20ac\xa8\u221e\xa9\u24b6\u24d0\u0964\u30fc") +
    list("\u5b57\u3042\u30a2\ud55c\u0e01\u05d0\u0627\u0905\U00010300\U00010331\U00020000") +
    list("\U0001f600\U0001f1e9\ue000\U000f0000\ufffd\ufffe\ufdd0\U0010ffff") +
    list("\u0378\u2fe0\U000e0080\U000e0001\u0cf3\u2ffc\U00011f02\U0001e4d0\U0001fae9\U0001c8cc") +
    list("\u1c8a\ua7cb\u0264\ua7ce\ua7cf\u088f\U00010940"))

TEXTS = CODE_POINTS + [
    "ab", "aB", "AB", "ba", "aa", "aab", "aaa", "aaaa", "abab", "abc", "ABC", "abcd", "xaby",
    "foo bar", "foobar", "Foo-Bar_1", "foo.bar", "a.b", "a\\.b", "(a)", "a|b", "[a]", "a+b",
    "a{,2}", "x1", "bab", "abba", "aabb", "bbb", "a b", "A bK",
    "ab ba\nab", "  padded  ", "\ta", "a\0b", "\0\0",
    "b\na", "ab\n", "\nab\nb", "\na", "a\n", "a\nb", "a\r\nb", "a\r\n", "a\n\nb", "\n\n",
    "one\ntwo\nthree\n", "a\u2028b",
    "a" * 300, "ab" * 200, "a" * 299 + "!", "\xe9" * 120, "0123456789" * 10,
    "e\u0301", "\xe9t\xe9", "\xc9T\xc9", "a\xe9b", "na\xefve caf\xe9", "stra\xdfe", "STRASSE",
    "STRA\u1e9eE", "\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2",
    "\u03a3\u038a\u03a3\u03a5\u03a6\u039f\u03a3", "\u043f\u0440\u0438\u0432\u0435\u0442",
    "\u041f\u0420\u0418\u0412\u0415\u0422 \u043c\u0438\u0440", "\u65e5\u672c\u8a9e",
    "\U0001f468\u200d\U0001f469", "a\U0001f600b", "a\u0378b", "\u212aelvin", "mi\u017fs",
    "user@example.com", "User.Name+tag@sub.example.co.uk", "user@localhost", "@example.com",
    "user@example..com", "\xfcser@example.com", "user@example.com\n",
    "http://example.com", "https://example.com:8080/path?q=1#f", "ftp://x", "http://",
    "HTTPS://X.io",
    "my-slug-1", "My-Slug", "-slug", "my--slug", "slug-",
    "+1 (555) 123-4567", "+15551234567", "555-1234", "123", "1234567890", "00123",
    "550e8400-e29b-41d4-a716-446655440000", "550E8400-E29B-41D4-A716-446655440000",
    "550e8400e29b41d4a716446655440000", "550e8400-e29b-41d4-a716-44665544000",
    "2024-02-29", "2024-13-01", "24-2-9", "2024-02-29T12:34:56Z", "12:34", "25:00",
    "#fff", "#A1B2C3", "#ggg", "#12345", "192.168.0.1", "256.1.1.1", "1.2.3",
    "P@ssw0rd", "password", "Password1", "-12.50", "1e10", "1,234.56", "v1.2.3-beta.1",
    "4111 1111 1111 1111", "../etc/passwd", "image.jpeg", "FILE.TXT", "<b>x</b>", "key = value",
    "a,b,c", "true", "JOHN SMITH", "O'Neil-Smith",
]

CATEGORIES = ("C Cc Cf Cn Co Cs L LC Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps "
              "S Sc Sk Sm So Z Zl Zp Zs Any ASCII Assigned").split()
CASED = "L LC Ll Lt Lu Lo M Mn Nl So C Cn Assigned Any ASCII".split()
NAMES = """Other Control cntrl Format Unassigned Private_Use Surrogate Letter Cased_Letter
    Lowercase_Letter lowercaseletter LOWERCASE-LETTER Modifier_Letter Other_Letter Titlecase_Letter
    Uppercase_Letter Mark Combining_Mark Spacing_Mark Enclosing_Mark Nonspacing_Mark Number
    Decimal_Number digit Letter_Number Other_Number Punctuation punct Connector_Punctuation
    Dash_Punctuation Close_Punctuation Final_Punctuation Initial_Punctuation Other_Punctuation
    Open_Punctuation Symbol Currency_Symbol Modifier_Symbol Math_Symbol Other_Symbol Separator
    Line_Separator Paragraph_Separator Space_Separator lu LL lc any ascii assigned cn""".split()
SCRIPTS = """Latin Greek Cyrillic Han Hiragana Katakana Hangul Thai Hebrew Arabic Devanagari Common
    Inherited Georgian Cherokee Deseret Old_Italic olditalic OLD-ITALIC Gothic greek
    GREEK Canadian_Aboriginal Nko Phags_Pa""".split()
POSIX = """alnum alpha ascii blank cntrl digit graph lower print punct space upper word
    xdigit""".split()
LETTERS = (
    list("aks\u212a\u017fi\u0131\u0130\xdf\u1e9e\xe5\u212b\xb5\u03c3\u03c2\u03a3\u03b8\u0345") +
    list("\u1fbe\u2126\u0390\ufb05\ufb00\u01c5\u1f88\xe9\xff\u0436\u1c80\u1c88\u10d0\u13a0") +
    list("\uab70\U00010428\u24b6\u2170\u0149\u1c89\u0264\ua7ce"))


def named():
    """Every category, alias and script, in the ways to write it."""
    for name in CATEGORIES:
        yield r"^\p{%s}$" % name
        yield r"^\P{%s}$" % name
    for name in CASED:
        yield r"(?i)^\p{%s}$" % name
        yield r"(?i)^\P{%s}$" % name
        yield r"(?i)^[^\p{%s}]$" % name
    for name in NAMES + SCRIPTS:
        yield r"^\p{%s}$" % name
    for name in "Latin Greek Cyrillic Common Inherited Cherokee Deseret Georgian".split():
        yield r"(?i)^\p{%s}$" % name
        yield r"(?i)^\P{%s}$" % name
    for name in POSIX:
        yield "^[[:%s:]]$" % name
        yield "^[[:^%s:]]$" % name
    for name in "alpha lower upper word punct ascii".split():
        yield "(?i)^[[:%s:]]$" % name
        yield "(?i)^[^[:%s:]]$" % name
    for escape in "dDsSwW":
        yield r"^\%s$" % escape
        yield r"^[\%s]$" % escape
        yield r"^[^\%s]$" % escape
        yield r"(?i)^\%s$" % escape


def folded():
    """One letter in all the ways in which case can be ignored."""
    for letter in LETTERS:
        yield "(?i)^%s$" % letter
        yield "(?i)^[^%s]$" % letter


def mixed(count):
    """Constructs within constructs, by a fixed seed; none longer than a line."""
    dice = random.Random(1)
    plain = ["a", "b", "a", "b", "ab", "k", r"\x20", r"\n", ".", "[ab]", "[^a]", r"[^\n]", r"\w",
             r"\W", r"\s", r"\S", r"\pL", r"\P{Lu}", "[[:upper:]]", "(?s:.)", r"\x{e9}", "(?i:a)",
             "^", "$", r"\b", r"\B", r"\A", r"\z", "(?m:^)", "(?m:$)", "(?:)"]
    openings = ["(?:", "(?:", "(", "(?i:", "(?m:", "(?s:", "(?U:"]
    counts = ["*", "+", "?", "*?", "+?", "??", "{2}", "{0,2}", "{1,}", "{2,3}?"]

    def pick(options):
        return options[int(dice.random() * len(options))]

    def item(depth):
        if depth and dice.random() < 0.4:
            return pick(openings) + whole(depth - 1) + ")" + pick(["", *counts])
        atom = pick(plain)
        return "(?:%s)%s" % (atom, pick(counts)) if dice.random() < 0.3 else atom

    def whole(depth):
        return "|".join("".join(item(depth) for _ in range(pick([1, 2, 2, 3])))
                        for _ in range(pick([1, 1, 2, 3])))

    while count:
        pattern = whole(3)
        if 10 < len(pattern) < 80:
            yield "^(?:%s)$" % pattern
            count -= 1



WRITTEN = r"""
    \pL \PL ^\pL+$ ^\PL+$ ^\pLu$ \pN \PN ^\pC$ ^\PC$ ^\pZ$ ^\pM$ ^\pS$ ^\pP$ ^\p{^Lu}$ ^\P{^Lu}$
    ^\p{^Greek}$ ^\P{^Greek}$ ^\p{^Cn}$ ^\P{^Cn}$ ^\p{^C}$ ^\p{^Any}$ [^\p{C}] [\p{C}a] [^\p{Cn}]
    [\P{Cn}] (?i)\p{Cn} [\P{C}] [^\P{C}] ^[^\pC]+$ ^\PC+$ ^[^\PC]$ ^[\p{C}a]$ ^[^\p{C}a]$
    ^[^\p{Cn}a]$ ^[\P{Cn}\n]$ ^[\P{C}\n]$ ^[\p{Cn}\p{Co}]$ ^[\p{Cn}\p{L}]$ ^[^\p{Cn}\p{L}]$
    ^[\p{L}\P{L}]$ ^[^\p{L}\P{L}]$ ^[\P{Greek}\P{Latin}]$ ^[^\P{Greek}\P{Latin}]$
    ^[\p{Greek}\p{Latin}]$ ^[^\p{Greek}\p{Latin}]$ ^[\P{Greek}a]$ ^[^\P{Greek}a]$ ^[\p{Lu}a-f]$
    (?i)^[\p{Lu}]$ (?i)^[\P{Lu}]$ (?i)^[^\P{Lu}]$ (?i)^[\p{Lu}\d]$ (?i)^[^\p{Lu}\d]$ (?i)^\p{^Lu}$
    (?i)^[\p{Greek}\P{L}]$ (?i)^[^\p{Greek}\P{L}]$ (?i:\p{Lu})\p{Lu} (?i)^\pL$ (?i)^\PL$
    (?i)^\p{LC}+$ ^\p{LC}+$ ^\p{Lu}+$ (?i)^\p{Lu}+$ (?i)^\p{Lt}$ ^[\p{Nd}_\p{L}]+$

    ^[abc]$ ^[^abc]$ ^[a-c]$ ^[^a-c]$ []a] [^]a] [a-] [-a] [^-a] ^[a\-z]$ ^[\]]$ ^[\[\]]$ ^[[]$
    ^[\\]$ ^[\^a]$ ^[a^]$ ^[.]$ ^[$]$ ^[*+?]$ ^[(){}]$ ^[^\n]$ ^[^\n]+$ ^[^\r\n]+$ ^[\n]$ ^[^\s]+$
    ^[\d\w]$ ^[^\d\w]$ ^[\d\W]$ ^[^\d\W]$ ^[\D\d]$ ^[^\D\d]$ ^[\s\S]$ ^[^\s\S]$ ^[\S\w]+$ ^[^\W_]$
    ^[[:alpha:][:digit:]]$ ^[[:alpha:]_-]+$ ^[^[:alpha:]\d]$ ^[[:^alpha:]a]$ ^[^[:^alpha:]]$
    ^[[:word:]-]+$ ^[[:alpha:]\pN]$ ^[\x00-\x7F]$ ^[^\x00-\x7F]$ ^[\x{80}-\x{10FFFF}]$
    [^\x00-\x{10FFFF}] [\x00-\x{10FFFF}] ^[!-/:-@[-`{-~]$ ^[A-z]$ ^[\x20-\x7e]+$ ^[a-zA-Z0-9]$
    ^[0-9a-fA-F]+$ ^[a-ce-z]$ ^[aab-bc]$ ^[\x{D000}-\x{E000}]$ ^[^\x{D800}-\x{DFFF}]$
    [\x{D800}-\x{DFFF}] ^[\x{D800}\x{FFFD}]$ ^[\x{10FFFF}]$ ^[\x{FFFD}]$ ^[^\x{FFFD}]$
    ^[\a\f\t\n\r\v]$ ^[\x0a]$ ^[\012]$ ^[\0]$ ^[\07a]$ ^[+--]$ ^[--/]$ (?i)[^a]
    (?i)^[a-z]$ (?i)^[A-Z]$ (?i)^[^a-z]$ (?i)^[^A-Z]$ (?i)^[j-l]$ (?i)^[^j-l]$ (?i)^[r-t]$
    (?i)^[\x{212A}]$ (?i)^[^\x{212A}]$ (?i)^[\x{3B1}-\x{3C9}]$ (?i)^[^\x{3B1}-\x{3C9}]$
    (?i)^[\x{10400}-\x{10427}]$ (?i)^[Z-a]$ (?i)^[@-`]$ (?i)^[\x{100}-\x{17F}]$
    (?i)^[^\x{100}-\x{17F}]$ (?i)^[\x{2100}-\x{214F}]$ (?i)^[ks]$ (?i)^[^ks]$ (?i)^[\w]+$
    (?i)^[^\W]$ (?i)^[\W]$ (?i)^[\Wk]$ (?i)^[\x{1F80}-\x{1FAF}]$

    . ^.$ ^..$ ^...$ ^.+$ ^.*$ (?s). (?s)^.$ (?s)^..$ (?s)^...$ (?s)^.+$ (?s:^.+$) (?s)a.b a.b a.*b
    (?s)a.*b (?-s). (?-s)^.$ (?s)(?-s)^.+$ (?s-i)^.A$ (?m)^.$ (?m)^.+$ (?ms)^.+$ (?ms)^a.b$ (?m:^.)b
    ^ $ ^$ ^^a a$$ ^^$$ (?m)^$ (?m)^ (?m)$ (?m)^a (?m)a$ (?m)^a$ (?m)^b$ (?m)^\n (?m)\n$ (?m)^b
    (?m)$\n^ (?m)^$\n (?m)a$\nb (?m)a$.b (?m)^two$ (?m)^[a-z]+$ (?m)\Aa\z (?m)\Ab (?m)a\z (?m)$\z
    (?m)\A^ (?-m)^b$ (?m)(?-m:^b) (?m:^)b (?m)^three\n\z (?m)(^[a-z]+$\n?)+\z (?m)^a\r$ ^a\r?$
    (?m)^\s+$ ^\s+$ a\n$ a\n\z \Aa a\z \Aa\z \A \z \A\z \A\n \n\z x\A \za a\Ab $a a^ (?:^)a(?:$)
    (^a|b$) (^|,)b(,|$) (a|^)b ^a b$ (^)*a \b \B ^\b \b$ ^\B \B$ \ba a\b \Ba a\B \bb b\b \b\b \b\B
    \B\B ^\b. .\b. .\B. \b.\b \b_ \bfoo\b \bbar\b \bt\b \b\d \d\b \b\x{e9} \x{e9}\b \x{e9}\B
    a\b\x{e9} \x{e9}\bt \Bb\B (?i)\bk (?i)\b\x{212A} (?i)k\b (?i)\Bk (?i)\bs\b (?m)\ba\b$ (?s)\b.\B
    \n\b \b\n (\b)*a (?:\b|\B)x \b\pL \pL\b ^\b\w+\b$ \B\W \W\B

    a b ab abc A aB ^a$ ^ab$ \Qa.b\E \Qa.b \Q\E ^\Qa.b\E+$ ^\Qa \Q[a]\E \Q(a) ^\Qa\E\Qb\E$
    \Qa+b\E ^\Q\.\E \Qa\b\E \Q.\E\. (?i)\QAB\E \Q{,2}\E ^(\Qa\E)+$ \Q\\E \Q \. \* \+ \? \|
    \( \) \[ \] \{ \} \^ \$ \\ \/ \- \, \@ \! \~ \_ \# \' \" \< \> \: \; \= \% \& \` \a \f \t \n \r
    \v \07 \012 \0 \00 \000 \0001 \101 \1012 \141\142 \x41 \x61b \x{61} \x{0} \x00 \x{1F600}
    \x{10FFFF} \x{00000000000041} \x{e9} \xe9 \xE9 \x{FFFD} \x{D800} \x{DFFF} a\x{D800}?b \x{D800}*a
    \x{D83D}\x{DE00} \x{FFFE} \x{fdd0} \x{378} \x{2028} \x{e000} ^a\x00b$ ^\x00+$ \x{feff} \x7f \x85
    \xa0 \xff \x0d\x0a { } {a a{ a} a{,2} a{,2}$ ^a{,2}$ a{a} a{1 a{1, a{1,a} {1a} a{-1} ] a] - a-b

    (?i)a (?i)K (?i)ab (?i)aB (?i:a)b (?i:a)B a(?i)b a(?i)b|c (?i)a(?-i)b (?:(?i)a)b (?i)a|B
    (?i-s)a.b (?i)(?-i)A a(?i:B) (a(?i)b)B ((?i)a)B (?i)(a)(?-i:b) (?i)\x41 (?i)\x{212a}
    (?i)stra\x{df}e (?i)STRASSE (?i)strasse (?i)^STRA\x{1E9E}E$ (?i)kelvin (?i)^miss$ (?i)mi\x{17f}s
    (?i)^fi$ (?i)^ff$ (?i)i (?i)^i$ (?i)^I$ (?i)\x{131} (?im)^TWO$ (?is)A.B (?ims)^a.b$ (?mi-s)^A.B$
    (?U)a+ (?U)^a+$ (?U)^a+?$ (?Ui)^A*B$ (?U:a+)b (?i)^\x{3a3}+$ (?i)^\x{3c2}\x{3c3}$
    (?i)user (?i)[a-z]+\.txt$ (?i)^http a(?i) (?i) (?i:) (?i)(?s).A (?:(?i))A (?i)ab(?-i)c|ABC
    (?i:ab|c)d x(?i:a)(?-i:b)y (?i)xABy (?i)^(?:a(?-i:b))+$ (?i)^[[:lower:]]+$ (?i)^[^[:upper:]]+$

    a|b a| |a | a||b (|a) (a|) (|) (||) ^(a|)$ ^(|a)$ ^(?:|a)+$ ^(a|b|)$ () (?:) a()b (?:)a ^(?:)$
    (a|ab)(c|bcd)$ ^(a|ab)$ ^(?:a|b)+$ ^a|b$ ^(a|b)$ (a|b)(c|d)? foo|bar ^(foo|bar)$
    ^(?:foo|bar|baz) true|false ^(true|false|null)$ x|y|z aa|ab|abc ^(?:aa|aab)b?$ a(?:b|c|d)
    (?:a|b|c){3} ^(?:ab|a)(?:bc|c)?$ abc|abd|ab (?:a||b)c ^(?:\n|a)+$ a* a+ a? a*? a+? a?? ^a*$ ^a+$
    ^a?$ ^a*?$ ^a+?$ ^a??$ a{0} a{0,0} ^a{0}$ ^a{0,0}b$ a{1} a{1,1} ^a{1,1}$ a{2} ^a{2}$ a{2,}
    ^a{2,}$ ^a{2,3}$ ^a{0,2}$ ^a{2}?$ ^a{2,}?$ ^a{2,3}?$ ^a{0,}$ ^a{0,1}$ ^a{1,}$ ^a{300}$ ^a{299}!$
    ^a{301}$ ^a{299,301}$ ^a{1000}$ ^a{0,1000}$ a{1000,} ^(ab){200}$ ^(ab){199}$ ^(?:ab){2}$
    ^(?:ab){100,}$ ^(?:a{10}){30}$ ^(?:(?:a{5}){6}){10}$ ^(?:ab)*$ ^(?:ab)+?$ ^(?:ab)??$ (ab)*a
    ^(a*)*$ ^(a+)+$ ^(a*)+$ ^(a+)*$ ^(a?)*$ ^(a?){3}$ ^(?:a?){5}a{5}$ ^(a*)*b$ ^(a|a)*$ ^(a|aa)+$
    ^(?:a*b*)*$ ^(?:a*?)*?$ ^(?:(?:a*)*)*$ (?:a*)+?b (a{0}b)* ^(?:a{0})*$ ^(|a)*$ ^(|a)+$ ^(a|)+$
    (^a)*b (^)+a (?:$)* x* x*y x+ ^x*$ (x*)* (?:)* (?:)+a ()*b (?:\b)*a (?:\b)+b ^* ^+a $* $?a \b+
    \B*a (?m)^*b (?:^a|b)+$ (a|b)*?c ^(?:.?){300}$ ^(a+)+$|!$ ^(a+)+!$ ^(a|a?)+$ ^(?:a?){150}a{150}$
    ^(?:a?){250}a{250}$ ^(.*)(.*)(.*)(.*)!$ ^(.*)*$ ^(a|b|ab)*$ ^(a|b|ab)*c$ (x+x+)+y (a+a+)+b
    (.*a){12}$ (.*a){12}b ^(([a-z])+.)+[A-Z]([a-z])+$ a.{298}! [ab]{400} ^[ab]{400}$ ^(?:a|b){400}$
    (?:b|a){399} ^\w{300}$ ^\x{e9}{120}$ ^.{120}$ ^\pL{120}$ ^[^a]{120}$ ^(?i)\x{c9}{120}$ ^\d{100}$
    ^(?:\d{10}){10}$ ^(?:0123456789)+$ \d{101} .*b .*?b ^.*b$ ^.*?b$ ^.{2}$ ^.{2,3}$ ^(.)$ ^.?$
    ^(?s:.{2})$ ^(?s:.){3}$ ^.{3,}?$ ^[^b]*$ ^[^b]*b a.?b a..?b (?s)a.{2}b (a) ((a)) (a)(b) ((a)(b))
    (?P<n>a) (?<n>a) ^(?P<n>a)(?<m>b)$ (?P<x>a)|(?P<y>b) (?:a(?:b(?:c))) ^((a|b)+)+$ ((((((a))))))
    (?P<long_name_1>ab)+ (a(b)?)+ ^(a(b)?)+$ (?:(a)|b)* ^(?:(a)|(b)|(c))+$ (((a*)*)*) ((?:(a)(b))+)
    ^(?P<n1>[a-z])(?P<n2>\d)$

    ^[a-z0-9]+$ ^[a-zA-Z0-9_]+$ ^[A-Za-z]+$ ^\S+$ ^\S+\s\S+$ ^\s|\s$ ^[^\s].*[^\s]$ ^\d+$
    ^-?\d+(\.\d+)?$ ^0*[1-9]\d*$ ^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$ ^\d{1,3}(,\d{3})*(\.\d+)?$
    ^[a-z0-9]+(?:-[a-z0-9]+)*$ ^[a-z][a-z0-9-]*[a-z0-9]$ ^[\w.-]+$ ^[\w-]+(\.[\w-]+)*$
    ^[\w.%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$ ^[^@\s]+@[^@\s]+\.[^@\s]+$ ^\w+@localhost$
    ^\w+([.+-]\w+)*@\w+([.-]\w+)*\.\w{2,3}$ ^(?i)[A-Z0-9._%+-]+@[A-Z0-9.-]+\.[A-Z]{2,}$ ^https?://
    ^https?://[^\s/$.?#].[^\s]*$ (?i)^(https?|ftp)://[^\s]+$
    ^(?:https?://)?[\w.-]+(?::\d+)?(?:/[\w/.?=#&-]*)?$ ^\w+:// ^\+[1-9]\d{1,14}$ ^\d{3}-\d{4}$
    ^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$
    (?i)^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$ ^[0-9a-fA-F]{32}$ ^[[:xdigit:]-]{36}$
    ^\d{4}-\d{2}-\d{2}$ ^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$
    ^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(Z|[+-]\d{2}:\d{2})$ ^([01]\d|2[0-3]):[0-5]\d$
    ^\d{2,4}-\d{1,2}-\d{1,2} ^#(?:[0-9a-fA-F]{3}){1,2}$ ^#[[:xdigit:]]{6}$
    (?i)^#([a-f0-9]{3}|[a-f0-9]{6})$ ^(?:\d{1,3}\.){3}\d{1,3}$ ^\d+\.\d+\.\d+$
    ^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.|$)){4}$ ^((25[0-5]|(2[0-4]|1\d|[1-9]|)\d)\.?\b){4}$
    ^[A-Za-z0-9@!#]{8,}$ ^.{8,}$ ^.{8,72}$ [A-Z].*\d|\d.*[A-Z] [^A-Za-z0-9\s]
    ^(?:.*[a-z].*[A-Z]|.*[A-Z].*[a-z]) ^[\x21-\x7e]{8,64}$ ^v?\d+\.\d+\.\d+(?:-[\w.]+)?$ \.\.
    ^[^/\\]+$ \.(jpe?g|png|gif)$ (?i)\.(jpe?g|txt)$ <[^>]*> <(\w+)>[^<]*</\w+> ^(\w+)\s*=\s*(.*)$
    ^[^,]+(,[^,]+)*$ ^[\p{L}\p{N}_-]+$ ^\p{L}+\s\p{L}+$ ^[\p{Han}\p{Hiragana}\p{Katakana}]+$
    ^\p{Cyrillic}+$ ^[\p{Cyrillic}\s]+$ (?i)^\p{Greek}+$ [\x{1F300}-\x{1FAFF}]
    ^[^\x{1F300}-\x{1FAFF}]+$ ^[^\pC]*$ ^[\P{M}]\p{M}*$ ^(?:\PM\pM*)+$ ^[[:print:]]+$ ^[[:graph:]]+$
    ^[^[:cntrl:]]+$ ^[[:ascii:]]+$ ^[^<>&]*$ ^\w+$ ^\W+$ ^\D+$ ^[\w\s]+$ ^.*[aeiou]{2}.*$
""".split()
SPACED = [
    r"^\p{lowercase letter}$", r"^\p{ Lowercase Letter }$", r"^\p{old italic}$",
    r"^\p{-G-r_e e k}$", r"^[\p{L}\p{M}' -]+$", r"^[\t\v\f\r\n ]+$", r"^[ -~]+$", r"\ ", r"x{ 1}",
    r"^[A-Z ]+$", r"^\+?[0-9 ()-]{7,20}$", r"^\(?\d{3}\)?[- ]?\d{3}[- ]?\d{4}$",
    r"^(?:\d{4}[ -]?){3}\d{4}$", r"^\p{Lu}[\p{L}'-]*( \p{Lu}[\p{L}'-]*)*$", r"^[\p{L} ]+$",
    r"^[a-z]+ [a-z]+$",
]
PLAIN = [  # not ASCII, or control characters, unescaped
    "\xe9", "^\xe9$", "(?i)\xe9", "^[\xe0-\xff]+$", "(?i)^[\xe0-\xff]+$", "[^\xe9]",
    "\u03c3", "(?i)\u03c3",
    "[\u03b1-\u03c9]", "(?i)[\u03b1-\u03c9]", "(?i)\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c3",
    "(?i)^\u043f\u0440\u0438\u0432\u0435\u0442", "^[\u0430-\u044f\u0410-\u042f ]+$",
    "\U0001f600", "^\U0001f600?$", "[\U0001f600-\U0001f64f]", "^a\U0001f600+b$", "\u65e5\u672c",
    "\ufffd", "^\ufffd$", "[^\ufffd]", "\ue000", "\u0378", "^a\u0378b$", "e\u0301", "^e\u0301?$",
    "\n", "a\nb", "a\tb", "[\n]", "^[^\n]*$", "\0", "a\0b", "^[\0]+$", "[^\0]", "\u2028", "a b",
    " ", "^ +", " +$", "  padded  ", "(?i)stra\xdfe", "(?i)\u1e9e", "\\\n", "#a",
]

# For --probe: the scripts of Unicode 14 to 17, and code points with the version that brought them.
NEW_SCRIPTS = """Vithkuqi Toto Cypro_Minoan Old_Uyghur Tangsa Kawi Nag_Mundari Garay Gurung_Khema
    Kirat_Rai Ol_Onal Sunuwar Todhri Tulu_Tigalari Sidetic Tolong_Siki Beria_Erfe Tai_Yo""".split()
NEW_CODES = [
    (0x41, "1.1"), (0x061d, "14"), (0x0cf3, "15.0"), (0x11f02, "15.0, Kawi"),
    (0x1e4d0, "15.0, Nag_Mundari"), (0x2ffc, "15.1"), (0x2ebf0, "15.1"), (0x1c89, "16"),
    (0x1fae9, "16"), (0x088f, "17"), (0x323b0, "17"), (0x10940, "17, Sidetic"),
    (0x0378, "unassigned"), (0x2fe0, "unassigned"), (0x10ffff, "no character"),
    (0xe000, "private use"), (0xad, "format"), (0x0a, "control"),
]


def patterns():
    return list(dict.fromkeys([*named(), *folded(), *WRITTEN, *SPACED, *PLAIN, *mixed(250)]))


class Failure(Exception):
    pass


class Server:
    """PocketBase on a directory of its own: not below /tmp, where it does not behave as usual."""

    def __init__(self, binary):
        os.makedirs(CACHE_HOME, exist_ok=True)
        self.dir = tempfile.mkdtemp(prefix="reeve-regex-", dir=CACHE_HOME)
        self.process = None
        try:
            self.start(binary)
        except BaseException:
            self.stop()
            raise

    def start(self, binary):
        who = {"identity": "table@example.com", "password": os.urandom(16).hex()}
        data = os.path.join(self.dir, "data")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = "127.0.0.1:%d" % free.getsockname()[1]
        subprocess.run([binary, "superuser", "upsert", *who.values(), "--dir", data], check=True,
                       stdout=subprocess.DEVNULL, timeout=60)
        with open(os.path.join(self.dir, "log"), "wb") as log:
            self.process = subprocess.Popen(
                [binary, "serve", "--dir", data, "--http", address, "--automigrate=false"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.dir)
        self.url = "http://" + address
        self.token = ""
        self.wait()
        self.token = self.post("/api/collections/_superusers/auth-with-password", who)[1]["token"]

    def wait(self):
        for _ in range(600):
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(self.url + "/api/health", timeout=5):
                    return
            except OSError:
                time.sleep(0.05)
        raise Failure("the server did not start")

    def post(self, path, body):
        """(status, JSON)"""
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": self.token})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as e:
            return e.code, json.load(e)

    def make(self, name, chunk):
        """A collection with these patterns; what it says of those that it refuses, by index."""
        fields = [{"name": "f%d" % i, "type": "text", "max": 100000, "pattern": pattern}
                  for i, pattern in enumerate([*chunk, NOTHING])]
        status, answer = self.post("/api/collections",
                                   {"name": name, "type": "base", "fields": fields})
        if status == 200:
            return {}
        refused = answer["data"].get("fields")
        if not refused:
            raise Failure("no collection: %s" % answer)
        return {int(i) - 1: why["pattern"]["message"] for i, why in refused.items()}  # 0 is id

    def ask(self, name, chunk, text):
        """Which of the patterns match, as a text of 0 and 1."""
        body = {"f%d" % i: text for i in range(len(chunk) + 1)}
        status, answer = self.post("/api/collections/%s/records" % name, body)
        failed = answer.get("data", {})
        codes = {why["code"] for why in failed.values()}
        if status != 400 or codes != {"validation_invalid_format"} or \
                "f%d" % len(chunk) not in failed:
            raise Failure("%r: %d %s" % (text, status, answer))
        return "".join("0" if "f%d" % i in failed else "1" for i in range(len(chunk)))

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(30)
        shutil.rmtree(self.dir)


def ask_all(server, all_patterns, texts):
    """A row a pattern: [pattern, answers]."""
    rows, refused = [], []
    for start in range(0, len(all_patterns), FIELDS):
        chunk, name = all_patterns[start:start + FIELDS], "table%d" % start
        why = server.make(name, chunk)
        refused += ["%s: %s" % (chunk[i], why[i]) for i in sorted(why)]
        if not refused:
            columns = [server.ask(name, chunk, text) for text in texts]
            rows += [[p, "".join(c[i] for c in columns)] for i, p in enumerate(chunk)]
    if refused:
        raise Failure("patterns are refused:\n  " + "\n  ".join(refused))
    return rows


def write(path, texts, rows):
    if len(set(texts)) != len(texts) or "" in texts:
        raise Failure("a text is there twice, or empty")
    with open(path, "w", encoding="ascii") as f:
        f.write('{"texts": [\n%s\n],\n"patterns": [\n%s\n]}\n' % (
            ",\n".join(map(json.dumps, texts)), ",\n".join(map(json.dumps, rows))))


def probe(server):
    """Names and code points that came with newer versions of Unicode."""
    names = ["Cn", "C", "Assigned", "LC", "Any", *NEW_SCRIPTS, "L&", "Zyyy", "Grek", "Qaai",
             "White_Space", "Alphabetic", "Script=Greek"]
    why = server.make("names", [r"\p{%s}" % name for name in names])
    for i, name in enumerate(names):
        print(r"\p{%s}: %s" % (name, why.get(i, "taken")))
    classes = [r"^\p{C}$", r"^\PC$", r"^\p{Cn}$", r"^\p{Assigned}$"]
    server.make("classes", classes)
    print("code point:", " ".join(classes))
    for code, what in NEW_CODES:
        print("U+%04X (%s): %s" % (code, what, server.ask("classes", classes, chr(code))))


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--reference", default=REFERENCE, metavar="PATH", help="the server's binary")
    ap.add_argument("--probe", action="store_true", help="print what depends on Unicode's version")
    args = ap.parse_args()

    if not os.path.exists(args.reference):
        sys.exit("%s is not there; ./dev differ --list installs it" % args.reference)
    try:
        server = Server(os.path.abspath(args.reference))
        try:
            if args.probe:
                probe(server)
                return
            rows = ask_all(server, patterns(), TEXTS)
        finally:
            server.stop()
        write(TABLE, TEXTS, rows)
    except (Failure, subprocess.SubprocessError) as e:
        sys.exit("regex_table: %s" % e)
    print("%d patterns x %d texts: %d pairs" % (len(rows), len(TEXTS), len(rows) * len(TEXTS)))


if __name__ == "__main__":
    main()
