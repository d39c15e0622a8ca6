"""Keyboard layouts as a scanner types them: which character each key stands for.

A scanner that plays a keyboard is set to the layout of the PC it was made for, and types what
Windows would need to show the right character. So these are Windows' layouts, whatever the till's
own keyboard is. One row of the table per layout; a row of keys per line, each key as its
characters alone, with Shift, with AltGr, with both; `·` where there is none.

Dead keys are written as the combining character they add: U+0300 grave, U+0301 acute, U+0302
circumflex, U+0303 tilde, U+0306 breve, U+0307 dot, U+0308 diaeresis, U+030A ring, U+030B double
acute, U+030C caron, U+0327 cedilla, U+0328 ogonek.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

NONE = "·"
ROWS = (
    (41, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13),
    (16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27),
    (30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 43),
    (86, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53),
)
"""Key codes (linux/input-event-codes.h) of the four rows, from left to right: KEY_GRAVE to
KEY_EQUAL, KEY_Q to KEY_RIGHTBRACE, KEY_A to KEY_APOSTROPHE and the key left of Enter
(KEY_BACKSLASH), the key beside the left Shift (KEY_102ND) and KEY_Z to KEY_SLASH."""


class Layout(msgspec.Struct, frozen=True):
    """What each key types."""

    keys: Mapping[int, str]
    """Key code → its characters by level: alone, Shift, AltGr, Shift + AltGr."""
    caps_shifts: bool = False
    """Whether Caps Lock acts as a locked Shift on all keys, as on French keyboards."""

    def typed(self, code: int, *, shift: bool, alt_gr: bool) -> str:
        """Give the character of a key at a level; empty where it has none."""
        levels = self.keys.get(code, "")
        level = 2 * alt_gr + shift
        return levels[level].replace(NONE, "") if level < len(levels) else ""


def _layout(*rows: str, caps_shifts: bool = False) -> Layout:
    keys: dict[int, str] = {}
    for codes, row in zip(ROWS, rows, strict=True):
        keys |= zip(codes, row.split(" "), strict=True)
    return Layout(keys, caps_shifts)


_US = _layout(
    "`~ 1! 2@ 3# 4$ 5% 6^ 7& 8* 9( 0) -_ =+",
    "qQ wW eE rR tT yY uU iI oO pP [{ ]}",
    "aA sS dD fF gG hH jJ kK lL ;: '\" \\|",
    "\\| zZ xX cC vV bB nN mM ,< .> /?",
)
_GERMAN = _layout(
    '\u0302° 1! 2"² 3§³ 4$ 5% 6& 7/{ 8([ 9)] 0=} ß?\\ \u0301\u0300',
    "qQ@ wW eE€ rR tT zZ uU iI oO pP üÜ +*~",
    "aA sS dD fF gG hH jJ kK lL öÖ äÄ #'",
    "<>| yY xX cC vV bB nN mMµ ,; .: -_",
)
_SWEDISH = _layout(
    '§½ 1! 2"@ 3#£ 4¤$ 5%€ 6& 7/{ 8([ 9)] 0=} +?\\ \u0301\u0300',
    "qQ wW eE€ rR tT yY uU iI oO pP åÅ \u0308\u0302\u0303",
    "aA sS dD fF gG hH jJ kK lL öÖ äÄ '*",
    "<>| zZ xX cC vV bB nN mMµ ,; .: -_",
)
LAYOUTS: dict[str, Layout] = {
    "us": _US,
    "gb": _layout(
        '`¬¦ 1! 2" 3£ 4$€ 5% 6^ 7& 8* 9( 0) -_ =+',
        "qQ wW eEéÉ rR tT yY uUúÚ iIíÍ oOóÓ pP [{ ]}",
        "aAáÁ sS dD fF gG hH jJ kK lL ;: '@ #~",
        "\\| zZ xX cC vV bB nN mM ,< .> /?",
    ),
    "de": _GERMAN,
    "at": _GERMAN,
    "ch": _layout(
        "§° 1+¦ 2\"@ 3*# 4ç 5% 6&¬ 7/| 8(¢ 9) 0= '?\u0301 \u0302\u0300\u0303",
        "qQ wW eE€ rR tT zZ uU iI oO pP üè[ \u0308!]",
        "aA sS dD fF gG hH jJ kK lL öé äà{ $£}",
        "<>\\ yY xX cC vV bB nN mM ,; .: -_",
    ),
    "ch-fr": _layout(
        "§° 1+¦ 2\"@ 3*# 4ç 5% 6&¬ 7/| 8(¢ 9) 0= '?\u0301 \u0302\u0300\u0303",
        "qQ wW eE€ rR tT zZ uU iI oO pP èü[ \u0308!]",
        "aA sS dD fF gG hH jJ kK lL éö àä{ $£}",
        "<>\\ yY xX cC vV bB nN mM ,; .: -_",
    ),
    "fr": _layout(
        "² &1 é2\u0303 \"3# '4{ (5[ -6| è7\u0300 _8\\ ç9^ à0@ )°] =+}",
        "aA zZ eE€ rR tT yY uU iI oO pP \u0302\u0308 $£¤",
        "qQ sS dD fF gG hH jJ kK lL mM ù% *µ",
        "<> wW xX cC vV bB nN ,? ;. :/ !§",
        caps_shifts=True,
    ),
    "be": _layout(
        "²³ &1| é2@ \"3# '4{ (5[ §6^ è7 !8 ç9{ à0} )° -_",
        "aA zZ eE€ rR tT yY uU iI oO pP \u0302\u0308[ $*]",
        "qQ sS dD fF gG hH jJ kK lL mM ù%\u0301 µ£\u0300",
        "<>\\ wW xX cC vV bB nN ,? ;. :/ =+\u0303",
        caps_shifts=True,
    ),
    "it": _layout(
        "\\| 1! 2\" 3£ 4$ 5%€ 6& 7/ 8( 9) 0= '? ì^",
        "qQ wW eE€ rR tT yY uU iI oO pP èé[{ +*]}",
        "aA sS dD fF gG hH jJ kK lL òç@ à°# ù§",
        "<> zZ xX cC vV bB nN mM ,; .: -_",
    ),
    "es": _layout(
        "ºª\\ 1!| 2\"@ 3·# 4$\u0303 5%€ 6&¬ 7/ 8( 9) 0= '? ¡¿",
        "qQ wW eE€ rR tT yY uU iI oO pP \u0300\u0302[ +*]",
        "aA sS dD fF gG hH jJ kK lL ñÑ \u0301\u0308{ çÇ}",
        "<> zZ xX cC vV bB nN mM ,; .: -_",
    ),
    "pt": _layout(
        "\\| 1! 2\"@ 3#£ 4$§ 5%€ 6& 7/{ 8([ 9)] 0=} '? «»",
        "qQ wW eE€ rR tT yY uU iI oO pP +*\u0308 \u0301\u0300",
        "aA sS dD fF gG hH jJ kK lL çÇ ºª \u0303\u0302",
        "<> zZ xX cC vV bB nN mM ,; .: -_",
    ),
    "se": _SWEDISH,
    "fi": _SWEDISH,
    "no": _layout(
        '|§ 1! 2"@ 3#£ 4¤$ 5%€ 6& 7/{ 8([ 9)] 0=} +? \\\u0300\u0301',
        "qQ wW eE€ rR tT yY uU iI oO pP åÅ \u0308\u0302\u0303",
        "aA sS dD fF gG hH jJ kK lL øØ æÆ '*",
        "<> zZ xX cC vV bB nN mMµ ,; .: -_",
    ),
    "dk": _layout(
        '½§ 1! 2"@ 3#£ 4¤$ 5%€ 6& 7/{ 8([ 9)] 0=} +? \u0301\u0300|',
        "qQ wW eE€ rR tT yY uU iI oO pP åÅ \u0308\u0302\u0303",
        "aA sS dD fF gG hH jJ kK lL æÆ øØ '*",
        "<>\\ zZ xX cC vV bB nN mMµ ,; .: -_",
    ),
    "nl": _layout(
        "@§¬ 1!¹ 2\"² 3#³ 4$¼ 5%½ 6&¾ 7_£ 8({ 9)} 0' /?\\ °\u0303\u0327",
        "qQ wW eE€ rR¶ tT yY uU iI oO pP \u0308\u0302 *|",
        "aA sSß dD fF gG hH jJ kK lL +± \u0301\u0300 <>",
        "][¦ zZ« xX» cC¢ vV bB nN mMµ ,; .: -=",
    ),
    "pl": _layout(
        "`~ 1! 2@ 3# 4$ 5% 6^ 7& 8* 9( 0) -_ =+",
        "qQ wW eEęĘ rR tT yY uU€ iI oOóÓ pP [{ ]}",
        "aAąĄ sSśŚ dD fF gG hH jJ kK lLłŁ ;: '\" \\|",
        "\\| zZżŻ xXźŹ cCćĆ vV bB nNńŃ mM ,< .> /?",
    ),
    "cz": _layout(
        ";\u030a +1\u0303 ě2\u030c š3\u0302 č4\u0306 ř5\u030a ž6\u0328 ý7\u0300 á8\u0307 í9\u0301 "
        "é0\u030b =%\u0308 \u0301\u030c\u0327",
        "qQ\\ wW| eE€ rR tT zZ uU iI oO pP ú/÷ )(×",
        "aA sSđ dDĐ fF[ gG] hH jJ kKł lLŁ ů\"$ §!ß \u0308'¤",
        "\\| yY xX# cC& vV@ bB{ nN} mM ,?< .:> -_*",
    ),
    "sk": _layout(
        ";\u030a +1\u0303 ľ2\u030c š3\u0302 č4\u0306 ť5\u030a ž6\u0328 ý7\u0300 á8\u0307 í9\u0301 "
        "é0\u030b =%\u0308 \u0301\u030c\u0327",
        "qQ\\ wW| eE€ rR tT zZ uU iI oO pP' ú/÷ ä(×",
        'aA sSđ dDĐ fF[ gG] hH jJ kKł lLŁ ô"$ §!ß ň)¤',
        "&*< yY> xX# cC& vV@ bB{ nN} mM ,?< .:> -_*",
    ),
    "hu": _layout(
        "0§ 1'~ 2\"\u030c 3+^ 4!\u0306 5%\u030a 6/\u0328 7=` 8(\u0307 9)\u0301 öÖ\u030b "
        "üÜ\u0308 óÓ\u0327",
        "qQ\\ wW| eEÄ rR tT zZ uU€ iIÍ oO pP őŐ÷ úÚ×",
        "aAä sSđ dDĐ fF[ gG] hH jJí kKł lLŁ éÉ$ áÁß űŰ¤",
        "íÍ< yY> xX# cC& vV@ bB{ nN} mM ,?; .:> -_*",
    ),
    "tr": _layout(
        "\"é< 1!> 2'£ 3\u0302# 4+$ 5%½ 6& 7/{ 8([ 9)] 0=} *?\\ -_|",
        "qQ@ wW eE€ rR tT yY uU \u0131I oO pP ğĞ\u0308 üÜ\u0303",
        "aAæ sSß dD fF gG hH jJ kK lL şŞ\u0301 iİ ,;\u0300",
        "<>| zZ xX cC vV bB nN mM öÖ çÇ .:",
    ),
}
"""What the settings may name, by ISO 3166-1 country or as Windows calls it."""
US = _US
"""What a Ctrl key combination is named after, whatever the layout."""
