"""Names of files in a header: any text gives a header that every client can read, and that names no other file."""

import re
from email.message import Message
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.disposition import attachment, inline

pytestmark = pytest.mark.pure

# RFC 6266: a token, and parameters that are quoted or, with a star, of attr-char and percent-encoded octets (RFC 8187).
WELL_FORMED = re.compile(
    r"attachment; filename=\"[A-Za-z0-9 ._()+,=@-]+\"(; filename\*=UTF-8''(?:[A-Za-z0-9!#$&+.^_`|~-]|%[0-9A-F]{2})+)?"
)


def shown(header: str) -> str:
    """The name a client saves under."""
    starred = re.search(r"filename\*=UTF-8''(\S+)$", header)
    if starred:
        return unquote(starred[1], errors="strict")
    message = Message()
    message["Content-Disposition"] = header
    return str(message.get_filename())


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("hello.jpg", "hello.jpg"),
        ("Füße.jpg", "Füße.jpg"),
        ("写真 1.jpg", "写真 1.jpg"),
        ("👩‍👩‍👧.png", "👩‍👩‍👧.png"),
        ("e\u0301.jpg", "e\u0301.jpg"),
        ('a"b\\c.jpg', 'a"b_c.jpg'),
        ("100%.jpg", "100%.jpg"),
        ("a;b'c.jpg", "a;b'c.jpg"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("%2e%2e%2fx", "%2e%2e%2fx"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("a\r\nSet-Cookie: x=1", "aSet-Cookie: x=1"),
        ("a\0b", "ab"),
        ("", "file"),
        (" . ", "file"),
        ("\ud800.jpg", "jpg"),
        ("é" * 4000 + ".jpeg", "é" * 145 + ".jpeg"),
        ("x" * 4000, "x" * 150),
    ],
)
def test_name_is_saved_as_it_is_or_made_harmless(name: str, saved: str) -> None:
    assert shown(attachment(name)) == saved


@given(st.text())
def test_header_of_any_text_is_well_formed(name: str) -> None:
    header = attachment(name)
    assert WELL_FORMED.fullmatch(header)
    assert not re.search(r"[/\\\x00-\x1f\u202e]", shown(header))
    assert len(shown(header)) <= 150


def test_without_a_name_only_the_kind_is_said() -> None:
    assert (attachment(None), inline(None), inline("a.jpg")) == ("attachment", "inline", 'inline; filename="a.jpg"')
