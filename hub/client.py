"""The typed client of our own API: a `Client` for an installation and a key, an `At` for one municipality in it.

Refused                 the hub answered with problem details: a leaf is its `code`
httpx.TransportError    no whole answer: not reachable, or lost on the way; every call may be made again

Synchronous: not to be called where an event loop runs.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import partial
from io import BufferedIOBase
from types import TracebackType
from typing import Any, Literal, Self, TypedDict, TypeVar, Unpack
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from hub.model.answers import (
    BookingAnswer,
    BookingLine,
    BookingPage,
    BookingView,
    DryRunAnswer,
    EventPage,
    ImportLine,
    ImportSummary,
    ProblemDetails,
)
from hub.model.application import ApplicationAnswer
from hub.model.audit import AuditPage, AuditRow
from hub.model.booking import Booking
from hub.model.closure import ClosureAnswer, ClosureRequest
from hub.model.doors import DoorAnswer
from hub.model.findings import Finding, Reconciled, What
from hub.model.imported import (
    AttendanceAnswer,
    AttendancePage,
    Fetched,
    ImportReport,
    QuarantinedRow,
    Rerun,
)
from hub.model.person import PersonAnswer, PersonLookup
from hub.model.registering import DocumentAnswer, DocumentToRegister
from hub.model.sensed import SensorAnswer
from hub.model.standing import (
    ConnectionAnswer,
    DeliveryAnswer,
    DeliveryPage,
    Handled,
    Installation,
    ProblemAnswer,
    Readiness,
    ResourceAnswer,
    Retried,
    StatusAnswer,
    Tested,
    ZoneLine,
)
from hub.model.subscription import SubscriptionAnswer, SubscriptionRequest
from hub.model.verified import Verified

DEFAULT_URL = "http://127.0.0.1:8480"
_TIMEOUT = httpx.Timeout(30, connect=5)
_IMPORT_TIMEOUT = httpx.Timeout(300, connect=5)
"""The hub answers every hundredth line; a source may be slow."""
_WHOLE = httpx.Timeout(None, connect=5)
"""The hub answers when a file has been read to its end."""
_HELD = httpx.Timeout(60, connect=5)
"""A document may be large, and its answer held."""
_PAGE = 500

_PIECE = 65536

Answer = TypeVar("Answer", bound=BaseModel)
Source = BufferedIOBase | Iterable[bytes]
"""An open binary file, or bytes in pieces of any size."""


class Meant(TypedDict, total=False):
    """Which deliveries are meant: all that is told holds of them."""

    state: str | None
    connection: str | None
    resource: str | None
    before: datetime | None
    id: int | None


_LINES = "application/x-ndjson"


class Refused(Exception):
    """The hub answered, and the answer is no."""

    def __init__(self, details: ProblemDetails) -> None:
        super().__init__(f"{details.title}: {details.detail}" if details.detail else details.title)
        self.details = details


class Client:
    """One installation, with one key; close it, or use it as a context."""

    def __init__(self, key: str, url: str = DEFAULT_URL) -> None:
        self.url, self.headers = url.rstrip("/"), {"Authorization": f"Bearer {key}"}
        self._tls = ssl.create_default_context()
        self._http = httpx.Client(verify=self._tls, timeout=_TIMEOUT, headers=self.headers, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def installation(self) -> Installation:
        """What the key reaches."""
        return read(Installation, self.ask("GET", "/v1"))

    def at(self, municipality: str) -> "At":
        """The calls within one municipality."""
        return At(self, municipality)

    def ask(self, method: str, path: str, **more: Any) -> bytes:
        """The body of a whole answer. Raises Refused."""
        response = self._http.request(method, self.url + path, **more)
        if response.is_error or response.is_redirect:
            raise Refused(_details(response))
        return response.content

    async def exchange(self, path: str, source: Source, more: Mapping[str, str]) -> AsyncIterator[list[bytes]]:
        """The lines of an answer that comes while the body goes; httpx's own transports would send all of it first."""
        from httpx_aiohttp import AiohttpTransport  # noqa: PLC0415 - late: only imports need it, and it is large

        headers = self.headers | dict(more)
        way = AiohttpTransport(verify=self._tls, trust_env=False)
        async with (
            httpx.AsyncClient(transport=way, timeout=_IMPORT_TIMEOUT, headers=headers, trust_env=False) as http,
            http.stream("POST", self.url + path, content=_aside(_pieces(source))) as response,
        ):
            if response.status_code != httpx.codes.OK:
                await response.aread()
                raise Refused(_details(response))
            rest = b""
            async for chunk in response.aiter_bytes():
                *whole, rest = (rest + chunk).split(b"\n")
                yield whole


class At:
    """One municipality. All calls raise Refused."""

    def __init__(self, client: Client, municipality: str) -> None:
        self._client, self.municipality, self._root = client, municipality, f"/v1/{quote(municipality, safe='')}"

    def put_booking(
        self, booking: Booking | bytes, number: str = "", *, wait: int | None = None, token: str | None = None
    ) -> BookingAnswer:
        """Send a booking at a revision; the answer comes when it is on disk. Raw JSON needs its number told.

        `wait`: seconds, 30 at most, to hold the answer until what the municipality awaits is confirmed. `token`: a dry
        run's: that plan, or it is refused (`state-changed`).
        """
        told = {"Prefer": None if wait is None else f"wait={wait}", "If-Match": token}
        return read(BookingAnswer, self._put_booking(booking, number, {}, told))

    def plan_booking(self, booking: Booking | bytes, number: str = "") -> DryRunAnswer:
        """What putting a booking would come to; nothing is stored."""
        return read(DryRunAnswer, self._put_booking(booking, number, {"dry_run": "true"}, {}))

    def _put_booking(
        self, booking: Booking | bytes, number: str, params: dict[str, str], told: Mapping[str, str | None]
    ) -> bytes:
        content = booking if isinstance(booking, bytes) else booking.model_dump_json(exclude_none=True).encode()
        path = self._path("bookings", booking.number if isinstance(booking, Booking) else number)
        headers = _JSON | {name: value for name, value in told.items() if value is not None}
        return self._client.ask("PUT", path, content=content, headers=headers, params=params)

    def get_booking(self, number: str, *, language: Literal["sv", "en"] = "en") -> BookingView:
        """A booking, and all that follows from it; its details in that language."""
        return self._get(BookingView, "bookings", number, language=language)

    def explain_door(
        self, door: str, *, at: datetime | None = None, language: Literal["sv", "en"] = "en"
    ) -> DoorAnswer:
        """Why somebody does not get in at a door; its sentences in that language."""
        asked = {"door": door, "language": language} | ({"at": at.isoformat()} if at else {})
        return self._get(DoorAnswer, "doors:explain", **asked)

    def bookings(self) -> Iterator[BookingLine]:
        """Every booking's number, revision and content hash, in order of number."""
        after: str | None = ""
        while after is not None:
            page = self._get(BookingPage, "bookings", after=after, limit=_PAGE)
            yield from page.bookings
            after = page.next

    def import_lines(
        self, source: Source, *, dry_run: bool = False, token: str | None = None, media_type: str = _LINES
    ) -> Iterator[ImportLine | ImportSummary]:
        """Send NDJSON; answers come line by line, in order, while more is sent, and a summary last.

        A file of another media type, such as text/calendar, is answered when all of it is there.
        `dry_run` stores nothing: each line has its plan, and the summary a token. With that `token` a live run makes
        that plan, or is refused (`state-changed`).
        """
        headers = {"Content-Type": media_type} | ({"If-Match": token} if token else {})
        path = self._path("bookings") + ("?dry_run=true" if dry_run else "")
        answers = self._client.exchange(path, source, headers)
        summary = None
        with asyncio.Runner() as runner:
            try:
                while lines := runner.run(_following(answers)):
                    for told in map(_import_answer, filter(None, lines)):
                        summary = told if isinstance(told, ImportSummary) else summary
                        yield told
            finally:
                runner.run(answers.aclose())  # type: ignore[attr-defined]
        if summary is None:
            raise httpx.RemoteProtocolError(
                "the answers ended without a summary; send it all again, nothing is done twice"
            )

    def close_resource(self, closure: str, wanted: ClosureRequest) -> ClosureAnswer:
        """Close a resource for a period; answered when all that stands is planned with it."""
        content = wanted.model_dump_json(exclude_none=True)
        return read(ClosureAnswer, self._client.ask("PUT", self._closure(closure), content=content, headers=_JSON))

    def lift_closure(self, closure: str, revision: int | None = None) -> ClosureAnswer:
        """Lift a closure; without a revision, at the next."""
        params = {} if revision is None else {"revision": revision}
        return read(ClosureAnswer, self._client.ask("DELETE", self._closure(closure), params=params))

    def closures(self) -> list[ClosureAnswer]:
        """All closures, lifted ones too."""
        return _list(ClosureAnswer, self._client.ask("GET", self._path("closures")))

    def _closure(self, closure: str) -> str:
        return self._path("closures", closure)

    def events(self, after: str | None = None, *, limit: int = _PAGE) -> EventPage:
        """The next events after a cursor, or from the beginning; its `next` is the cursor to go on from."""
        return self._get(EventPage, "events", after=after, limit=limit)

    def subscribe(self, name: str, wanted: SubscriptionRequest) -> SubscriptionAnswer:
        """Have events sent to an address; the answer that makes it holds its secret, and no other does."""
        content = wanted.model_dump_json()
        path = self._path("subscriptions", name)
        return read(SubscriptionAnswer, self._client.ask("PUT", path, content=content, headers=_JSON))

    def subscriptions(self) -> list[SubscriptionAnswer]:
        """Who has events sent, and how each is."""
        return _list(SubscriptionAnswer, self._client.ask("GET", self._path("subscriptions")))

    def unsubscribe(self, name: str) -> None:
        """Send no more events there, and forget what waits."""
        self._client.ask("DELETE", self._path("subscriptions", name))

    def status(self) -> StatusAnswer:
        """Everything counted."""
        return self._get(StatusAnswer, "status")

    def sensors(self) -> list[SensorAnswer]:
        """The sensors, and what each told last."""
        return _list(SensorAnswer, self._client.ask("GET", self._path("sensors")))

    def readiness(self, *, hours: int = 24, language: Literal["sv", "en"] = "en") -> Readiness:
        """Is tonight ready?"""
        return self._get(Readiness, "readiness", hours=hours, language=language)

    def audit(
        self, *, act: str | None = None, subject: str | None = None, who: str | None = None
    ) -> Iterator[AuditRow]:
        """What was changed, looked up or shown, the newest first."""
        before: str | None = ""
        while before is not None:
            chosen: dict[str, Any] = {"act": act, "subject": subject, "who": who, "before": before or None}
            page = self._get(AuditPage, "audit", limit=_PAGE, **chosen)
            yield from page.rows
            before = page.next

    def look_up(self, lookup: PersonLookup) -> PersonAnswer:
        """Who somebody is; or that a person must look into it, which takes its time."""
        path, content = self._path("persons", "lookup"), lookup.model_dump_json()
        return read(PersonAnswer, self._client.ask("POST", path, content=content, headers=_JSON))

    def register(self, key: str, document: DocumentToRegister | bytes, *, wait: int | None = None) -> DocumentAnswer:
        """Have a document registered; `wait`: seconds, 30 at most, to hold the answer until it has its number."""
        content = document if isinstance(document, bytes) else document.model_dump_json(exclude_none=True).encode()
        headers = _JSON | ({} if wait is None else {"Prefer": f"wait={wait}"})
        return read(
            DocumentAnswer,
            self._client.ask("PUT", self._path("documents", key), content=content, headers=headers, timeout=_HELD),
        )

    def document(self, key: str, *, language: Literal["sv", "en"] = "en") -> DocumentAnswer:
        """How far a document has come, and its number."""
        return self._get(DocumentAnswer, "documents", key, language=language)

    def application(self, key: str) -> ApplicationAnswer:
        """What came in by an e-service, and how far its registration has come; each look stands in the audit."""
        return self._get(ApplicationAnswer, "applications", key)

    def verify(self, *, wait: float = 10) -> Verified:
        """Have all that stands read back; the answer comes when it has been, or after `wait` seconds."""
        how: dict[str, Any] = {"params": {"wait": wait}, "timeout": wait + 30}
        return read(Verified, self._client.ask("POST", self._path("verify"), **how))

    def resources(self) -> list[ResourceAnswer]:
        """Every resource, with its identities in each system."""
        return _list(ResourceAnswer, self._client.ask("GET", self._path("resources")))

    def get_resource(self, resource: str) -> ResourceAnswer:
        """One resource, what its targets should be like now, and who claims them."""
        return self._get(ResourceAnswer, "resources", resource)

    def explain_zone(self, zone: str, *, since: datetime | None = None, until: datetime | None = None) -> ZoneLine:
        """What a zone, by its key or name, should be from hour to hour, and why; left out: from now, for a day."""
        told = {name: at.isoformat() for name, at in (("from", since), ("to", until)) if at is not None}
        return self._get(ZoneLine, "zones:explain", zone=zone, **told)

    def deliveries(self, **meant: Unpack[Meant]) -> Iterator[DeliveryAnswer]:
        """What is where, in order of id."""
        after: int | None = 0
        while after is not None:
            page = self._get(DeliveryPage, "deliveries", after=after, limit=_PAGE, **_told(meant))
            yield from page.deliveries
            after = page.next

    def problems(self, *, ended: bool = False, language: Literal["sv", "en"] = "en") -> list[ProblemAnswer]:
        """The open problems, or those that have ended; the oldest first."""
        params = {"ended": ended, "language": language}
        return _list(ProblemAnswer, self._client.ask("GET", self._path("problems"), params=params))

    def retry_deliveries(self, *, dry_run: bool = False, **meant: Unpack[Meant]) -> Handled:
        """Try those deliveries again."""
        return self._handle("deliveries:retry", meant, dry_run=dry_run)

    def dismiss_deliveries(self, *, reason: str = "", dry_run: bool = False, **meant: Unpack[Meant]) -> Handled:
        """Give those deliveries up; one that takes something away alone, and with a reason."""
        return self._handle("deliveries:dismiss", meant, dry_run=dry_run, json={"reason": reason})

    def _handle(self, call: str, meant: Meant, *, dry_run: bool, **more: object) -> Handled:
        params = _told(meant) | {"dry_run": dry_run}
        return read(Handled, self._client.ask("POST", self._path(call), params=params, **more))

    def retry_problem(self, problem: int) -> int:
        """Try what waits behind a problem again; gives how many deliveries that is."""
        return read(Retried, self._client.ask("POST", self._path("problems", f"{problem}:retry"))).deliveries

    def connections(self) -> list[ConnectionAnswer]:
        """The connections, and how each is."""
        return _list(ConnectionAnswer, self._client.ask("GET", self._path("connections")))

    def test(self, connection: str) -> Tested:
        """Have a system asked what it says of itself; changes nothing there."""
        return read(Tested, self._client.ask("POST", self._path("connections", f"{connection}:test")))

    def pause(self, connection: str) -> ConnectionAnswer:
        """Send nothing more to a system until it is resumed."""
        return read(ConnectionAnswer, self._client.ask("POST", self._path("connections", f"{connection}:pause")))

    def resume(self, connection: str) -> ConnectionAnswer:
        """Go on: what waits is due at once."""
        return read(ConnectionAnswer, self._client.ask("POST", self._path("connections", f"{connection}:resume")))

    def reconcile(
        self, connection: str, *, apply: Iterable[What] = (), language: Literal["sv", "en"] = "en"
    ) -> Reconciled:
        """Compare what stands in a system with what the hub thinks; what is open of the kinds in `apply` is mended."""
        how: dict[str, Any] = {"params": {"apply": list(apply), "language": language}, "timeout": _WHOLE}
        return read(Reconciled, self._client.ask("POST", self._path("connections", f"{connection}:reconcile"), **how))

    def findings(self, connection: str | None = None, *, language: Literal["sv", "en"] = "en") -> list[Finding]:
        """What stands otherwise than the hub thinks, as it was found last."""
        params = {"language": language} | ({"connection": connection} if connection else {})
        return _list(Finding, self._client.ask("GET", self._path("findings"), params=params))

    def adopt(self, finding: int, *, reason: str) -> Finding:
        """Let it stay: a grant until its last window has ended, else until something else is wanted there."""
        return self._decide(finding, "adopt", {"reason": reason})

    def revoke(self, finding: int, *, reason: str = "") -> Finding:
        """Make it as it should be: what no booking asks for goes, what one asks for comes back."""
        return self._decide(finding, "revoke", {"reason": reason})

    def ignore(self, finding: int, until: datetime, *, reason: str = "") -> Finding:
        """Be silent about it until a time."""
        return self._decide(finding, "ignore", {"reason": reason, "until": until.isoformat()})

    def _decide(self, finding: int, how: str, told: Mapping[str, str]) -> Finding:
        return read(Finding, self._client.ask("POST", self._path("findings", f"{finding}:{how}"), json=dict(told)))

    def import_attendance(
        self, source: Source, form: str, *, name: str = "upload", dry_run: bool = False
    ) -> ImportReport:
        """Send a file as its source system exports it, in a format that some connection reads; dry: nothing is kept."""
        told: dict[str, Any] = {"format": form, "name": name} | ({"dry_run": "true"} if dry_run else {})
        path = self._path("attendance", "imports")
        return read(ImportReport, self._client.ask("POST", path, params=told, content=_pieces(source), timeout=_WHOLE))

    def attendance(self, begin: date, end: date, *, association: str | None = None) -> Iterator[AttendanceAnswer]:
        """Gatherings from the first day to the last, by their start."""
        chosen: dict[str, Any] = {"from": begin.isoformat(), "to": end.isoformat(), "association": association}
        after: str | None = ""
        while after is not None:
            page = self._get(AttendancePage, "attendance", after=after or None, limit=_PAGE, **chosen)
            yield from page.gatherings
            after = page.next

    def quarantine(self, connection: str | None = None) -> Iterator[QuarantinedRow]:
        """Items that could not be understood, the oldest first."""
        after = 0
        while rows := self._quarantined(connection, after):
            yield from rows
            after = rows[-1].id

    def _quarantined(self, connection: str | None, after: int) -> list[QuarantinedRow]:
        params = {"after": after, "limit": _PAGE} | ({"connection": connection} if connection else {})
        return _list(QuarantinedRow, self._client.ask("GET", self._path("quarantine"), params=params))

    def rerun(self, connection: str, ids: Iterable[int] | None = None) -> Rerun:
        """Try rows in quarantine again: all of a connection, or these."""
        body = {"connection": connection, "ids": None if ids is None else list(ids)}
        return read(Rerun, self._client.ask("POST", self._path("quarantine:rerun"), json=body, timeout=_WHOLE))

    def dismiss_row(self, row: int) -> QuarantinedRow:
        """Say that a row in quarantine will never mean anything."""
        return read(QuarantinedRow, self._client.ask("POST", self._path("quarantine", f"{row}:dismiss")))

    def fetch(self, connection: str) -> Fetched:
        """Have a source looked at now."""
        path = self._path("connections", f"{connection}:fetch")
        return read(Fetched, self._client.ask("POST", path, timeout=_WHOLE))

    def _path(self, *parts: str) -> str:
        return "/".join((self._root, *(quote(part, safe=":") for part in parts)))

    def _get(self, kind: type[Answer], *parts: str, **params: object) -> Answer:
        told = {name: value for name, value in params.items() if value is not None}
        return read(kind, self._client.ask("GET", self._path(*parts), params=told))


def _told(meant: Meant) -> dict[str, Any]:
    """The filter as it stands in an address."""
    before = meant.get("before")
    told: dict[str, Any] = {**meant, "before": before.isoformat() if before else None}
    return {name: value for name, value in told.items() if value is not None}


_JSON = {"Content-Type": "application/json"}


def read(kind: type[Answer], body: bytes) -> Answer:
    """An answer as its type; fields that a newer hub tells besides are let pass."""
    return kind.model_validate_json(body, extra="ignore")


def _list(kind: type[Answer], body: bytes) -> list[Answer]:
    return TypeAdapter(list[kind]).validate_json(body, extra="ignore")  # type: ignore[valid-type]


def _details(response: httpx.Response) -> ProblemDetails:
    """What the hub said; or what something between said, which knows nothing of problem details."""
    try:
        return read(ProblemDetails, response.content)
    except ValidationError:
        title = f"{response.status_code} {response.reason_phrase}".strip()
        return ProblemDetails(type="about:blank", title=title, status=response.status_code, code="not-the-hub")


def _import_answer(line: bytes) -> ImportLine | ImportSummary:
    return read(_Closing, line).summary if line.startswith(b'{"summary"') else read(ImportLine, line)


class _Closing(BaseModel):
    summary: ImportSummary


async def _following(answers: AsyncIterator[list[bytes]]) -> list[bytes]:
    """The next lines; an empty list only at the end."""
    async for lines in answers:
        if lines:
            return lines
    return []


def _pieces(source: Source) -> Iterable[bytes]:
    """A file as it comes, whatever its lines; anything else as it is."""
    return iter(partial(source.read1, _PIECE), b"") if isinstance(source, BufferedIOBase) else source


async def _aside(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Read in a thread: answers are read meanwhile, however slowly the source gives."""
    source = iter(chunks)
    while (chunk := await asyncio.to_thread(next, source, None)) is not None:
        yield chunk
