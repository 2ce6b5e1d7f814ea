"""What `check` says of certificates and accounts where it runs: there, fit, and good for how long."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from hub.configuration import Report, Severity, check_folder
from hub.configuration.finding import Finding
from tests.configuration.folders import load_stub, small, written
from tests.sdk.test_tls import PASSWORD, as_pkcs12, locked, parts

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
CONNECTION = "connections/arx.yaml"


def checked(
    folder: Path, environment: dict[str, str] | None = None, *, now: datetime = NOW, town: Any = None, **papers: Any
) -> Report:
    """The folder with these on its connection, and those in its municipality."""
    trees = small()
    trees["municipality.yaml"] |= town or {}
    (name,) = [file for file in trees if file.startswith("connections/")][:1]
    trees[name] |= papers
    for file, text in written(trees).items():
        path = folder / "town" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return check_folder(folder / "town", environment={"LOCK": "x"} | (environment or {}), load_class=load_stub, now=now)


def of(report: Report, *codes: str) -> list[Finding]:
    return [one for one in report.findings if one.code in codes]


OURS = ("no-certificate-file", "unreadable-certificate", "expires-soon")


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    certificate, key = parts(made)
    (tmp_path / "hub.pem").write_bytes(certificate)
    (tmp_path / "hub.key").write_bytes(locked(key))
    (tmp_path / "hub.p12").write_bytes(as_pkcs12(certificate, key, PASSWORD))
    return made


def test_papers_that_are_there_and_fit_are_no_finding(authority: trustme.CA, tmp_path: Path) -> None:
    shown = {"certificate": f"{tmp_path}/hub.pem", "key": f"{tmp_path}/hub.key", "password": "${env:WORD}"}
    word = {"WORD": PASSWORD.decode()}
    report = checked(tmp_path, word, ca_file=f"{tmp_path}/ca.pem", client_certificate=shown)
    assert of(report, *OURS, "unset-secret") == []
    p12 = {"certificate": f"{tmp_path}/hub.p12", "password": "${env:WORD}"}
    assert of(checked(tmp_path, word, client_certificate=p12, credentials_expire="2027-03-01"), *OURS) == []


@pytest.mark.usefixtures("authority")
@pytest.mark.parametrize(
    "papers, code, text",
    [
        ({"ca_file": "{}/none.pem"}, "no-certificate-file", "none.pem`: No such file or directory; put it where"),
        ({"ca_file": "{}/hub.key"}, "unreadable-certificate", "holds no certificate in PEM"),
        ({"client_certificate": {"certificate": "{}/none.p12"}}, "no-certificate-file", "none.p12`: No such file"),
        ({"client_certificate": {"certificate": "{}/hub.pem"}}, "unreadable-certificate", "no key in PEM"),
        ({"client_certificate": {"certificate": "{}/hub.p12"}}, "unreadable-certificate", "PKCS#12 that the password"),
        (
            {"client_certificate": {"certificate": "{}/hub.pem", "key": "{}/hub.key", "password": "${{env:WRONG}}"}},
            "unreadable-certificate",
            "no key in PEM that the password opens",
        ),
    ],
)
def test_what_is_wrong_with_them_is_told_where_it_stands(
    papers: dict[str, Any], code: str, text: str, tmp_path: Path
) -> None:
    def here(told: Any) -> Any:
        return told.format(tmp_path) if isinstance(told, str) else {key: here(each) for key, each in told.items()}

    report = checked(tmp_path, {"WRONG": "wrong"}, **here(papers))
    (found,) = of(report, *OURS)
    assert (found.code, found.file.startswith("connections/")) == (code, True)
    assert text in found.message
    assert found.line > 1
    assert report.ok == (found.severity is Severity.WARNING)


@pytest.mark.parametrize(
    "content, production, code",
    [
        (None, True, "no-test-numbers"),
        (None, False, None),
        (b"19380124-8471\n", True, None),
        (b"testpersonnummer\n", True, "unreadable-test-numbers"),
        (b"\xff\xfe1\x009\x00", True, "unreadable-test-numbers"),
    ],
)
def test_the_list_of_test_numbers_without_which_nobody_is_looked_up_is_looked_for(
    content: bytes | None, code: str | None, tmp_path: Path, *, production: bool
) -> None:
    path = tmp_path / "test-numbers.txt"
    if content is not None:
        path.write_bytes(content)
    population = {"connection": None, "production": production, "test_numbers": str(path)}
    report = checked(tmp_path, town={"population": population})
    found = [(one.code, one.file) for one in report.findings if "test-numbers" in one.code]
    assert found == ([(code, "municipality.yaml")] if code else [])
    assert report.ok == (code != "unreadable-test-numbers")


def test_a_secret_of_theirs_that_leads_nowhere_is_a_warning(authority: trustme.CA, tmp_path: Path) -> None:
    shown = {"certificate": f"{tmp_path}/hub.p12", "password": "${env:GONE}"}
    report = checked(tmp_path, client_certificate=shown, proxy="${env:PROXY}", credentials_expire="${file:/none}")
    assert sorted(one.path for one in of(report, "unset-secret")) == [
        "client_certificate.password", "credentials_expire", "proxy",
    ]  # fmt: skip
    assert of(report, *OURS) == []
    assert report.ok


@pytest.mark.parametrize("days, said", [(61, None), (60, "days left: 60"), (7, "days left: 7"), (-1, "ended")])
def test_what_ends_within_sixty_days_is_a_warning(days: int, said: str | None, tmp_path: Path) -> None:
    authority = trustme.CA()
    last = datetime(2036, 6, 1, 12, tzinfo=UTC)
    leaf = authority.issue_cert("hub@kommun.example", not_after=last)
    leaf.private_key_and_cert_chain_pem.write_to_path(tmp_path / "hub.pem")
    now = last - timedelta(days=days)
    report = checked(tmp_path, now=now, client_certificate={"certificate": f"{tmp_path}/hub.pem"})
    assert report.ok
    found = of(report, *OURS)
    assert [one.code for one in found] == (["expires-soon"] if said else [])
    assert all(said is not None and said in one.message and "2036-06-01" in one.message for one in found)


def test_an_account_is_good_to_the_end_of_its_last_day(tmp_path: Path) -> None:
    evening, night = (datetime(2026, 11, 26, hour, 59, tzinfo=UTC) for hour in (22, 23))
    (soon,) = of(checked(tmp_path, now=evening, credentials_expire="2026-11-26"), *OURS)
    assert "days left: 0" in soon.message
    (over,) = of(checked(tmp_path, now=night, credentials_expire="2026-11-26"), *OURS)
    assert "ended 2026-11-26" in over.message


@pytest.mark.parametrize("told", ["2027-02-30", "soon", 20270301])
def test_a_last_day_that_is_no_day_is_an_error(told: object, tmp_path: Path) -> None:
    report = checked(tmp_path, credentials_expire=told)
    assert not report.ok
    assert [one.path for one in of(report, "wrong-value")] == ["credentials_expire"]


def test_a_last_day_beside_the_secret_is_read_and_must_be_one(tmp_path: Path) -> None:
    (tmp_path / "day").write_text("2026-12-01\n")
    reference = f"${{file:{tmp_path}/day}}"
    assert [one.code for one in of(checked(tmp_path, credentials_expire=reference), *OURS)] == ["expires-soon"]
    (tmp_path / "day").write_text("some time")
    report = checked(tmp_path, credentials_expire=reference)
    assert [one.message for one in of(report, "wrong-value")] == [
        f"{reference} leads to no day; write 2027-03-01 there"
    ]
