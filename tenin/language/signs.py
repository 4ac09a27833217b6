"""Signs of Han: simplified and traditional forms, and which are ordinary in which language.

The latter is computed and not listed, for `evidence`. OpenCC's dictionaries say that a
sign has another form in the other script; the character sets of the three countries say
whether it stands in their texts all the same: 后 is simplified from 後 and traditional in
皇后, so it tells nothing.
"""

from functools import cache, lru_cache

import regex
from opencc import OpenCC

_UNIFIED = [chr(code) for code in range(0x3400, 0xA000)]
# Where the signs of everyday use end in each set; what follows is rare or an old form.
_GB2312_EVERYDAY = b"\xd8\xa1"
_JIS_EVERYDAY = b"\x98\x9f"
# Half of a sign in UTF-16, which JSON can hold and UTF-8 can't: neither can OpenCC or SudachiPy.
_LONE_SURROGATE = regex.compile(r"\p{Cs}")
_REPLACEMENT = "\ufffd"


@lru_cache(maxsize=1)
def strange_signs() -> dict[str, frozenset[str]]:
    """Give for zh-Hans, zh-Hant and ja the signs that their texts don't have."""
    simplified = _converted("t2s")
    gb = {sign: _encoded(sign, "gb2312") for sign in _UNIFIED}
    big5 = {sign: _encoded(sign, "big5") for sign in _UNIFIED}
    jis = {sign: _encoded(sign, "shift_jis") for sign in _UNIFIED}
    strange: dict[str, set[str]] = {"zh-Hans": set(), "zh-Hant": set(), "ja": set()}
    for sign in _UNIFIED:
        if not (gb[sign] or big5[sign] or jis[sign]):
            # Too rare for all three, or of a dialect: it tells nothing between the two Chinese.
            strange["ja"].add(sign)
            continue
        if not gb[sign] or (simplified[sign] != sign and gb[sign] >= _GB2312_EVERYDAY):
            strange["zh-Hans"].add(sign)
        if not big5[sign] and simplified[sign] == sign:
            strange["zh-Hant"].add(sign)
        if not jis[sign] or jis[sign] >= _JIS_EVERYDAY:
            strange["ja"].add(sign)
    return {code: frozenset(signs) for code, signs in strange.items()}


def forms(signs: str) -> frozenset[str]:
    """Give simplified signs together with their traditional forms."""
    return frozenset(signs) | frozenset(traditional("\n".join(signs))) - {"\n"}


def well_formed(text: str) -> str:
    """Give `text` with the replacement character for each lone surrogate, as long as before."""
    return _LONE_SURROGATE.sub(_REPLACEMENT, text)


def simplified(text: str) -> str:
    """Give `text` with traditional signs as simplified ones, as long as before."""
    simple: str = _converter("t2s").convert(well_formed(text))
    return simple if len(simple) == len(text) else text


def traditional(text: str) -> str:
    """Give a simplified text in traditional signs."""
    return str(_converter("s2t").convert(text))


def simplified_at(han: str) -> set[int]:
    """Find where signs that both Chinese have stand for a traditional sign: 里 in 哪里.

    Only where Taiwan and Hong Kong would both write another sign; 台 is 台 in one of them.
    """
    taiwan, hong_kong = _converter("s2tw").convert(han), _converter("s2hk").convert(han)
    if not len(han) == len(taiwan) == len(hong_kong):
        return set()
    return {at for at, sign in enumerate(han) if taiwan[at] != sign and hong_kong[at] != sign}


@cache
def _converter(how: str) -> OpenCC:
    return OpenCC(how)


def _converted(how: str) -> dict[str, str]:
    # One sign to a line, so that none is taken for part of a word.
    lines = _converter(how).convert("\n".join(_UNIFIED)).split("\n")
    return dict(zip(_UNIFIED, lines, strict=True))


def _encoded(sign: str, character_set: str) -> bytes:
    return sign.encode(character_set, "ignore")
