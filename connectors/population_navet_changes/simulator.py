"""An order of changes at Navet: exports records of persons whose numbers are made up, in files as Skatteverket's.

Written apart from the reader, from the standard: the two agree only where both are right.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from lxml import etree
from lxml.builder import E

from hub.model import ChangesFile, Message, PersonChanged, PersonNumber, Protected
from hub.sdk import STOCKHOLM, Simulator, WritesChanges

ORDER = "00000236-FO02-0001"
NAME, STREET, CITY = "Hemligsson", "Hemliga vägen 7", "Hemlighamn"
_BORN, _YOUNG = date(1950, 1, 1), 3650
_REPLACED, _A_CHILD, _A_GUARDIAN = 3, 5, 6
"""Of seven persons in a row."""
_FLAGS = {
    Protected.YES: (E.SkyddadFolkbokforing("J"),),
    Protected.UNKNOWN: (E.Sekretessmarkering("?"), E.SkyddadFolkbokforing("N")),
    Protected.NO: (E.Sekretessmarkering("N"), E.SkyddadFolkbokforing("N")),
}


def number(n: int, born: date | None = None) -> str:
    """The same person's each time."""
    digits = f"{born or _BORN + timedelta(days=n // 900):%Y%m%d}{100 + n % 900:03}"
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(digits[2:]))
    return digits + str(-total % 10)


class ChangesExports(Simulator, WritesChanges):
    """One order; a flag that is not set is left out, as is all that has not changed."""

    silent_days = 6

    def __init__(self, clock: object, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)  # type: ignore[arg-type]
        self._meant: list[Message] = []

    def config(self) -> Mapping[str, object]:
        return {"order": ORDER, "order_has_protection": True, "silent_days": self.silent_days}

    def meant(self) -> Sequence[Message]:
        return self._meant

    def secrets(self) -> Sequence[str]:
        return NAME, STREET, CITY

    def file(self, count: int, *, first: int = 0, changed: frozenset[int] = frozenset()) -> bytes:
        numbers = range(first, first + count)
        return self._file(numbers, job=1 + first, street=dict.fromkeys(changed, "Nya vägen 1"))

    def marked(self, count: int, marks: Mapping[int, Protected]) -> bytes:
        return self._file(range(count), job=1, marks=marks)

    def parts(self, count: int, parts: int) -> Sequence[bytes]:
        cut = [range(count)[n * count // parts : (n + 1) * count // parts] for n in range(parts)]
        return [self._file(some, job=1, part=n, parts=parts, total=count) for n, some in enumerate(cut, 1)]

    def short_of_one(self, count: int, marks: Mapping[int, Protected]) -> bytes:
        return self._file(range(count), job=1, marks=marks, says=count + 1)

    def with_a_bad_item(self, count: int) -> tuple[bytes, str]:
        middle = count // 2
        posts = [self._post(n) for n in range(count)]
        posts.insert(middle, E.Folkbokforingspost(E.Personpost(E.PersonId(E.PersonNr("199001019803")))))
        self._meant = [self._message(n, None, 1) for n in range(count)]
        self._meant.append(self._told(1, 1, 1, count + 1, count + 1))
        return self._document(posts, 1, 1, 1, count + 1, count + 1), f"record {middle + 1}"

    def _file(  # noqa: PLR0913 - what one file may differ in
        self,
        numbers: Iterable[int],
        *,
        job: int,
        part: int = 1,
        parts: int = 1,
        total: int | None = None,
        says: int | None = None,
        marks: Mapping[int, Protected] = {},
        street: Mapping[int, str] = {},
    ) -> bytes:
        mine = list(numbers)
        posts = [self._post(n, marks.get(n), street.get(n, STREET)) for n in mine]
        hidden = {Protected.YES, Protected.UNKNOWN}
        order = [n for n in mine if marks.get(n) in hidden] + [n for n in mine if marks.get(n) not in hidden]
        count = len(mine) if says is None else says
        all_of_them = count if total is None else total
        self._meant = [self._message(n, marks.get(n), job) for n in order]
        self._meant.append(self._told(job, part, parts, count, all_of_them))
        return self._document(posts, job, part, parts, count, all_of_them)

    def _today(self) -> date:
        return self.clock.now().astimezone(STOCKHOLM).date()

    def _post(self, n: int, mark: Protected | None = None, street: str = STREET) -> etree._Element:
        flags = _FLAGS[mark] if mark else ()
        return E.Folkbokforingspost(
            *(E(flag.tag, flag.text or "") for flag in flags),
            E.Arendeuppgift(E.PostId(f"2026.{n // 1000000:03}.{n // 1000 % 1000:03}.{n % 1000:03}"), totalpost="N"),
            E.Personpost(
                E.PersonId(E.PersonNr(self._who(n))),
                *([E.HanvisningsPersonNr(number(900_000 + n))] if n % 7 == _REPLACED else []),
                E.Namn(E.Fornamn("Åsa"), E.Efternamn(NAME)),
                E.Adresser(E.Folkbokforingsadress(E.Utdelningsadress2(street), E.PostNr("90326"), E.Postort(CITY))),
                *self._relations(n),
            ),
            E.Historik(E.Folkbokforingsadress(E.Utdelningsadress2(STREET))),
        )

    def _who(self, n: int) -> str:
        return number(n, self._today() - timedelta(days=_YOUNG)) if n % 7 == _A_CHILD else number(n)

    def _relations(self, n: int) -> Iterator[etree._Element]:
        """A child's two guardians, of whom one has custody no more, and its mother; a guardian's two, one of age."""
        over = f"{self._today() - timedelta(days=1):%Y%m%d}"
        kinds = {
            _A_CHILD: [("V", number(n + 1), ""), ("V", number(n + 2), over), ("MO", number(n + 3), "")],
            _A_GUARDIAN: [("VF", self._who(n - 1), ""), ("VF", number(n + 4), ""), ("M", number(n + 5), "")],
        }
        related = [
            E.Relation(
                E.RelationId(E.PersonNr(who)),
                E.Relationstyp(kind),
                *([E.RelationTomdatum(until)] if until else []),
                status="NY",
            )
            for kind, who, until in kinds.get(n % 7, [])
        ]
        if related:
            yield E.Relationer(*related)

    def _message(self, n: int, mark: Protected | None, job: int) -> PersonChanged:
        return PersonChanged(
            identity_number=PersonNumber.parse(self._who(n)),
            delivery=f"{ORDER} {job}",
            protected=mark,
            other_numbers=(PersonNumber.parse(number(900_000 + n)),) if n % 7 == _REPLACED else (),
            guardians=(PersonNumber.parse(number(n + 1)),) if n % 7 == _A_CHILD else (),
            children=(PersonNumber.parse(self._who(n - 1)),) if n % 7 == _A_GUARDIAN else (),
        )

    def _told(self, job: int, part: int, parts: int, posts: int, total: int) -> ChangesFile:
        today = self._today()
        return ChangesFile(
            delivery=f"{ORDER} {job}", series=ORDER, part=part, parts=parts, posts=posts, total=total, serial=job,
            first_day=today - timedelta(days=1), last_day=today, next_by=today + timedelta(days=self.silent_days),
        )  # fmt: skip

    def _document(
        self, posts: Sequence[etree._Element], job: int, part: int, parts: int, count: int, total: int
    ) -> bytes:
        """As Skatteverket writes it, in UTF-8; `count` and `total` as it says."""
        today, before = (f"{self._today() - timedelta(days=days):%Y%m%d}" for days in (0, 1))
        owner = E.OrgNr("162021004748")
        head = E.Aviseringsinformation(
            E.Medieleverantor(E.OrgNr("162021005448")),
            E.Mediemottagare(owner),
            E.Filinformation(
                E.BestallningsId(ORDER),
                E.Bestallningstyp("AVISERING"),
                E.Produkt("00001"),
                E.Utfil(
                    E.Filnamn(f"avisering-{job}-{part}.xml"),
                    E.Effektueringsdatum(today),
                    E.AntalPoster(str(count)),
                    E.AntalPosterTotalt(str(total)),
                    E.AntalFiler(f"{parts:03}"),
                    E.FilNr(f"{part:03}"),
                    E.JobbId(f"{job:08}"),
                    E.LopNr(str(job)),
                    E.UtsokningsdatumFromTom(f"{before}-{today}"),
                ),
            ),
        )
        root = E.Navetavisering(head, E.Folkbokforingsposter(*posts))
        return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
