"""What is done when somebody turns out to be protected, or perhaps to be: what leads to them is erased.

Address and contact data in bookings, names on lists of attendance, raw rows that hold the number, addresses on
invoices that have not gone out. Invoices that have must be kept: they are shown only with a reason from then on
(`unsealing`). Documents that nobody has begun to register name nobody in public; of those that are in the registry the
event tells, for they are changed there.

What was begun is remembered until it is done, whichever process dies in between.
"""

import asyncio
import logging
import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from cryptography.exceptions import InvalidTag

from hub.clock import Clock, now_of
from hub.masking import place_of
from hub.model.audit import Act
from hub.model.event_data import PersonProtected
from hub.model.events import EventType
from hub.model.identity import PersonNumber
from hub.service.asking.filing import guarded_part
from hub.service.asking.preparing import sealed_persons, stored_booking
from hub.service.audit.auditing import Auditing, Note, written
from hub.service.documents.applying import nothing_of
from hub.service.incoming.attending import Attending
from hub.service.incoming.taking_in import judge
from hub.service.money.billing import opened
from hub.service.persons import whose
from hub.service.persons.shielding import shielded
from hub.service.rulebook import Rulebook, of_applications
from hub.store import applications, audit, documents, events, intake, invoices, protected
from hub.store.attendance import Stored as Gathering
from hub.store.audit import Sought
from hub.store.bookings import Stored
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers, Writer
from hub.store.events import Event
from hub.store.invoices import Stored as Invoiced
from hub.store.protected import Flagged, Raw
from hub.store.seals.sealed import INVOICE, PROTECTED_NUMBER, RAW_ROW
from hub.store.seals.sealing import Place, Seal

LOG = logging.getLogger("hub.protecting")

BATCH = 200
"""Rows of one step: nobody waits long behind it."""
_LOOKUPS = 1000
"""Of one person, the latest: whose keys are told."""
_NUMBERS = re.compile(rb"(?=([0-9]{6}[-+]?[0-9]{4}))")
"""All that may be ten digits of a number, also where they overlap."""
_NOTHING = zlib.compress(b"\0\0")
"""What is left of a raw row."""


class Protecting:
    """The use case."""

    def __init__(self, writer: Writer, readers: Readers, seal: Seal, rulebook: Rulebook, clock: Clock) -> None:
        self._writer, self._readers, self._seal, self._rulebook = writer, readers, seal, rulebook
        self._clock, self._attending, self._auditing = clock, Attending(seal), Auditing(seal)

    def _now(self) -> int:
        return now_of(self._clock)

    async def protect(self, municipality: str, number: PersonNumber, *, asked_at: int | None = None) -> None:
        """Erase what leads to somebody; harmless when that is done. `asked_at`: lookups from then on told nothing."""
        since = self._now() if asked_at is None else asked_at
        flagged = whose.flagged(self._seal, municipality, number, since=since)
        if await self._writer.call(protected.add, flagged):
            await self._erase(municipality, {number: flagged})

    async def clear(self, municipality: str, number: PersonNumber) -> None:
        """The register says a clear no: what comes from now on is kept as it comes."""
        person, _ = whose.both(self._seal, municipality, number)
        if await self._readers.read(protected.among, municipality, [person]):
            await self._writer.call(protected.remove, municipality, person)

    async def finish(self) -> None:
        """Do what a process began that is gone, and what files of changes have marked."""
        begun: dict[str, dict[PersonNumber, Flagged]] = {}
        for one in await self._readers.read(protected.unfinished):
            begun.setdefault(one.municipality, {})[self._number(one)] = one
        for municipality, those in begun.items():
            if municipality in self._rulebook.towns():
                await self._erase(municipality, those)

    async def begun(self) -> None:
        """Do what was just begun; what fails is done by the node that leads, within a minute."""
        try:
            await self.finish()
        except Exception as error:  # noqa: BLE001 - the marks are on disk, and judge whatever comes
            LOG.error("of a protected person not all is erased yet: %s", place_of(error))  # noqa: TRY400

    def _number(self, one: Flagged) -> PersonNumber:
        place = PROTECTED_NUMBER.place(one.municipality, one.person)
        return PersonNumber(self._seal.open(one.sealed, place).decode())

    async def _erase(self, municipality: str, those: Mapping[PersonNumber, Flagged]) -> None:
        """However many they are, raw rows are read once."""
        await self._know_bookings(municipality)
        await self._empty_raw_rows(municipality, those)
        for number, one in those.items():
            await self._writer.call(self._erased, one, number)

    # ---- bookings that came before anybody knew by hash whose they are

    async def _know_bookings(self, municipality: str) -> None:
        after = 0
        while batch := await self._readers.read(
            lambda c, after=after: protected.bookings_without(c, municipality, after, limit=BATCH)
        ):
            after = batch[-1].id
            await self._writer.call(protected.set_persons, [(self._whose(municipality, one), one.id) for one in batch])

    def _whose(self, municipality: str, stored: Stored) -> str:
        try:
            booking = stored_booking(stored.body, stored.persons, municipality, stored.number, self._seal)
        except (InvalidTag, ValueError) as error:
            LOG.error("booking %s cannot be read: %s", stored.number, place_of(error))  # noqa: TRY400
            return ""
        return whose.of_customer(self._seal, municipality, booking.customer)

    # ---- raw rows

    async def _empty_raw_rows(self, municipality: str, numbers: Iterable[PersonNumber]) -> None:
        after, forms = 0, frozenset(form for number in numbers for form in _forms(number))
        while batch := await self._readers.read(
            lambda c, after=after: protected.raw_rows(c, municipality, after, limit=BATCH)
        ):
            after = batch[-1].id
            if mine := await asyncio.to_thread(self._holding, municipality, batch, forms):
                await self._writer.call(self._emptied, municipality, mine)

    def _holding(self, municipality: str, batch: Sequence[Raw], forms: frozenset[bytes]) -> list[Raw]:
        return [one for one in batch if self._holds(municipality, one, forms)]

    def _holds(self, municipality: str, one: Raw, forms: frozenset[bytes]) -> bool:
        """What nobody can read leads nobody anywhere."""
        try:
            raw = zlib.decompress(self._seal.open(one.sealed, _bound(municipality, one)))
        except (InvalidTag, zlib.error):
            return False
        return not forms.isdisjoint(_NUMBERS.findall(raw))

    def _emptied(self, connection: Connection, municipality: str, mine: Sequence[Raw]) -> None:
        """One in quarantine goes, for it means nothing yet, and what comes again is new; an application comes once."""
        kept = of_applications(self._rulebook.town(municipality).configuration)
        held = [one for one in mine if one.state == intake.QUARANTINED and one.connection not in kept]
        done = [one for one in mine if one.state != intake.QUARANTINED]
        empty = [(self._seal.close(_NOTHING, _bound(municipality, one)), one.id) for one in done]
        protected.empty_raw(connection, empty)
        protected.drop_raw(connection, [one.id for one in held])
        for name in {one.connection for one in held}:
            judge(connection, municipality, name, now=self._now())

    # ---- all else, in one transaction

    def _erased(self, connection: Connection, one: Flagged, number: PersonNumber) -> None:
        """Once, whoever does it."""
        town, person = one.municipality, bytes.fromhex(one.person)
        if not protected.finish(connection, town, one.person):
            return
        theirs = protected.bookings_of(connection, town, [one.person, one.trader])
        for stored in theirs:
            self._each(stored.number, partial(self._shield, connection, town, stored))
        lists = protected.gatherings_of(connection, town, person)
        for gathering in lists:
            self._each(gathering.code, partial(self._unname, connection, town, gathering, person))
        sent = self._invoices(connection, town, [stored.id for stored in theirs])
        registered = self._documents(connection, town, [one.person, one.trader])
        protected.seal_records(connection, town, "invoice", sent, now=self._now())
        mark = whose.mark(self._seal, town, number)
        told = PersonProtected(
            bookings=tuple(stored.number for stored in theirs),
            invoices=tuple(sent),
            documents=tuple(registered),
            gatherings=len(lists),
            looked_up_by=_who_asked(connection, town, mark, before=one.since),
        )
        self._tell(connection, town, mark, told)

    def _each(self, of: str, erase: Callable[[], None]) -> None:
        """One that nobody can read leads nobody anywhere, and keeps no other from being erased."""
        try:
            erase()
        except (InvalidTag, ValueError, zlib.error) as error:
            LOG.error("of a protected person %s cannot be read: %s", of, place_of(error))  # noqa: TRY400

    def _unname(self, connection: Connection, town: str, gathering: Gathering, person: bytes) -> None:
        sealed = self._attending.forget(town, gathering, person)
        protected.reseal_gathering(connection, gathering.id, sealed)

    def _shield(self, connection: Connection, town: str, stored: Stored) -> None:
        """Its content is known again as it was told: whoever sends it again changes nothing."""
        booking = stored_booking(stored.body, stored.persons, town, stored.number, self._seal)
        bare = shielded(booking, self._rulebook.rules(town))
        protected.reseal_booking(connection, stored.id, sealed_persons(bare, town, self._seal))

    def _invoices(self, connection: Connection, town: str, theirs: Iterable[int]) -> list[str]:
        """Take the address from those that nobody has begun to send; gives the keys of the others."""
        found = protected.invoices_of(connection, town, theirs)
        waiting = invoices.with_ids(connection, town, [id_ for id_, _, waits in found if waits])
        for stored in waiting.values():
            self._each(stored.key, partial(self._unaddress, connection, town, stored))
        return [key for _, key, waits in found if not waits]

    def _unaddress(self, connection: Connection, town: str, stored: Invoiced) -> None:
        told = opened(stored, town, self._seal)
        bare = told.model_copy(update={"customer": told.customer.model_copy(update={"address": None})})
        sealed = self._seal.close(bare.model_dump_json().encode(), INVOICE.place(town, stored.key))
        protected.reseal_invoice(connection, stored.id, sealed)

    def _documents(self, connection: Connection, town: str, persons: Sequence[str]) -> list[str]:
        """Have those that nobody has begun to send name nobody in public; gives the keys of the others.

        Of what was applied for nothing more is shown.
        """
        found = documents.of_persons(connection, town, persons)
        for key, waits in found:
            applications.erase(connection, town, key, nothing_of(town, key, self._seal))
            if waits:
                self._each(key, partial(self._guard, connection, town, key))
        return [key for key, waits in found if not waits]

    def _guard(self, connection: Connection, town: str, key: str) -> None:
        stored, (first, *_) = documents.find(connection, town, key), documents.parts(connection, town, key)
        assert stored  # noqa: S101 - none is ever removed
        rules = self._rulebook.town(town).configuration.municipality.registry.documents
        neutral = None if stored.booking else rules.neutral_title
        documents.replace_first(connection, town, key, guarded_part(first, town, key, self._seal, neutral))

    def _tell(self, connection: Connection, town: str, mark: str, told: PersonProtected) -> None:
        """An event where anybody may have got anything, and the audit in any case."""
        counted = {"bookings": told.bookings, "invoices": told.invoices, "documents": told.documents}
        counts = written({name: len(keys) for name, keys in counted.items()} | {"gatherings": told.gatherings})
        self._auditing.write(connection, [Note(town, Act.PERSON_PROTECTED, mark, self._now(), counts)])
        if any(counted.values()) or told.gatherings or told.looked_up_by:
            event = Event(town, EventType.PERSON_PROTECTED, mark, told.model_dump_json(), self._now())
            events.append(connection, [event])


def _who_asked(connection: Connection, town: str, mark: str, *, before: int) -> tuple[str, ...]:
    """The keys that have looked somebody up, of whom something may have been told."""
    sought = Sought(act=Act.PERSON_LOOKED_UP, subject=mark, until=before)
    return tuple(sorted({line.who for _, _, line in audit.page(connection, town, sought, limit=_LOOKUPS)}))


def _bound(municipality: str, one: Raw) -> Place:
    return RAW_ROW.place(municipality, f"{one.connection}/{one.source.hex()}/{one.version.hex()}")


def _forms(number: PersonNumber) -> tuple[bytes, ...]:
    """How files write it: ten digits or twelve, with a sign between or none."""
    ten = number.digits[2:]
    return tuple(f"{ten[:6]}{sign}{ten[6:]}".encode() for sign in ("", "-", "+"))
