"""The files and last days that a folder names, where `check` runs: whether they are there, fit and last."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

from cryptography import x509

from hub.clock import STOCKHOLM
from hub.configuration.finding import Finding
from hub.configuration.folder import Folder
from hub.configuration.secrets import is_reference, resolve
from hub.configuration.sheet import Sheet
from hub.errors import ConfigurationError
from hub.model.configuration import Municipality, PopulationDuty
from hub.model.connection import ClientCertificate, Connection
from hub.model.expiry import AHEAD_DAYS
from hub.sdk.tls import certificates_in, identity

_AHEAD = timedelta(days=AHEAD_DAYS[0])
_DIGITS = 12
"""Of an identity number."""


def papers(folder: Folder, environment: Mapping[str, str], now: datetime) -> Iterator[Finding]:
    """What is wrong with them, or soon will be."""
    for _, sheet, connection in folder.valid_connections():
        if connection.ca_file is not None:
            yield from _authorities(sheet, connection.ca_file, now)
        if connection.client_certificate is not None:
            yield from _ours(sheet, connection.client_certificate, environment, now)
        if connection.credentials_expire is not None:
            yield from _account(sheet, connection.credentials_expire, environment, now)
    if folder.municipality and folder.municipality.value:
        yield from _test_numbers(folder.municipality, folder.municipality.value.population)


def _test_numbers(sheet: Sheet[Municipality], told: PopulationDuty) -> Iterator[Finding]:
    """The list without which nobody is looked up: it is read where it says that the register is the real one."""
    place, path = ("population", "test_numbers"), told.test_numbers
    if path is None or not told.production:
        return
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        yield sheet.warning(place, "no-test-numbers", f"{_absent(path, error)}; until then every lookup is refused")
    except ValueError:
        yield sheet.error(place, "unreadable-test-numbers", f"`{path}` is no text in UTF-8; every lookup is refused")
    else:
        if not any(sum(map(str.isdigit, line)) == _DIGITS for line in lines):
            told_of = f"`{path}` holds no number of twelve digits; write one a line"
            yield sheet.error(place, "unreadable-test-numbers", told_of)


def _authorities(sheet: Sheet[Connection], path: str, now: datetime) -> Iterator[Finding]:
    place = ("ca_file",)
    try:
        found = certificates_in(Path(path).read_bytes())
    except OSError as error:
        yield sheet.warning(place, "no-certificate-file", _absent(path, error))
        return
    if not found:
        yield sheet.error(place, "unreadable-certificate", f"`{path}` holds no certificate in PEM")
        return
    try:
        authorities = x509.load_pem_x509_certificates(found.encode())
    except ValueError:
        return  # TLS may take it all the same
    for one in authorities:
        yield from _near(sheet, place, f"an authority in `{path}`", one.not_valid_after_utc, now)


def _ours(
    sheet: Sheet[Connection], told: ClientCertificate, environment: Mapping[str, str], now: datetime
) -> Iterator[Finding]:
    place = ("client_certificate", "certificate")
    try:
        secrets = resolve(told.model_dump(), environment)
        parts = [None if given is None else _content(given, secrets[key]) for key, given in _files(told)]
        word = secrets["password"]
        ours = identity(parts[0] or b"", parts[1], str(word).encode() if word else None)
    except ConfigurationError:
        return  # told as a secret that leads nowhere
    except OSError as error:
        yield sheet.warning(place, "no-certificate-file", _absent(str(error.filename), error))
    except ValueError as error:
        yield sheet.error(place, "unreadable-certificate", f"{error}; see the file, its key and its password")
    else:
        ends = min(one.not_valid_after_utc for one in ours.chain)
        yield from _near(sheet, place, f"`{told.certificate}`", ends, now)


def _files(told: ClientCertificate) -> Iterator[tuple[str, str | None]]:
    yield "certificate", told.certificate
    yield "key", told.key


def _content(given: str, resolved: object) -> bytes:
    return str(resolved).encode() if is_reference(given) else Path(given).read_bytes()


def _account(sheet: Sheet[Connection], told: str, environment: Mapping[str, str], now: datetime) -> Iterator[Finding]:
    place = ("credentials_expire",)
    try:
        last = date.fromisoformat(str(resolve({"day": told}, environment)["day"]).strip())
    except ConfigurationError:
        return
    except ValueError:
        yield sheet.error(place, "wrong-value", f"{told} leads to no day; write 2027-03-01 there")
        return
    end = datetime.combine(last + timedelta(days=1), datetime.min.time(), tzinfo=STOCKHOLM)
    yield from _near(sheet, place, "the account or its password", end, now)


def _near(
    sheet: Sheet[Connection], place: tuple[str, ...], what: str, ends: datetime, now: datetime
) -> Iterator[Finding]:
    day = (ends - timedelta(microseconds=1)).astimezone(STOCKHOLM).date()
    if ends <= now:
        yield sheet.warning(place, "expires-soon", f"{what} ended {day}; renew it before the hub is started")
    elif ends - now <= _AHEAD:
        yield sheet.warning(place, "expires-soon", f"{what} ends {day}, days left: {(ends - now).days}; renew it")


def _absent(path: str, error: OSError) -> str:
    return f"`{path}`: {error.strerror}; put it where the hub is started"
