"""Open ePlatform in memory: people fill in forms and complete them, handlers set statuses, and numbers are taken."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from lxml import etree
from lxml.builder import E, ElementMaker

from hub.model import Acknowledgement, Application, Counterpart, DocumentFile, Message, OrganisationNumber, PersonNumber
from hub.sdk import STOCKHOLM, Clock, Emits, HasRecords, HttpSimulator, Misbehaviour, SoapRefusalError, SoapService

_WSDL = Path(__file__).parent / "wsdl" / "callback.wsdl"
_CALLBACK = "http://www.oeplatform.org/version/1.0/schemas/integration/callback"
_C = ElementMaker(namespace=_CALLBACK, nsmap={None: _CALLBACK})
_FLOW = "http://www.oeplatform.org/version/2.0/schemas/flowinstance"
_F = ElementMaker(namespace=_FLOW, nsmap={None: _FLOW})
_LOGGED = re.compile(r"Diarieförd som (.+) \((\S+)\)")
_SUBMITTED, _TAKEN = ("10361", "Inskickat", "SUBMITTED"), ("10362", "Diarieförd", "IN_PROGRESS")
_ALIASES = {"registered": _TAKEN, "10362": _TAKEN}
GRANTS, OTHERS = "832", "999"
"""Families: ours, and one that nobody fetches."""
LENA, CLUB = "199001019802", "802400-0005"
"""Made up; their check digits hold."""
FORM = {
    "title": "Ansökan om föreningsbidrag",
    "authority": "Fritidsnämnden",
    "identity_number": "Values/applicant/citizenIdentifier",
    "organisation_number": "Values/club/organizationNumber",
    "organisation_name": "Values/club/name",
    "answers": {"amount": "Values/amount/Value", "halls": "Values/halls/Value"},
}
Told = etree._Element  # noqa: SLF001 - lxml's type


@dataclass
class Case:
    """An application, as the platform has it."""

    id: str
    family: str
    first: datetime
    last: datetime
    values: list[Told]
    uploads: dict[tuple[str, str], tuple[str, bytes]] = field(default_factory=dict)
    """Name and content, by numbers of question and file."""
    status: tuple[str, str, str] = _SUBMITTED
    changed: int = 1
    number: tuple[str, str] | None = None
    """Registry number and its system, as it was told."""


class OepSimulator(HttpSimulator, HasRecords, Emits):
    """One installation; what goes wrong is told by its attributes."""

    can = frozenset({Misbehaviour.REFUSES})

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self._service = SoapService(_WSDL)
        now = clock.now()
        self.cases = {id_: Case(id_, OTHERS, now, now, []) for id_ in ("4711", "47110", "4712")}
        self.log: list[tuple[str, str]] = []
        """Lines that were written into the logs of applications, with their numbers."""
        self.refuses = False
        self.silent = 0
        """So many of the next changes are made and not answered."""
        self.twice = False
        """Whether the list has each application two times."""
        self.more: Callable[[Told], None] = lambda _told: None
        """Does something to each XML before it is told."""
        self.short: set[str] = set()
        """Applications whose files come cut short."""

    def config(self) -> dict[str, object]:
        return {
            "base_url": "https://e-tjanster.test/", "user": "knutpunkt", "password": "not-a-secret",
            "forms": {GRANTS: FORM}, "registered_status": "registered",
        }  # fmt: skip

    # ---- what people do

    def apply(self, *values: Told, family: str = GRANTS, at: datetime | None = None) -> Case:
        """Somebody sends in a form."""
        at = at or self.clock.now()
        case = Case(str(235_000 + len(self.cases)), family, at, at, list(values))
        self.cases[case.id] = case
        return case

    def complete(self, case: Case, at: datetime) -> None:
        """Whoever sent it in does so once more."""
        case.last, case.status, case.changed = at, _SUBMITTED, case.changed + 1

    def move(self, case: Case, status: tuple[str, str, str]) -> None:
        """A handler gives it another status."""
        case.status, case.changed = status, case.changed + 1

    def attach(self, case: Case, name: str, content: bytes, *, size: int | None = None) -> None:
        """Send in a file with it, in a question of its own; `size`: what the form says of it."""
        query, id_ = str(66_000 + len(case.uploads)), str(900 + len(case.uploads))
        case.uploads[query, id_] = (name, content)
        told = _F.File(_F.ID(id_), _F.Name(name), _F.Size(str(len(content) if size is None else size)))
        case.values.append(_F.attachment(_F.QueryID(query), _F.Name("Bilaga"), told))

    # ---- what the kit asks

    def happen(self, count: int) -> None:
        come = sum(case.family == GRANTS for case in self.cases.values())
        for n in range(come, come + count):
            case = self.apply(*_answers(n), at=self.clock.now() + timedelta(seconds=n))
            if n % 3 == 0:
                self.attach(case, f"årsmöte {n}.pdf", b"%PDF-1.7\n\x00\xff")

    def emitted(self) -> Sequence[Message]:
        return [self._meant(case) for case in self.cases.values() if case.family == GRANTS]

    def records(self) -> Sequence[object]:
        return [
            Acknowledgement(key=found[2], source_id=id_, number=found[1])
            for id_, line in self.log
            if (found := _LOGGED.fullmatch(line))
        ]

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:  # noqa: ARG002 - all of it does
        self.refuses = how is Misbehaviour.REFUSES

    def recover(self) -> None:
        self.refuses = False

    def _meant(self, case: Case) -> Application:
        """What an application of `happen` should be taken for."""
        n = int(_said(case, "n"))
        named = Counterpart(kind="person", name="Lena Ö'Norberg", identity_number=None if n % 3 else PersonNumber(LENA))
        if n % 3 == 1:
            club = OrganisationNumber.parse(CLUB)
            named = Counterpart(kind="association", name="Umeå BK & vänner", organisation_number=club)
        own = (("xml", "application/xml", self._xml(case)), ("pdf", "application/pdf", _pdf(case)))
        files = [DocumentFile(name=f"ansökan-{case.id}.{end}", media_type=m, content=c) for end, m, c in own]
        files += [DocumentFile(name=m, media_type="application/pdf", content=c) for m, c in case.uploads.values()]
        answers: dict[str, tuple[str, ...]] = {"amount": (str(1000 + n),)} | (
            {"halls": ("Tennishallen", "Gamla <salen>")} if n % 2 else {}
        )
        return Application(
            source_id=case.id, form=GRANTS, title="Ansökan om föreningsbidrag", authority="Fritidsnämnden",
            received_at=case.last.replace(microsecond=0), counterpart=named, answers=answers, files=tuple(files),
            acknowledged=True,
        )  # fmt: skip

    # ---- the wire

    def handle(self, request: httpx.Request) -> httpx.Response:
        if not request.headers.get("Authorization", "").startswith("Basic "):
            return httpx.Response(401)
        place = request.url.path.strip("/").split("/")
        match place:
            case ["api", "callback"]:
                return self._called(request)
            case ["api", "instanceapi", "getinstances", "family", family, status]:
                return self._list(family, status, request.url.params["fromDate"])
            case ["api", what, how, id_, *which] if id_ in self.cases:
                return self._one(self.cases[id_], [what, how, *which])
        return httpx.Response(404)

    def _one(self, case: Case, asked: list[str]) -> httpx.Response:
        match asked:
            case ["instanceapi", "getinstance", "xml"]:
                return _answer(self._xml(case))
            case ["instanceapi", "getinstance", "pdf"]:
                return _answer(_pdf(case), "application/pdf")
            case ["instanceapi", "getstatus"]:
                return _answer(_status(case))
            case ["fileuploadqueryapi", "getfile", query, file]:
                _, content = case.uploads[query, file]
                return _answer(content[: -1 if case.id in self.short else None], "application/pdf")
        return httpx.Response(404)

    def _list(self, family: str, status: str, since: str) -> httpx.Response:
        mine = [one for one in self.cases.values() if one.family == family and status in one.status]
        there = [_row(one) for one in mine if _local(one.last) >= since]
        return _answer(_written(E.FlowInstances(*there, *(there if self.twice else ()))))

    def _xml(self, case: Case) -> bytes:
        """As it was filled in."""
        owner = _F.Owner(_F.Firstname("Lena"), _F.Lastname("Ö'Norberg"), _F.Email("lena@example.se"), _F.ID("17811"))
        flow = _F.Flow(_F.FamilyID(case.family), _F.Version("4"), _F.FlowID("2411"), _F.Name("Bidrag"))
        header = _F.Header(
            flow, _F.FlowInstanceID(case.id), _F.Status(_F.ID(case.status[0]), _F.Name(case.status[1])), owner,
            _F.Posted(_local(case.first)), _F.FirstSubmitted(_local(case.first)), _F.LastSubmitted(_local(case.last)),
        )  # fmt: skip
        told = _F.FlowInstance(header, _F.Values(*(etree.fromstring(etree.tostring(one)) for one in case.values)))
        self.more(told)
        return _written(told)

    def _called(self, request: httpx.Request) -> httpx.Response:
        before = len(self.log), sum(case.changed for case in self.cases.values())
        acts = {"confirmDelivery": self._confirm, "setStatus": self._set, "getManagers": self._managers}
        answer = self._service.handle(request, acts)
        if self.silent and before != (len(self.log), sum(case.changed for case in self.cases.values())):
            self.silent -= 1
            raise httpx.ReadTimeout("the answer is lost after it was done", request=request)
        return answer

    def _confirm(self, told: Any) -> Told:  # noqa: ANN401 - as zeep reads it
        case = self._found(told.flowInstanceID)
        case.number = (told.externalID.ID, told.externalID.System) if told.externalID else case.number
        case.changed += 1
        self.log.append((case.id, told.logMessage or ""))
        return _C.confirmDeliveryResponse()

    def _set(self, told: Any) -> Told:  # noqa: ANN401 - as zeep reads it
        case = self._found(told.flowInstanceID)
        status = _ALIASES.get(told.statusAlias or str(told.statusID))
        if status is None:
            raise _refused("StatusNotFoundFault")
        self.move(case, status)
        return _C.setStatusResponse(_C.eventID("17"))

    def _managers(self, told: Any) -> Told:  # noqa: ANN401 - as zeep reads it
        if self.refuses:
            raise _refused("AccessDeniedFault")
        if not any(case.number == (told.externalID.ID, told.externalID.System) for case in self.cases.values()):
            raise _refused("FlowInstanceNotFoundFault")
        return _C.getManagersResponse(_C.managers(_C.name("Hanna Handläggare"), _C.userID("hanhan")))

    def _found(self, id_: int) -> Case:
        if self.refuses:
            raise _refused("AccessDeniedFault")
        if str(id_) not in self.cases:
            raise _refused("FlowInstanceNotFoundFault")
        return self.cases[str(id_)]


def _answers(n: int) -> list[Told]:
    """What somebody fills in; the n-th in a known way."""
    answers = [_question("n", Value=str(n)), _question("amount", Value=str(1000 + n))]
    if n % 3 == 1:
        answers.append(_question("club", organizationNumber=CLUB, name="Umeå BK & vänner"))
    if n % 3 == 0:
        answers.append(_question("applicant", citizenIdentifier=LENA, phone="070-174 06 05"))
    if n % 2:
        halls = _question("halls", Value="Tennishallen")
        halls.append(_F.Value("Gamla <salen>"))
        answers.append(halls)
    return answers


def _question(element: str, **told: str) -> Told:
    return _F(element, _F.QueryID("66864"), _F.Name("En fråga"), *(_F(name, value) for name, value in told.items()))


def _said(case: Case, question: str) -> str:
    (found,) = [one.findtext("{*}Value") for one in case.values if etree.QName(one).localname == question]
    return found or ""


def _row(case: Case) -> Told:
    return E.FlowInstance(
        E.flowInstanceID(case.id), E.added(_local(case.first)), E.firstSubmitted(_local(case.first)),
        E.lastStatusChange(_local(case.last)), E.lastEventAdded(_local(case.last)), E.profileID("1"),
        E.lastStatusChangeInMilliseconds(str(case.changed)),
    )  # fmt: skip


def _status(case: Case) -> bytes:
    id_, name, kind = case.status
    return _written(E.Status(E.statusID(id_), E.name(name), E.addExternalMessage("false"), E.contentType(kind)))


def _local(at: datetime) -> str:
    return at.astimezone(STOCKHOLM).replace(tzinfo=None).isoformat(timespec="seconds")


def _pdf(case: Case) -> bytes:
    return f"%PDF-1.4\n% {case.id} {case.last.astimezone(UTC).isoformat()}".encode()


def _written(told: Told) -> bytes:
    return etree.tostring(told, xml_declaration=True, encoding="ISO-8859-1", standalone=False)


def _answer(content: bytes, media_type: str = "text/xml;charset=ISO-8859-1") -> httpx.Response:
    return httpx.Response(200, headers={"Content-Type": media_type}, content=content)


def _refused(name: str) -> SoapRefusalError:
    return SoapRefusalError("Server", "no, for Lena Norberg", _C(name))
