"""What happens: secrets are told to the hub, its systems tell them back, and all that it says is looked at."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path

import uvloop

from hub.model import Guardian, Person, PersonNumber, Protected
from hub.sdk import Misbehaviour
from tests.canary.counterparts import ECHOES, Mood
from tests.canary.looking import booked, look, looked_into
from tests.canary.papers import a_list, booking, club, content_of, document, holders, known, person, trader
from tests.canary.planted import Planted
from tests.canary.world import ENOUGH, HARDLY, AtOnce, Told, World, as_served, entering, landing_soon, listened, world
from tests.canary.wrong import refused

LONGEST = 120
"""Seconds; whoever has not told the story then hangs."""


def tell(home: Path, seed: int) -> Told:
    """Tell the whole story in an empty folder."""
    told = Told(Planted(seed))

    async def story() -> None:
        async with world(home, told) as here, asyncio.timeout(LONGEST):
            await here.make_keys()
            for scene in SCENES:
                await scene(here)

    with as_served(told.ears), landing_soon(), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(story())
    listened(home, told)
    return told


async def bookings(here: World) -> None:
    """Taken, with codes; changed; cancelled; of a sole trader; of somebody protected; of a club with an invoice."""
    p = here.planted
    first = booking(p, "the booker", 6, person(p, "the booker"))
    await here.put("B-1", whose="the booker", wait=5, **first)
    second = booking(p, "a trader", 8, trader(p, "a trader"))
    await here.put("B-2", whose="a trader", wait=5, **second)
    hidden = person(p, "somebody protected", protected="yes")
    await here.put("B-3", whose="somebody protected", wait=5, **booking(p, "somebody protected", 10, hidden))
    await here.put("B-4", whose="a club", wait=5, **booking(p, "a club", 12, club(p, "a club")))
    await here.stage.quiet()
    here.open_all()
    changed = first["occasions"][0] | {"holders": holders(p, "the booker", "a new holder")}
    await here.put("B-1", 2, whose="the booker", **first | {"occasions": [changed]})
    await here.put("B-2", 2, whose="a trader", **second | {"status": "cancelled"})
    await here.stage.quiet()
    for revision in (1, 2):
        other = {"number": "B-1", "revision": revision} | first
        await here.ask("PUT", "/bookings/B-1", json=other, status=409)
    dry = {"number": "B-9", "revision": 1} | first
    await here.ask("PUT", "/bookings/B-9?dry_run=true", json=dry, may=entering("B-9", "the booker"), status=200)


async def subscribed(here: World) -> None:
    """Events go to a subscriber that fails, and tells back what it got; then to one that takes them."""
    here.fronts["hook"].moods = [Mood.BREAKS, Mood.SAYS_NO, Mood.SENDS_ELSEWHERE]
    wish, may = {"url": f"{here.systems.address}/hook/events"}, ("secret of the hook*",)
    made = await here.ask("PUT", "/subscriptions/hook", "events", json=wish, may=may, status=201)
    here.planted.made("secret of the hook", made.json()["secret"])
    turned = await here.ask("POST", "/subscriptions/hook:rotate", "events", may=may, status=200)
    here.planted.made("secret of the hook, the next", turned.json()["secret"])
    await here.ask("POST", "/subscriptions/hook:replay", "events", json={"after": None}, status=200)


async def persons(here: World) -> None:
    """Found, protected, missing, and looked up in a register that tells back what it was asked."""
    p, people, front = here.planted, here.systems.people, here.fronts["people"]
    time = here.hub.desk.population.time = AtOnce(here.hub.desk.population)
    guardian = Guardian(identity_number=PersonNumber.parse(p.number("a guardian")), name=p.person_name("a guardian"))
    p.number("a child", born="20150612")
    hidden = Person(identity_number=PersonNumber.parse(p.number("one in hiding")), protected=Protected.YES)
    for one, whose in (
        (known(p, "an applicant"), "an applicant"), (known(p, "a child", guardians=(guardian,)), "a child"),
        (known(p, "a guardian"), "a guardian"), (hidden, "one in hiding"),
    ):  # fmt: skip
        people.register(one, knows={"name": p.person_name(whose), "street": p.street(whose)})

    async def look_up(key: str, whose: str, may: Collection[str] = (), *, guardians: bool = False) -> str:
        why = {name: p.words(f"{name} of a lookup") for name in ("purpose", "legal_basis", "asked_by")}
        body = {"identity_number": p.number(whose), "guardians": guardians} | why
        answer = await here.ask("POST", "/persons/lookup", key, json=body, may=may, status=200)
        return str(answer.json()["outcome"])

    assert await look_up("grants", "an applicant", ("* of an applicant",)) == "found"
    of_child = ("* of a child", "identity number of a guardian", "name of a guardian")
    assert await look_up("group", "a child", of_child, guardians=True) == "found"
    for key in ("grants", "group"):
        for whose in ("one in hiding", "nobody"):
            assert await look_up(key, whose) == "manual_handling_required"
    for mood in (*ECHOES, Mood.HANGS):
        front.mood, time.patience = mood, HARDLY if mood is Mood.HANGS else ENOUGH
        for key in ("grants", "group"):
            here.open_gates()
            assert await look_up(key, "somebody else", guardians=True) == "manual_handling_required"
    front.mood, time.patience = Mood.WELL, ENOUGH
    for exception in ("OGILTIG_INPARAMETER", "GENERELLT_FEL", p.words("word of a register")):
        people.exception = exception
        here.open_gates()
        assert await look_up("group", "an applicant") == "manual_handling_required"
    people.recover()
    here.open_gates()
    front.mood = Mood.LETS_NOBODY_IN
    assert await look_up("group", "an applicant") == "manual_handling_required"
    front.mood = Mood.WELL
    await looked_into(here)
    await here.ask("POST", "/connections/people:resume", "operator", status=200)
    here.ears.give("the register", p.words("word of a register").encode())


async def documents(here: World) -> None:
    """Registered; refused; timed out after it was registered; by a registry that tells back what it was sent."""
    p, diary, front = here.planted, here.systems.diary, here.fronts["diary"]

    async def put(key: str, whose: str) -> None:
        answer = await here.ask("PUT", f"/documents/{key}", "registrar", json=document(p, whose))
        assert answer.status_code in {200, 202}, answer.text
        here.ears.give("whom a document is from, which the hub keeps a keyed hash of", p.number(whose).encode())
        await here.stage.quiet()
        for language in ("sv", "en"):
            await here.ask("GET", f"/documents/{key}?language={language}", "registrar", status=200)

    await put("D-1", "a writer")
    diary.diarium.silent = 1
    await put("D-2", "a late writer")
    diary.refuses = True
    await put("D-3", "a refused writer")
    diary.refuses = False
    for n, mood in enumerate(ECHOES):
        front.mood = mood
        here.open_gates()
        await put(f"D-E{n}", "an unlucky writer")
    front.mood = Mood.WELL
    other = document(p, "another writer")
    await here.ask("PUT", "/documents/D-1", "registrar", json=other, status=409)
    here.ears.give("what was refused", json.dumps(other).encode() + content_of(p, "another writer"))


async def echoes(here: World) -> None:
    """Locks, phones and mailboxes, each in every mood; then none of them knows us, and then all is well again."""
    p, unlucky = here.planted, "the unlucky"
    here.systems.mail.misbehave(Misbehaviour.REFUSES, p.email(unlucky))
    for n, mood in enumerate(ECHOES):
        here.fronts["locks"].mood = here.fronts["sms"].mood = mood
        here.open_gates()
        more = {"registration": {"required": n == 0}, "payment": {"kind": "invoice" if n == 0 else "free"}}
        await here.put(f"B-E{n}", whose=unlucky, **booking(p, unlucky, 13 + n, person(p, unlucky)) | more)
        await here.stage.quiet()
        await here.ask("GET", f"/bookings/B-E{n}", "operator", may=booked(unlucky), status=200)
    for name in ("locks", "sms", "diary"):
        here.fronts[name].mood = Mood.LETS_NOBODY_IN
    for name in ("locks", "sms", "diary", "people", "mail", "ledger"):
        await here.ask("POST", f"/connections/{name}:test", "operator")
    await looked_into(here)
    for name in ("locks", "sms", "diary"):
        here.fronts[name].mood = Mood.WELL
        await here.ask("POST", f"/connections/{name}:resume", "operator")
    await here.stage.quiet()


async def attendance(here: World) -> None:
    """A list is taken, with a row that goes to quarantine; asked for by who may know persons, and by who may not."""
    p = here.planted
    for dry in ("&dry_run=true", ""):
        path = f"/attendance/imports?format=lists&name=lista{dry}"
        answer = await here.ask("POST", path, "lists", content=a_list(p), status=200)
        assert answer.json()["quarantined"] == 1, answer.text
    here.open_all()
    who = ("* of a participant", "* of a leader", "* of a guest")
    path = "/attendance?from=2026-11-19&to=2026-11-21"
    seen = await here.ask("GET", path, "grants office", may=who, status=200)
    assert p.number("a participant") in seen.text
    rows = (await here.ask("GET", "/quarantine", "operator", status=200)).json()
    await here.ask("POST", "/quarantine:rerun", "operator", json={"connection": "lists"}, status=200)
    await here.ask("POST", f"/quarantine/{rows[0]['id']}:dismiss", "operator", status=200)


SCENES: tuple[Callable[[World], Awaitable[None]], ...] = (
    bookings, refused, subscribed, persons, documents, echoes, attendance, look,
)  # fmt: skip
