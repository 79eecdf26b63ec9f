"""What readers make of files, on made-up ones: only prose, and who wrote it when."""

from dataclasses import dataclass

import pytest

from cramboard.errors import InputError
from cramboard.tasks.prose.blocks import Block
from cramboard.tasks.prose.markdown import markdown_blocks
from cramboard.tasks.prose.proposals import clean_proposal
from cramboard.tasks.prose.restructured import restructured_blocks
from cramboard.tasks.readers.tei_novel import usual_name
from cramboard.tasks.reading import Work, reader_named
from tests.tasks.damage import damage


@dataclass(frozen=True)
class One:
    """A source with one file."""

    text: str

    def paths(self) -> tuple[str, ...]:
        return ("the/file",)

    def read(self, path: str) -> str:
        return self.text


def read(reader: str, text: str, name: str = "the/file") -> Work:
    return reader_named(reader).read(One(text), name)


def tei(body: str, author: str = "Doe, Jane (1801-1877)", date: str = "<date>1851</date>") -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc>
<titleStmt><title>Made Up</title><author>{author}</author></titleStmt>
<sourceDesc><bibl type="digitalSource"><date>1999</date></bibl><bibl type="firstEdition">{date}</bibl></sourceDesc>
</fileDesc></teiHeader>
<text><front><p>A preface.</p></front><body>{body}</body><back><p>An advertisement.</p></back></text></TEI>"""


@pytest.mark.parametrize(
    ("body", "prose"),
    [
        ("<div><head>CHAPTER I</head><p>It   rained\n  all day.</p></div>", "It rained all day."),
        ("<p>It <hi>did</hi> rain<note>In May.</note>, <foreign>hélas</foreign>!</p>", "It did rain, hélas!"),
        ("<p>See<ref>[3]</ref> <pb n='9'/>the <gap/>sea.</p>", "See the sea."),
        ("<p>He sang:</p><quote><l>O sea!</l></quote><p>She left.</p>", "He sang:\nShe left."),
        ("<quote><label>TO HIM.</label><p>Dear Sir, come.</p></quote>", "Dear Sir, come."),
        ("<p>He sang:<l>O sea!</l> and left.</p>", "He sang:\nand left."),
        ("<p>The long</p><pb n='2'/><p>way home.</p>", "The long way home."),
        (
            "<p>A drawing- room, two- or three, and a sun-\n  rise.</p>",
            "A drawing-room, two- or three, and a sun-rise.",
        ),
        ("<p>* * *</p><p>CHAPTER II</p><p>Chapter III. The Sea</p><p>The End.</p><p>By the Sea</p>", ""),
        (f"<p>Chapter VIII ~ Of {'the Sea and ' * 10}the Isle</p><p>They set sail.</p>", "They set sail."),
        ("<p>“NO!”</p><p>[Illustration]</p><p>It was he .</p>", "“NO!”\nIt was he."),
        ("<p>caf\u0065\u0301 mis\u00adtake half\u2010way `so´</p>", "café mistake half-way 'so'"),  # noqa: RUF001
        (
            "<p>Ł5 for the €lite, not §a, said Mr. B____, half·way.</p>",
            "£5 for the élite, not ça, said Mr. B——, half-way.",
        ),
        ("<trailer>FINIS.</trailer><div type='notes'><note><p>A note.</p></note></div>", ""),
    ],
)
def test_a_novel_is_the_prose_of_its_body(body: str, prose: str) -> None:
    assert read("tei-novel", tei(body)).text == prose


def test_a_novel_is_credited_to_its_author_and_first_edition() -> None:
    work = read("tei-novel", tei("<p>It rained.</p>"), "eltec/level1/ENG1851_Doe.xml")
    assert (work.id, work.author, work.date) == ("eng1851-doe", "Jane Doe", "1851")


@pytest.mark.parametrize(
    ("catalogued", "usual"),
    [
        ("Doe, Jane (1801-1877)", "Jane Doe"),
        ("Doe, Jane  (1801-1877). ", "Jane Doe"),
        ("Roe, Richard, Mrs. (1851-1920)", "Mrs. Richard Roe"),
        ("Nobody, [pseud.] (1839-1908)", "Nobody"),
        ("Doe, J. [pseud.] (1856-1934)", "J. Doe"),
        ("Doe, John J. (1859–1927)", "John J. Doe"),  # noqa: RUF001
    ],
)
def test_authors_are_named_as_usual(catalogued: str, usual: str) -> None:
    assert usual_name(catalogued) == usual


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "not well-formed XML"),
        ("<p>It rained.", "not well-formed XML"),
        ("<html/>", "no element teiHeader"),
        (tei("<p/>", date=""), "no element teiHeader//bibl"),
        (tei("<p/>", date="<date>long ago</date>"), "the header gives no year of the first edition"),
    ],
)
def test_what_is_no_novel_is_refused_in_one_line(text: str, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        read("tei-novel", text)
    assert str(caught.value).startswith("the/file: ")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


PEP = """PEP: 9999
Title: Made up
Author: Jane Doe <jane@example.org>,
        Richard Roe
Created: 02-Aug-2025

.. highlight:: c

Abstract
========

Use :c:func:`do_it` and :class:`~a.b.Thing`, see :pep:`8`, :ref:`why-section`,
:ref:`words <why-section>` and `a page <https://example.org>`__ [1]_.
It is **very ``good``** and *fast*. The syntax is as follows::

    code()

.. note:: A note is part of what the proposal says.

- no whole sentence
- A whole sentence that is a list item stays here.
- ``name``: The name of a thing that is defined.

    Somebody else said this in a quotation.

.. _why-section:

Why This Works
--------------

=====  =====
A      table
=====  =====

.. unknown-directive:: text that nobody sees

Copyright
=========

This document is placed in the public domain or under the CC0-1.0-Universal license.

.. [1] A footnote that says nothing much.
"""

EIP = """---
eip: 9999
title: Made up
author: Jane Doe (@doe) <jane@example.org>, Richard Roe (@roe)
created: 2025-08-02
---

## Abstract

Use `do_it` and **all of it**, see [EIP-1](./eip-1.md)[^1]. We call it `done`
at the end. The syntax is:

```python
code()
```

The key words "MUST" and "MAY" are to be interpreted as described in RFC 2119 and RFC 8174.

| A | table |
| - | ----- |
| b | c     |

> Somebody else said this in a quotation.

- no whole sentence
- A whole sentence that is a list item stays here.
    - So does one that stands deeper in it.
- `name`: The name of a thing that is defined.

<a id="x"></a>

The sum $x + y$ is a formula and goes. [a, b, c] = {d: e}, [f] || (0x00).

[^1]: A footnote that says nothing much.

## Security Considerations

Needs discussion.

## Copyright

Copyright and related rights waived via [CC0](../LICENSE.md).
"""


def test_a_python_proposal_is_its_paragraphs() -> None:
    work = read("proposal", PEP, "peps/peps/pep-9999.rst")
    assert work.text.split("\n") == [
        "Use do_it and Thing, see PEP 8, Why This Works, words and a page. It is very good and fast.",
        "A note is part of what the proposal says.",
        "A whole sentence that is a list item stays here.",
    ]
    assert (work.id, work.author, work.date) == ("pep-9999", "Jane Doe", "2025-08-02")


def test_an_ethereum_proposal_is_its_paragraphs() -> None:
    work = read("proposal", EIP, "EIPs/EIPS/eip-9999.md")
    assert work.text.split("\n") == [
        "Use do_it and all of it, see EIP-1. We call it done at the end.",
        "A whole sentence that is a list item stays here.",
        "So does one that stands deeper in it.",
    ]
    assert (work.id, work.author, work.date) == ("eip-9999", "Jane Doe", "2025-08-02")


def test_a_proposal_that_keeps_its_rights_is_refused() -> None:
    with pytest.raises(InputError, match=r"peps/a\.rst: its end does not give up all rights"):
        read("proposal", "PEP: 1\n\nAll rights are reserved.", "peps/a.rst")


@pytest.mark.parametrize(
    "text", ["# No head\n\nCC0", "---\nfields: [\n---\nCC0", "---\n- a list\n---\nCC0", "---\n---\nCC0"]
)
def test_a_proposal_without_a_head_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError, match=r"^EIPs/a\.md: no fields between two lines ---; leave the file out"):
        read("proposal", text, "EIPs/a.md")


def test_a_proposal_may_not_name_its_author() -> None:
    assert read("proposal", "---\nauthor:\ncreated: soon\n---\nCC0", "EIPs/a.md").author == ""


def test_an_unwanted_section_ends_at_the_next_of_its_depth() -> None:
    blocks = [
        Block("heading", "References", 2),
        Block("paragraph", "This sentence is in the references."),
        Block("heading", "Books", 3),
        Block("paragraph", "This sentence is below the references."),
        Block("heading", "Rationale", 2),
        Block("paragraph", "This sentence is in the rationale."),
    ]
    assert clean_proposal(blocks) == "This sentence is in the rationale."


def test_a_backslash_that_only_divides_leaves_nothing() -> None:
    [block] = restructured_blocks("Two ``Thing``\\s, or ``a``...\\ ``b``, and C:\\\\Temp.\n")
    assert block.text == "Two Things, or a...b, and C:\\Temp."


def test_markup_that_is_broken_is_read_without_a_fuss(capsys: pytest.CaptureFixture[str]) -> None:
    broken = "Title\n=\n\n`open *text\n\n.. include:: /etc/passwd\n\n.. raw:: html\n\n   <b>\n"
    assert all("root:" not in block.text for block in restructured_blocks(broken))
    assert [block.kind for block in markdown_blocks("# A\n\n[open *text\n")] == ["heading", "paragraph"]
    assert capsys.readouterr().err == ""


def test_plain_text_has_a_paragraph_a_line() -> None:
    work = read("plain-text", "\ufeffIt rained\nall day.\n\n \nThen it  stopped.\n", "letters/To Jane.txt")
    assert work == Work(id="to-jane", text="It rained all day.\nThen it stopped.", author="", date="")


@pytest.mark.parametrize(
    ("line", "signs"),
    [
        ("It cost £5, said the élite of the half-way house in Düsseldorf: “ça va”.", 0),
        ("caf\u00c3\u00a9 and don\u00e2\u0080\u0099t", 4),
        ("lost \ufffd and bro\u00adken", 2),
        ("MomentÕs", 1),
        ("Ł5 of the €lite, half·way", 3),
        ("&rdquo;So", 1),
        ("cafe\u0301", 1),
    ],
)
def test_damage_is_counted(line: str, signs: int) -> None:
    assert damage(line) == signs
