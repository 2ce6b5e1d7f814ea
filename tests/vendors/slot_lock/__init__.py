"""Keypads with numbered slots and no times: what is in a slot opens until it is cleared."""

from collections.abc import AsyncIterator
from http import HTTPStatus

from pydantic import BaseModel, Field, HttpUrl, SecretStr, TypeAdapter

from hub.model import Credential, Method, Window
from hub.sdk import (
    About,
    AccessControl,
    AccessLimits,
    Connector,
    ConnectorConfig,
    Lent,
    ListsCredentials,
    PinRules,
    ReadsCredentials,
    Receipt,
    RejectedError,
    Sighting,
    Validity,
)


class SlotConfig(ConnectorConfig):
    base_url: HttpUrl = Field(description="Where the gateway of the keypads answers.")
    doors: list[str] = Field(description="The keypads.")
    slots: int = Field(default=2, description="Slots of each keypad.")


class Slot(BaseModel):
    slot: int
    label: str
    pin: int


SLOTS = TypeAdapter(list[Slot])


class SlotLock(Connector[SlotConfig], AccessControl, ReadsCredentials, ListsCredentials):
    """The keypads keep a PIN as a number, so it never begins with 0."""

    def __init__(self, config: SlotConfig, lent: Lent) -> None:
        super().__init__(config, lent)
        self.http = lent.http(config.base_url)

    @classmethod
    def limits_by(cls, config: SlotConfig) -> AccessLimits:
        rules = PinRules(lengths=range(4, 7), leading_zero=False)
        return AccessLimits(validity=Validity.NONE, pin=rules, capacity=config.slots)

    @property
    def access_limits(self) -> AccessLimits:
        return self.limits_by(self.config)

    async def check(self) -> About:
        for door in self.config.doors:
            await self._slots(door)
        return About(external_keys=frozenset(self.config.doors))

    async def put_credential(self, credential: Credential) -> Receipt:
        """All doors are looked at before any is changed; the new opens before the old shuts."""
        if unknown := {window.door for window in credential.windows} - set(self.config.doors):
            raise RejectedError(f"no keypad named {', '.join(sorted(unknown))}")
        held = {door: await self._slots(door) for door in self.config.doors}
        for window in credential.windows:
            await self._fill(credential, window.door, held[window.door])
        for door in held.keys() - {window.door for window in credential.windows}:
            await self._clear(credential.key, door, held[door])
        return Receipt(credential.key)

    async def remove_credential(self, key: str) -> Receipt:
        for door in self.config.doors:
            await self._clear(key, door, await self._slots(door))
        return Receipt(key)

    async def read_credential(self, key: str) -> Sighting[Credential] | None:
        return (await self._standing()).get(key)

    async def list_credentials(self) -> AsyncIterator[Sighting[Credential]]:
        for sighting in (await self._standing()).values():
            yield sighting

    async def _standing(self) -> dict[str, Sighting[Credential]]:
        """Every credential, put together from the slots of all keypads."""
        found: dict[str, Sighting[Credential]] = {}
        for door in self.config.doors:
            for slot in (await self._slots(door)).values():
                windows = found[slot.label].value.windows if slot.label in found else frozenset()
                found[slot.label] = Sighting(
                    Credential(
                        key=slot.label,
                        method=Method.PIN,
                        value=SecretStr(str(slot.pin)),
                        windows=windows | {Window.always(door)},
                    )
                )
        return found

    async def _fill(self, credential: Credential, door: str, held: dict[int, Slot]) -> None:
        assert isinstance(credential.value, SecretStr)
        ours = next((n for n, slot in held.items() if slot.label == credential.key), None)
        free = next((n for n in range(1, self.config.slots + 1) if n not in held), None)
        if (number := free if ours is None else ours) is None:
            raise RejectedError(f"{door}: all {self.config.slots} slots are taken; clear one")
        body = {"label": credential.key, "pin": int(credential.value.get_secret_value())}
        answer = await self.http.put(f"{door}/slots/{number}", json=body)
        answer.read(Slot.model_validate_json)

    async def _clear(self, key: str, door: str, held: dict[int, Slot]) -> None:
        for number in [number for number, slot in held.items() if slot.label == key]:
            answer = await self.http.delete(f"{door}/slots/{number}", also_ok={HTTPStatus.NOT_FOUND})
            if answer.status != HTTPStatus.NOT_FOUND:
                answer.read(Slot.model_validate_json)

    async def _slots(self, door: str) -> dict[int, Slot]:
        answer = await self.http.get(f"{door}/slots")
        return {slot.slot: slot for slot in answer.read(SLOTS.validate_json)}
