"""Who is told what, as it is written: places that are not there, ways that lead nowhere, times that cannot be."""

from typing import Any

import pytest

from hub.configuration import Read, read_files
from hub.model import Channel
from hub.model.notifying import Booker, Digest, News, QuietHours, Role
from hub.sdk import Connector, Notifier
from tests.configuration.folders import (
    STUBS,
    StubConfig,
    read,
    small,
    the_error,
    with_code,
    written,
)

TOWN = "municipality.yaml"
MAIL: dict[str, Any] = {"email": {"connection": "mail", "to": "vakt@kommun.example"}}


class StubMail(Connector[StubConfig], Notifier):
    """Sends by mail."""


class StubSms(Connector[StubConfig], Notifier):
    """Sends text messages."""

    channels = frozenset({Channel.SMS})


def load(name: str) -> type[Connector[Any]]:
    found: type[Connector[Any]] = (STUBS | {"stub_mail": StubMail, "stub_sms": StubSms})[name]
    return found


def town(*, booker: dict[str, Any] | None = None, **roles: Any) -> Read:
    """The small folder with a mail server, a gateway, and who is told by them."""
    trees = small()
    for name in ("mail", "sms"):
        settings = {"host": f"{name}.example", "port": 1, "password": None, "zones": {}}
        trees[f"connections/{name}.yaml"] = {"connector": f"stub_{name}", "mode": "live", "settings": settings}
    trees[TOWN] |= {"notify": roles, "booker": booker or {}}
    return read_files(written(trees), load_class=load)


def test_all_that_can_be_written_is_read() -> None:
    vakt = MAIL | {
        "sms": {"connection": "sms", "to": "+46701740605", "by_facility": {"hall": "+46701740606"}},
        "language": "en", "resources": ["hall", "hall.court"], "when": ["new", "closed"], "always": True,
        "quiet_hours": {"from": "21:00", "until": "06:30"}, "digest": {"at": "06:30", "weekdays": ["monday"]},
    }  # fmt: skip
    booker = {"email": {"connection": "mail"}, "sms": {"connection": "sms"}, "contact": "a@b.se", "tell_code": True}
    found = town(vakt=vakt, booker=booker)
    assert found.ok, [str(each) for each in found.findings]
    told = found.required().municipality
    assert told.notify["vakt"].quiet_hours == QuietHours.model_validate({"from": "21:00", "until": "06:30"})
    assert told.booker is not None
    assert told.booker.tell_code


def test_what_is_left_out_is_what_is_usual() -> None:
    assert Role().when == (News.NEW, News.CHANGED, News.CANCELLED)
    assert Booker().when == tuple(news for news in News if news is not News.CODE)
    assert (Booker().tell_code, Role().always, Role().resources) == (False, False, "all")
    assert len(Digest(at="06:30").weekdays) == 7


def test_what_is_left_out_is_told_with_what_it_is_then() -> None:
    said = [each.message for each in with_code(town(vakt=MAIL), "left-out") if each.path.startswith("notify")]
    role, way = (message.partition(";")[0].removeprefix("left out, and so ") for message in said)
    assert role.split("`, `")[:4] == ['`language: "sv"', 'resources: "all"', "quiet_hours: null", "sms: null"]
    assert role.split("`, `")[4:] == ['when: ["new", "changed", "cancelled"]', "always: false", "digest: null`"]
    assert way == "`by_facility: {}`"


@pytest.mark.parametrize(
    "role, code, path, message",
    [
        (MAIL | {"resources": ["hal"]}, "unknown-place", "resources.0", "did you mean `hall`?"),
        (MAIL | {"resources": ["hall", "hall.cort"]}, "unknown-place", "resources.1", "did you mean `hall.court`?"),
        (
            {"email": {"connection": "mail", "by_facility": {"hal": "a@b.se"}}},
            "unknown-facility", "email.by_facility.hal", "did you mean `hall`?",
        ),
        ({"email": {"connection": "post", "to": "a@b.se"}}, "unknown-connection", "email.connection", "lamps"),
        ({"sms": {"connection": "mail", "to": "+46701740605"}}, "wrong-channel", "sms.connection", "not by sms"),
        ({"email": {"connection": "sms", "to": "a@b.se"}}, "wrong-channel", "email.connection", "by sms, not by email"),
        ({"email": {"connection": "locks", "to": "a@b.se"}}, "wrong-capability", "email.connection", "notification"),
        ({"email": {"connection": "mail"}}, "wrong-value", "email", "to whom? write `to`, or `by_facility`"),
        ({"email": {"to": "0701740605"}}, "wrong-value", "email.to", "`to`"),
        ({"sms": {"to": "0701740605"}}, "wrong-value", "sms.to", "`to`"),
        (MAIL | {"when": []}, "wrong-value", "when", "`when`"),
        (MAIL | {"when": ["code"]}, "wrong-value", "when.0", "new"),
        (MAIL | {"quiet_hours": {"from": "21:00", "until": "21:00"}}, "wrong-value", "quiet_hours", "the same time"),
        (MAIL | {"quiet_hours": {"from": "21", "until": "06:00"}}, "wrong-value", "quiet_hours.from", "Swedish time"),
        (MAIL | {"quiet_hours": {"begins": "21:00", "until": "06:00"}}, "unknown-key", "quiet_hours.begins", "from"),
        (MAIL | {"digest": {"at": "24:00"}}, "wrong-value", "digest.at", "Swedish time"),
        (MAIL | {"digest": {"at": "06:30", "weekdays": ["mon"]}}, "wrong-value", "digest.weekdays.0", "monday"),
        (MAIL | {"tell_code": True}, "unknown-key", "tell_code", "unknown key"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_role_is_told_at_its_place(role: Any, code: str, path: str, message: str) -> None:
    errors = [each for each in town(vakt=role).findings if each.severity == "error"]
    assert [(each.code, each.path) for each in errors if each.code == code] == [(code, f"notify.vakt.{path}")], errors
    assert message in next(each.message for each in errors if each.code == code)


@pytest.mark.parametrize(
    "booker, path, message",
    [
        ({"email": {"connection": "mail"}}, "booker", "`email` needs `contact`"),
        ({"resources": ["hal"]}, "booker.resources.0", "did you mean `hall`?"),
        ({"sms": {"connection": "mail"}}, "booker.sms.connection", "not by sms"),
        ({"sms": {"connection": "sms", "to": "+46701740605"}}, "booker.sms.to", "unknown key"),
        ({"digest": {"at": "06:30"}}, "booker.digest", "unknown key"),
    ],
)
def test_what_is_wrong_with_the_booker_is_told_at_its_place(booker: Any, path: str, message: str) -> None:
    (error,) = (each for each in town(booker=booker).findings if each.severity == "error")
    assert (error.path, message in error.message) == (path, True), error


def test_no_role_is_called_the_booker() -> None:
    found = read(small() | {TOWN: small()[TOWN] | {"notify": {"booker": {}}}})
    assert the_error(found, "reserved-role").path == "notify.booker"


def test_ways_without_a_connection_are_unserved_and_told_together() -> None:
    (unserved,) = (
        each
        for each in with_code(town(vakt=MAIL | {"sms": {"to": "+46701740605"}}, husmor={}, booker={}), "unserved")
        if each.message.startswith("notification")
    )
    assert "(3 of 4, `sms`, `husmor`, `booker`)" in unserved.message
