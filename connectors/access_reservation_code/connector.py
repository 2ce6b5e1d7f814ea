"""One credential is one reservation, series or seasonal booking, under an id made of our key; its code is the system's.

It is made inactive, its buffers are read, and only with the right times it becomes active. It goes in the other order:
inactive first, so that a failed deletion leaves nothing that opens.
"""

from datetime import timedelta

from connectors.access_reservation_code.client import Code, CodesClient
from connectors.access_reservation_code.config import CodesConfig, Kind
from connectors.access_reservation_code.translate import (
    asked,
    buffers_of,
    holds,
    id_of,
    least,
    opens,
    parts_of,
    sighting_of,
)
from hub.model import Credential, Window
from hub.sdk import (
    About,
    AccessControl,
    AccessLimits,
    Chooser,
    Connector,
    Lent,
    Pace,
    PinRules,
    ReadsCredentials,
    Receipt,
    RejectedError,
    Sighting,
    UnknownOutcomeError,
)

_TRIES = 3
"""Made with no buffers, again with those of its units; a third time where they were changed meanwhile."""


class ReservationCodes(Connector[CodesConfig], AccessControl, ReadsCredentials):
    """Doors of one service; a door's key is the id of its reservation unit."""

    access_limits = AccessLimits(pin=PinRules(chosen_by=frozenset({Chooser.SYSTEM})))
    pace = Pace(calls_at_once=4, timeout=timedelta(seconds=10), lands_within=timedelta(seconds=30))

    def __init__(self, config: CodesConfig, lent: Lent) -> None:
        """Show the key with each call."""
        super().__init__(config, lent)
        headers = {config.key_header: config.api_key.get_secret_value(), "Accept": config.accept}
        self._codes = CodesClient(lent.http(config.base_url, headers=headers))

    @classmethod
    def configured_keys(cls, config: CodesConfig) -> frozenset[str]:
        return frozenset(config.reservation_units)

    async def check(self) -> About:
        units = self.config.reservation_units
        known = frozenset([unit for unit in units if await self._codes.knows(unit)])
        return About(external_keys=known, detail=f"{len(known)} of {len(units)} reservation units are known to it")

    async def put_credential(self, credential: Credential) -> Receipt:
        asked(credential)
        key, windows = credential.key, credential.windows
        id_ = id_of(key)
        if unknown := {window.door for window in windows} - set(self.config.reservation_units):
            raise RejectedError(f"no reservation unit {', '.join(sorted(unknown))} in the settings; write it there")
        found = await self._found(id_)
        fitting = (kind for kind, code in found.items() if holds(kind, code, windows))
        kind = next(fitting, None) or await self._made(key, windows, found)
        code = await self._with_times(kind, key, windows, found.get(kind))
        await self._gone(key, {other for other in found if other is not kind})
        await self.lent.state.delete(_begun(key))
        return Receipt(id_, secret=code.access_code)

    async def remove_credential(self, key: str) -> Receipt:
        id_ = id_of(key)
        if found := await self._found(id_):
            await self._gone(key, set(found))
        await self.lent.state.delete(_begun(key))
        return Receipt(id_)

    async def read_credential(self, key: str) -> Sighting[Credential] | None:
        begun = await self.lent.state.get(_begun(key)) is not None
        return sighting_of(key, await self._found(id_of(key)), begun=begun)

    async def _found(self, id_: str) -> dict[Kind, Code]:
        """What stands under the id, as whatever kind."""
        told = {kind: await self._codes.get(kind, id_) for kind in self.config.kinds}
        return {kind: code for kind, code in told.items() if code is not None}

    async def _made(self, key: str, windows: frozenset[Window], found: dict[Kind, Code]) -> Kind:
        """Make one that holds them. Where another unit's stands under the same id, a larger kind is made beside it."""
        order = list(Kind)
        enough = (kind for kind in self.config.kinds if order.index(kind) >= order.index(least(windows)))
        kind = next(kind for kind in enough if kind not in found)
        await self.lent.state.put(_begun(key), "made")
        await self._codes.create(kind, id_of(key), parts_of(windows, {}), key)
        return kind

    async def _with_times(self, kind: Kind, key: str, windows: frozenset[Window], code: Code | None) -> Code:
        """Have exactly these open, and be active.

        Raises:
            RejectedError: it keeps others than it is sent.
        """
        for _ in range(_TRIES):
            code = code or await self._read(kind, key)
            if code.access_code_is_active and opens(code) == windows:
                return code
            buffers = buffers_of(code)
            active = code.access_code_is_active or {window.door for window in windows} <= buffers.keys()
            parts = parts_of(windows, buffers)
            if await self._codes.reschedule(kind, id_of(key), parts, key, active=active) is None:
                raise UnknownOutcomeError(f"{key}: its reservation is gone while it was changed")
            code = None
        code = await self._read(kind, key)
        if code.access_code_is_active and opens(code) == windows:
            return code
        raise RejectedError(f"{key}: the lock system keeps other times than it was sent; ask its supplier why")

    async def _read(self, kind: Kind, key: str) -> Code:
        code = await self._codes.get(kind, id_of(key))
        if code is None:
            raise UnknownOutcomeError(f"{key}: its reservation was made, and is not there")
        return code

    async def _gone(self, key: str, kinds: set[Kind]) -> None:
        """None of them opens any more before the first is deleted."""
        if kinds:
            await self.lent.state.put(_begun(key), "going")
        for kind in sorted(kinds):
            await self._codes.deactivate(kind, id_of(key), key)
        for kind in sorted(kinds):
            await self._codes.delete(kind, id_of(key), key)


def _begun(key: str) -> str:
    """Where it stands that we are about to change it: what is inactive then was made so by us."""
    return f"begun:{key}"
