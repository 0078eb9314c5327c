"""Texts that strangers write, the hostile ones: markup, mentions, control characters, commands of terminals and captions."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

HOSTILE = (
    "**bold** _it_ ~~no~~ ||spoiler|| `code`",
    "```\ncode\n```",
    "# heading\n-# small\n> quote\n- list",
    "1. one",
    "@everyone @here",
    "<@1> <@!1> <@&1> <#1> </who:1> <t:0:R> <id:home> <:a:1> <a:a:1>",
    "[text](https://evil.example)",
    "[text](<https://evil.example>)",
    "https://evil.example/?a=b#c",
    "discord.gg/evil",
    "steam://run/1",
    "mail@evil.example",
    "\\",
    "\\*\\_",
    "\u202eevil\u202c",
    "\u2066a\u2069\u200f\u200e\u061c",
    "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u180e",
    "a" + "\u0301" * 60,
    "\u115f\u3164\u2800\uffa0",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07\x1b[2J",
    "\x9b31m\x90\x9c",
    "\0\x01\x07\x08\x7f\x85",
    "line\nline\r\nline\u2028line\u2029line",
    "[bold red]rich[/] [link=file:///etc/passwd]x[/link]",
    "{\\an8}{\\p1}m 0 0{\\clip(0,0,1,1)}\\N\\n\\h",
    "{name} {0} {} %s %(x)s %n ${HOME} `id` $(id)",
    "; rm -rf / #",
    "' OR 1=1 --",
    "../../../etc/passwd",
    "C:\\Windows\\con.txt",
    "con",
    "NUL.jpg",
    "-rf",
    ".hidden",
    "trailing. ",
    'a/b\\c:d*e?f"g<h>i|j',
    "<script>alert(1)</script>&amp;",
    "=cmd|' /C calc'!A0",
    "쯔위 트와이스",
    "ツウィ",
    "周子瑜",
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "ﷺ" * 20,
    "\ud800",
    "x" * 100,
    "x" * 5000,
)

_ALPHABET = st.characters(codec=None) | st.sampled_from("*_~|`>#@<[](){}\\/:;.,-+=%$\"'\n\r\t\0\x1b\u202e\u200b\ufeff")


def hostile_texts(most: int = 300) -> SearchStrategy[str]:
    """Hostile texts, any characters, and both together; most are shorter than `most` characters."""
    piece = st.sampled_from(HOSTILE) | st.text(_ALPHABET, max_size=20)
    return piece | st.lists(piece, min_size=1, max_size=4).map("".join) | st.text(_ALPHABET, max_size=most)


def encoded(texts: SearchStrategy[str]) -> SearchStrategy[bytes]:
    """The texts as bytes, lone surrogates too. `decoded` gives them back."""
    return texts.map(lambda text: text.encode("utf-8", "surrogatepass"))


def decoded(data: bytes) -> str:
    """The text of `encoded`; of other bytes what is text in them."""
    return data.decode("utf-8", "surrogatepass") if _is_encoded(data) else data.decode("utf-8", "replace")


def _is_encoded(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True
