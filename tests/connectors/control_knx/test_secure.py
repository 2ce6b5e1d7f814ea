"""KNX IP Secure: by user and passwords, or by the keyring that ETS exports; nothing goes in the open."""

from pathlib import Path
from typing import Any

import pytest

from hub.conformance.base import test as in_a_loop
from hub.model import Switch, Zone
from hub.sdk import CredentialsError
from tests.connectors.control_knx.secure import SecureGateway, keyring
from tests.connectors.control_knx.stand import House
from tests.connectors.rooms import eventually

USER, DEVICE, RING = "hemlig-7", "bevis-8", "nyckelring-9"
ON = Zone(key="apron.light", level=Switch(on=True))
BY_PASSWORD: dict[str, Any] = {"user_id": 3, "user_password": USER, "device_password": DEVICE}


async def lit(more: dict[str, Any], house: House) -> SecureGateway:
    """Light a lamp behind a secure gateway."""
    gateway = SecureGateway(USER, DEVICE)
    await gateway.start()
    settings = {**gateway.config(), "tunnel": "secure"} | more
    try:
        async with house.connector(settings, opened=False) as connector:
            await connector.put_zone(ON)
            assert gateway.zones()["apron.light"] == ON.level
    finally:
        await gateway.stop()
    return gateway


def by_keyring(folder: Path, password: str = RING) -> dict[str, Any]:
    """Settings that name a keyring."""
    path = keyring(folder / "hallen.knxkeys", RING, user_password=USER, device_password=DEVICE)
    return {"keyring_file": str(path), "keyring_password": password, "individual_address": "1.0.10"}


@pytest.mark.parametrize("ring", [False, True])
@in_a_loop
async def test_a_lamp_is_lit_over_a_tunnel_that_nobody_can_read(tmp_path: Path, *, ring: bool) -> None:
    gateway = await lit(by_keyring(tmp_path) if ring else BY_PASSWORD, House())
    assert [frame[2:4].hex() for frame in gateway.plain] == ["0951"], "only the key of the handshake was in the open"


@pytest.mark.parametrize("wrong", ["user_password", "device_password", "user_id", "keyring_password", "tunnel", "file"])
@in_a_loop
async def test_whoever_is_not_let_in_is_told_and_tries_no_more(tmp_path: Path, wrong: str) -> None:
    house, changed = House(), {"user_id": 4}.get(wrong, "fel-fel-1")
    told = {
        "keyring_password": lambda: by_keyring(tmp_path, "fel-fel-1"),
        "tunnel": lambda: by_keyring(tmp_path) | {"individual_address": "1.0.11"},
        "file": lambda: by_keyring(tmp_path) | {"keyring_file": str(tmp_path / "gone.knxkeys")},
    }.get(wrong, lambda: BY_PASSWORD | {wrong: changed})()
    with pytest.raises(CredentialsError, match="check user, passwords and keyring") as refused:
        await lit(told, house)
    said = house.told.getvalue() + str(refused.value)
    assert "not connecting again until the next command" in said
    assert not [secret for secret in (USER, DEVICE, RING, "fel-fel-1") if secret in said]


@in_a_loop
async def test_a_secure_gateway_that_hangs_up_is_come_back_to() -> None:
    house, gateway = House(), SecureGateway(USER, DEVICE)
    await gateway.start()
    try:
        async with house.connector({**gateway.config(), "tunnel": "secure"} | BY_PASSWORD) as connector:
            gateway.drop_all()
            await eventually(lambda: "apron.light" in house.touched, "it does not come back")
            await connector.put_zone(ON)
            assert gateway.zones()["apron.light"] == ON.level
    finally:
        await gateway.stop()
