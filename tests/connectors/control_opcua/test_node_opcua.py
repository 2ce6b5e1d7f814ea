"""Against a server that is not ours, told and written to by a program that is not ours either."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hub.conformance.base import test as in_a_loop
from hub.model import Dim, Level, Release, Setpoint, Switch, Zone
from hub.sdk import Condition, CredentialsError, RejectedError, TransientError
from tests.connectors.control_opcua.stand import Room
from tests.connectors.rooms import eventually
from tests.counterparts.opcua import PASSWORD, USER, OpcuaServer, application

pytestmark = pytest.mark.xdist_group("node-opcua")  # one server, which takes two seconds to start

LIT, DARK = Switch(on=True), Switch(on=False)
ZONES: dict[str, Any] = {
    "hall": {"node": "nsu=urn:building;s=Light"},
    "stage": {"node": "ns=1;s=Dim", "status": "ns=1;s=Lit", "kind": "dim", "scale": "2.55"},
    "office": {"node": "ns=1;s=Heat", "kind": "setpoint", "release": 16},
}
LEVELS: dict[str, Level] = {
    "hall": LIT,
    "stage": Dim(percent=50),
    "office": Setpoint(celsius=Decimal("19.5")),
}


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Our certificate and its key."""
    return application(tmp_path_factory.mktemp("hub"), "urn:provkoping:knutpunkt")


@pytest.fixture(scope="module")
def shared(ours: tuple[Path, Path]) -> Iterator[OpcuaServer]:
    """A server that the tests leave running, and as it was."""
    with OpcuaServer(ours[0], sessions=3) as one:
        yield one


def at(one: OpcuaServer, **more: Any) -> dict[str, Any]:
    """Settings that lead there."""
    return {"url": one.url, "zones": ZONES} | more


def signed(one: OpcuaServer, ours: tuple[Path, Path], security: str = "sign_and_encrypt") -> dict[str, Any]:
    """Settings of a channel that is signed."""
    files = {"certificate_file": ours[0], "private_key_file": ours[1], "server_certificate_file": one.certificate}
    return {"security": security} | files


async def everything_and_back(settings: dict[str, Any]) -> None:
    """Every zone gets a level, is proven, and is released."""
    async with Room().connector(settings) as connector:
        about = await connector.check()
        assert (about.version, about.external_keys) == ("Building 2.182", frozenset(ZONES))
        for key, level in LEVELS.items():
            receipt = await connector.put_zone(Zone(key=key, level=level))
            seen = await connector.read_zone(key)
            assert (receipt.condition, seen.value) == (Condition.STANDING, level)
        for key in ZONES:
            await connector.put_zone(Zone(key=key, level=Release()))
            assert (await connector.read_zone(key)).value == connector.rest_level(key)


@in_a_loop
async def test_zones_follow_in_the_types_that_the_server_has(shared: OpcuaServer) -> None:
    await everything_and_back(at(shared))
    assert shared.told("Light") == ["true as Boolean", "false as Boolean"]
    assert shared.told("Dim") == ["128 as Byte", "0 as Byte"]
    assert shared.told("Heat") == ["19.5 as Float", "16 as Float"]


@pytest.mark.parametrize("security", ["sign", "sign_and_encrypt"])
@in_a_loop
async def test_zones_follow_over_a_channel_that_is_signed_and_by_a_user(
    shared: OpcuaServer, ours: tuple[Path, Path], security: str
) -> None:
    user = {"username": USER, "password": PASSWORD}
    await everything_and_back(at(shared, **signed(shared, ours, security), **user))


@in_a_loop
async def test_who_is_not_who_they_should_be_pauses_the_connection(
    shared: OpcuaServer, ours: tuple[Path, Path], tmp_path: Path
) -> None:
    stranger = application(tmp_path, "urn:somebody:else")
    right = signed(shared, ours)
    for told in (
        {"username": USER, "password": "sommar"},
        signed(shared, stranger),
        right | {"server_certificate_file": stranger[0]},
        right | {"username": USER, "password": "sommar"},
    ):
        room = Room()
        async with room.connector(at(shared, **told)) as connector:
            with pytest.raises(CredentialsError):
                await connector.put_zone(Zone(key="hall", level=LIT))
        assert "sommar" not in room.told.getvalue()
    assert shared.told("Light")[-1] == "false as Boolean", "somebody wrote who may not"


@in_a_loop
async def test_what_the_server_does_not_allow_is_for_a_person_by_name(shared: OpcuaServer) -> None:
    zones = {
        "gone": {"node": "ns=1;s=Gone"},
        "fixed": {"node": "ns=1;s=Fixed", "kind": "setpoint", "release": 20},
        "denied": {"node": "ns=1;s=Denied"},
        "dim": {"node": "ns=1;s=Light", "kind": "dim"},
        "unsure": {"node": "ns=1;s=Unsure"},
    }
    async with Room().connector(at(shared, zones=zones)) as connector:
        with pytest.raises(RejectedError, match=r"zone gone: .*BadNodeIdUnknown"):
            await connector.put_zone(Zone(key="gone", level=LIT))
        with pytest.raises(RejectedError, match=r"zone fixed: .*BadNotWritable"):
            await connector.put_zone(Zone(key="fixed", level=Setpoint(celsius=Decimal(21))))
        with pytest.raises(RejectedError, match=r"zone denied: .*BadUserAccessDenied"):
            await connector.put_zone(Zone(key="denied", level=LIT))
        with pytest.raises(RejectedError, match=r"zone dim: ns=1;s=Light is a Boolean"):
            await connector.put_zone(Zone(key="dim", level=Dim(percent=40)))
        seen = await connector.read_zone("unsure")
        assert (seen.value, seen.condition) == (LIT, Condition.COMING)
        with pytest.raises(RejectedError, match=r"zone (gone|fixed|denied): "):
            await connector.check()


@in_a_loop
async def test_the_server_itself_refuses_a_number_of_another_type(shared: OpcuaServer) -> None:
    async with Room().connector(at(shared)) as connector:
        await connector.put_zone(Zone(key="office", level=Setpoint(celsius=Decimal(18))))
        connector._types["ns=1;s=Heat"] = type(connector._types["ns=1;s=Heat"]).DOUBLE
        with pytest.raises(RejectedError, match=r"zone office: .*BadTypeMismatch"):
            await connector.put_zone(Zone(key="office", level=Setpoint(celsius=Decimal(19))))
        await connector.put_zone(Zone(key="office", level=Release()))
        assert (await connector.read_zone("office")).value == Setpoint(celsius=Decimal(16))


@in_a_loop
async def test_sessions_that_are_all_taken_are_waited_for_and_ours_is_given_back(shared: OpcuaServer) -> None:
    rooms = [Room().connector(at(shared)) for _ in range(4)]
    async with rooms[0] as first, rooms[1] as second:
        for one in (first, second):
            await one.read_zone("hall")
        async with rooms[2] as third:
            await third.read_zone("hall")
            async with rooms[3] as fourth:
                with pytest.raises(TransientError, match="BadTooManySessions"):
                    await fourth.read_zone("hall")
                await third.close()
                assert (await fourth.read_zone("hall")).value == DARK


@in_a_loop
async def test_a_panel_is_told_of_and_so_is_what_a_restart_did_and_what_came_after(shared: OpcuaServer) -> None:
    room = Room()
    async with room.connector(at(shared)) as connector:
        await connector.put_zone(Zone(key="hall", level=LIT))
        room.touched.clear()
        assert "Good" in await asyncio.to_thread(shared.write, "Light", "Boolean", "false")
        await eventually(lambda: "hall" in room.touched, "nobody is told")
        seen = await connector.read_zone("hall")
        assert (seen.value, seen.condition) == (DARK, Condition.STANDING)
        await connector.put_zone(Zone(key="hall", level=LIT))
        room.touched.clear()
        await asyncio.to_thread(shared.restart)
        await eventually(lambda: "hall" in room.touched, "what the restart did is not looked for")
        assert (await connector.read_zone("hall")).value == DARK
        await connector.put_zone(Zone(key="stage", level=Dim(percent=50)))
        await connector.put_zone(Zone(key="hall", level=LIT))
        room.touched.clear()
        async with Room().connector(at(shared)) as other:
            await other.put_zone(Zone(key="hall", level=DARK))
        await eventually(lambda: "hall" in room.touched, "it is not followed after the restart")
        for key in ("hall", "stage"):
            await connector.put_zone(Zone(key=key, level=Release()))
