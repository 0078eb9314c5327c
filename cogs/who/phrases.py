"""Phrases used to ask who somebody is, for watched channels."""

from __future__ import annotations

import re

_ASKS = re.compile(
    r"""
      \bwho(?:'?s|’s|\s+is|\s+are|\s+r)?\s+(?:this|that|these|those|she|he|they|it|is\s+(?:this|that|she|he))\b
    | \bwho\s*(?:dis|dat)\b
    | \b(?:what'?s|what’s|what\s+is)\s+(?:her|his|their)\s+names?\b
    | 누구(?:야|예요|에요|인가요|임|지|니|냐|세요|죠)?\s*(?:\?|$|~|ㅋ|ㅎ)
    | (?:이|얘|쟤|이분|이\s?사람|얘네)\s*(?:는|은)?\s*누구
    | (?:誰|だれ|どなた)\s*(?:です(?:か)?|だ|なの|か)?\s*(?:[?？。]|$)
    | (?:この(?:子|人|方)|これ)\s*(?:は|って|、)?\s*(?:誰|だれ|どなた)
    | ¿?\bqui[eé]n(?:es)?\s+(?:es|son)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)


def asks_who(text: str) -> bool:
    """Whether `text` asks who somebody in a picture is, in English, Korean, Japanese or Spanish."""
    return _ASKS.search(text) is not None
