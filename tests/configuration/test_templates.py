"""Templates of messages: ours are right, a municipality's own are checked with file and line, and none runs away."""

import re
import time
from pathlib import Path
from typing import Any

import pytest

from hub.configuration import Severity
from hub.configuration.files import TEMPLATES as ROOM
from hub.configuration.template_values import TEMPLATES, trials
from hub.configuration.templates import LANGUAGES, TextError, Texts, flaws
from hub.mapping.samples import shipped
from hub.model.notifying import News
from tests.configuration.folders import read, small, the_error

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(path.relative_to(shipped() / ROOM).as_posix() for path in (shipped() / ROOM).glob("*/*"))
DOCUMENT = (ROOT / "docs" / "messages.md").read_text(encoding="utf-8")
OPTIONAL = {"role.html", "digest.html"}


def values(name: str = "role.txt", **more: Any) -> dict[str, Any]:
    return next(iter(trials(name))) | more


# ---------------------------------------------------------------- the hub's own


def test_every_template_comes_in_both_languages() -> None:
    assert sorted(f"{language}/{name}" for language in LANGUAGES for name in set(TEMPLATES) - OPTIONAL) == SHIPPED


@pytest.mark.parametrize("path", SHIPPED)
def test_every_template_of_ours_gives_a_text_for_every_kind_of_booking(path: str) -> None:
    assert list(flaws(path, (shipped() / ROOM / path).read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", [path for path in SHIPPED if "sms" in path])
def test_a_text_message_of_ours_takes_few_parts(path: str) -> None:
    language, _, name = path.partition("/")
    for given in trials(name):
        text = Texts({}).write(language, name, given)
        assert len(text) <= 306, "two parts, with long names"
        assert not re.search("[^A-Za-z0-9åäöéÅÄÖÉ .,:()\n-]", text), "one letter outside the alphabet halves the room"


def test_html_is_escaped_and_text_is_not() -> None:
    given = values(customer="<b>Å & Ö</b>")
    own = Texts({"sv/role.html": "{{ customer }}", "sv/role.txt": "{{ customer }}"})
    assert own.write("sv", "role.html", given) == "&lt;b&gt;Å &amp; Ö&lt;/b&gt;"
    assert own.write("sv", "role.txt", given) == "<b>Å & Ö</b>"


def test_a_template_of_the_municipality_goes_before_ours_by_name() -> None:
    own = Texts({"sv/role.txt": "eget {{ number }}"})
    assert own.write("sv", "role.txt", values()) == "eget B-1"
    assert own.write("en", "role.txt", values()).startswith("New booking B-1")
    assert own.write("sv", "role-sms.txt", values("role-sms.txt")).startswith("Ny bokning")
    assert (own.has("sv", "role.html"), own.has("sv", "booker.html")) == (False, True)


# ---------------------------------------------------------------- what is wrong with one


@pytest.mark.parametrize(
    "text, line, message",
    [
        ("{% if kind %}\n{{ number }}", 2, "Unexpected end of template"),
        ("a\n{{ number }", 2, "unexpected"),
        ("a\nb {{ nummer }}", 2, "there is no `nummer` here; there is customer, kind, more"),
        ("{{ number }}\n{{ items }}", 2, "there is no `items` here"),
        (
            "{{ number }}{% for one in occasions %}\n{{ one.palce }}{% endfor %}",
            2,
            "`occasion` has no attribute 'palce'",
        ),
        ("\n\n{{ {'new': 'ny'}[kind] }}", 3, "has no attribute 'changed'"),
        ("{{ number }}{% if kind == 'closed' %}\n{{ reason.text }}{% endif %}", 2, "has no attribute 'text'"),
        ("{{ customer | shout }}", 1, "No filter named 'shout'"),
        ("{{ customer | safe }}", 1, "No filter named 'safe'"),
        ("a\n{{ number is prime }}", 2, "No test named 'prime'"),
        ("{% set a = 1 %}", 1, "may not use `assign`"),
        ("\n{% macro a() %}{% endmacro %}", 2, "may not use `macro`"),
        ("{% include 'role.txt' %}", 1, "may not use `include`"),
        ("{{ range(9) }}", 1, "may not use `call`"),
        ("{{ number.__class__ }}", 1, "is unsafe"),
        ("{{ number * 9 }}", 1, "may not use `mul`"),
        ("{{ number ** 9 }}", 1, "may not use `pow`"),
        ("{{ '%099d' % 9 }}", 1, "may not use `mod`"),
        ("{{ number + 1 }}", 1, "can only concatenate str"),
        ("{{ number | int }}{{ 1 - places }}", 1, "unsupported operand"),
        ("{% if kind == 'new' %}text{% endif %}", 1, "gives no text for a booking that is changed"),
        ("", 1, "gives no text"),
        ("x" * 60_000, 1, "more than 50,000 characters"),
    ],
)
def test_a_fault_is_told_with_its_line(text: str, line: int, message: str) -> None:
    found = list(flaws("sv/role.txt", text))
    assert (found[0].line, message in found[0].message) == (line, True), found


def test_what_is_said_of_a_fault_holds_no_name_of_ours() -> None:
    (flaw, *_) = flaws("sv/role.txt", "{% for one in occasions %}{{ one.x }}{% endfor %}")
    assert "hub." not in flaw.message


SORTED = "{% for a in occasions | sort %}" * 2 + "{{ occasions | sort | length }}" + "{% endfor %}" * 2
LOOPS = "{% for a in occasions %}" * 8 + "x" + "{% endfor %}" * 8


@pytest.mark.parametrize(
    "text",
    [
        LOOPS,
        LOOPS.replace("x", ""),
        "{% for a in occasions %}" + "x" * 40_000 + "{% endfor %}",
        SORTED,
    ],
)
def test_a_text_that_would_not_end_is_stopped(text: str) -> None:
    many = values(occasions=values()["occasions"] * 200)
    began = time.monotonic()
    with pytest.raises(TextError, match=r"templates/sv/role.txt:\d+: TemplateError"):
        Texts({"sv/role.txt": text}).write("sv", "role.txt", many)
    assert time.monotonic() - began < 10


def test_a_text_of_four_hundred_occasions_fits() -> None:
    many = values(occasions=values()["occasions"] * 200)
    assert Texts({}).write("sv", "role.txt", many).count("Tennishallen") == 0
    assert Texts({}).write("sv", "role.txt", many).count("Bana 1:") == 200


def test_a_fault_when_it_is_sent_tells_where_and_nothing_of_the_booking() -> None:
    with pytest.raises(TextError, match=r"^templates/sv/role.txt:2: UndefinedError; knutpunkt check tells more$"):
        Texts({"sv/role.txt": "\n{{ customer.name }}"}).write("sv", "role.txt", values(customer="Kim Hemlig"))


# ---------------------------------------------------------------- in a folder


def with_file(name: str, text: str) -> Any:
    return read(small() | {name: text})


def test_a_template_is_a_part_of_the_configuration_and_is_stored_with_it() -> None:
    found = with_file("templates/sv/role.txt", "{{ number }} {{ kind }}")
    assert found.ok
    assert found.required().templates == {"sv/role.txt": "{{ number }} {{ kind }}"}
    assert found.files["templates/sv/role.txt"] == "{{ number }} {{ kind }}"


def test_a_bad_template_is_told_with_file_and_line_and_refuses_the_folder() -> None:
    error = the_error(with_file("templates/sv/role.txt", "a\n{{ nummer }}"), "bad-template")
    assert (error.file, error.line) == ("templates/sv/role.txt", 2)


def test_a_template_that_no_message_is_made_of_is_told_with_the_nearest() -> None:
    error = the_error(with_file("templates/en/rol.txt", "x"), "unknown-template")
    assert "did you mean `role.txt`?" in error.message


@pytest.mark.parametrize("name", ["templates/role.txt", "templates/no/role.txt", "templates/sv/role.md.txt"])
def test_a_file_where_no_template_stands_is_told(name: str) -> None:
    found = with_file(name, "x")
    assert [each.severity for each in found.findings if each.file == name] == [Severity.WARNING]


# ---------------------------------------------------------------- the documentation


def test_the_documented_template_is_right() -> None:
    (example,) = re.findall(r"```jinja\n(.*?)```", DOCUMENT, re.DOTALL)
    assert list(flaws("sv/role.txt", example)) == []


def test_the_documentation_tells_what_each_template_is_given() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+\.\w+)` \| .* \| (.*) \|$", DOCUMENT, re.MULTILINE))
    assert set(rows) == set(TEMPLATES)
    for name, row in rows.items():
        base = re.match(r"as `(.*?)`", row)
        told = set(re.findall(r"`(\w+)`", row)) | (TEMPLATES[base[1]] if base else set())
        assert told == TEMPLATES[name], name


def test_the_documentation_tells_of_everything_that_may_have_happened() -> None:
    assert set(re.findall(r"^\| `(\w+)` \| (?:a|something|it|the) ", DOCUMENT, re.MULTILINE)) >= set(News) - {News.CODE}
