"""A credential is one code in each of its locks, all of one name; Seam has no key of ours, so the name is looked for.

Seam answers at once and acts later, so every receipt says COMING, and a look says when it stands.
"""

from collections.abc import AsyncIterator, Iterable
from datetime import timedelta

from pydantic import SecretStr

from connectors.access_seam.client import AccessCode, Device, SeamClient, SeamRefusalError
from connectors.access_seam.config import CodeBy, SeamConfig
from connectors.access_seam.translate import (
    TAKEN,
    Changes,
    body_of,
    changes,
    is_leaving,
    new_code,
    ours,
    sighting_of,
    sightings_of,
)
from hub.model import Credential, Unsaid, Window
from hub.sdk import (
    About,
    AccessControl,
    AccessLimits,
    Chooser,
    Condition,
    Connector,
    Lent,
    ListsCredentials,
    Pace,
    PinRules,
    ReadsCredentials,
    Receipt,
    RejectedError,
    Sighting,
    TransientError,
)

TAKES = "access_code"
"""Of `capabilities_supported`: it is a lock of a kind that takes codes, if not now."""


class SeamAccess(Connector[SeamConfig], AccessControl, ReadsCredentials, ListsCredentials):
    """Locks of one workspace; a door's key is the `device_id` of its lock."""

    pace = Pace(calls_at_once=4, timeout=timedelta(seconds=10), lands_within=timedelta(seconds=30))

    def __init__(self, config: SeamConfig, lent: Lent) -> None:
        """Show the workspace's key with each call."""
        super().__init__(config, lent)
        bearer = f"Bearer {config.api_key.get_secret_value()}"
        self._seam = SeamClient(lent.http(config.base_url, headers={"Authorization": bearer}))
        self._locks: frozenset[str] = frozenset()
        self._doors: frozenset[str] = frozenset()

    @classmethod
    def limits_by(cls, config: SeamConfig) -> AccessLimits:
        chooser = Chooser.SYSTEM if config.code_by is CodeBy.LOCK_SYSTEM else Chooser.HUB
        return AccessLimits(windows_per_door=1, pin=PinRules(chosen_by=frozenset({chooser})))

    @property
    def access_limits(self) -> AccessLimits:
        return self.limits_by(self.config)

    async def check(self) -> About:
        locks = await self._look_for_locks()
        offline = sorted(lock.device_id for lock in locks if not lock.properties.online)
        return About(
            external_keys=self._doors,
            detail=f"{len(self._doors)} locks" + (f", offline: {', '.join(offline)}" if offline else ""),
        )

    async def put_credential(self, credential: Credential) -> Receipt:
        ours(credential.key)
        await self._know({window.door for window in credential.windows})
        wanted = changes(credential, await self._codes_of(credential.key, self._locks))
        made = await self._make(credential.key, wanted)
        chosen = made if credential.value is Unsaid.CHOSEN_BY_SYSTEM else None
        return Receipt(credential.key, Condition.COMING, chosen)

    async def remove_credential(self, key: str) -> Receipt:
        ours(key)
        await self._look_for_locks()
        for code in await self._codes_of(key, self._locks):
            if not is_leaving(code):
                await self._seam.delete(code.access_code_id)
        return Receipt(key, Condition.COMING)

    async def read_credential(self, key: str) -> Sighting[Credential] | None:
        """Nothing is there only when it is in none of the locks that there are now."""
        known = self._locks
        found = await self._codes_of(key, known)
        if not found:
            await self._look_for_locks()
            found = await self._codes_of(key, self._locks - known)
        return sighting_of(key, found)

    async def list_credentials(self) -> AsyncIterator[Sighting[Credential]]:
        await self._look_for_locks()
        codes = [code for lock in sorted(self._locks) for code in await self._seam.access_codes(lock)]
        for sighting in sightings_of(codes):
            yield sighting

    async def _make(self, key: str, wanted: Changes) -> SecretStr | None:
        """Make it so, the new before the old; give the code, as soon as Seam tells one."""
        value = wanted.code
        for window in wanted.create:
            value = (await self._create(key, window, value)).code or value
        for code, window in wanted.update:
            await self._update(code, window, value)
        for code in wanted.delete:
            await self._seam.delete(code.access_code_id)
        return value

    async def _create(self, key: str, window: Window, value: SecretStr | None) -> AccessCode:
        """Make one code; a duplicate is ours when an earlier call of ours has landed after all."""
        try:
            return await self._seam.create(new_code(key, window, value))
        except SeamRefusalError as refused:
            if refused.kind not in TAKEN:
                raise
        alike = [code for code in await self._seam.access_codes(window.door) if code.name == key and code.code == value]
        if not alike:
            raise RejectedError(f"{key}: the lock {window.door} has that code already; choose another")
        if is_leaving(alike[0]):
            raise TransientError(f"{key}: its old code is still on its way out of the lock {window.door}")
        return alike[0]

    async def _update(self, code: AccessCode, window: Window, value: SecretStr | None) -> None:
        try:
            await self._seam.update(code.access_code_id, body_of(window, value))
        except SeamRefusalError as refused:
            if refused.kind in TAKEN:
                told = f"{code.name}: the lock {window.door} has that code already; choose another"
                raise RejectedError(told) from None
            if refused.kind == "access_code_not_found":
                raise TransientError(f"{code.name}: its code in the lock {window.door} went in between") from None
            raise

    async def _codes_of(self, key: str, locks: Iterable[str]) -> list[AccessCode]:
        """Look in every lock: where it stands is kept nowhere else."""
        found = [code for lock in sorted(locks) for code in await self._seam.access_codes(lock)]
        return [code for code in found if code.name == key]

    async def _know(self, doors: set[str]) -> None:
        """Refuse a door that is no lock of the workspace, before anything is changed."""
        if not doors <= self._doors:
            await self._look_for_locks()
        if unknown := doors - self._doors:
            raise RejectedError(f"Seam has no lock {', '.join(sorted(unknown))} that takes codes; correct its key")

    async def _look_for_locks(self) -> list[Device]:
        """Find the locks: those that take codes are doors, and those that may hold one are looked in too."""
        found = await self._seam.devices()
        locks = [one for one in found if one.can_program_online_access_codes or TAKES in one.capabilities_supported]
        self._locks = frozenset(lock.device_id for lock in locks)
        self._doors = frozenset(lock.device_id for lock in locks if lock.can_program_online_access_codes)
        return locks
