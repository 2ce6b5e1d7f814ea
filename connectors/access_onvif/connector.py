"""One credential of the hub is one credential of the device, found by its key: by our token, or by its description."""

from collections.abc import AsyncIterator, Iterable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from connectors.access_onvif.client import Onvif, TokenHolder
from connectors.access_onvif.config import OnvifConfig
from connectors.access_onvif.faults import DuplicateError, GoneError
from connectors.access_onvif.learning import declared, learned
from connectors.access_onvif.log import EventLog
from connectors.access_onvif.passages import passage_of
from connectors.access_onvif.translate import (
    CARD,
    PIN,
    Device,
    has_value,
    key_of,
    ours,
    profile_uses,
    sighting_of,
    token_of,
    written,
)
from hub.model import Credential, Message
from hub.sdk import (
    About,
    AccessControl,
    AccessLimits,
    Condition,
    Connector,
    Lent,
    ListsCredentials,
    Pace,
    Page,
    Polls,
    RawItem,
    ReadsCredentials,
    Receipt,
    RejectedError,
    Sighting,
    TransientError,
)

REASON = "Taken back by the booking system"
"""Why a credential is disabled: by it ours is told from a person's, should it not come to be deleted."""


class OnvifAccess(Connector[OnvifConfig], AccessControl, ReadsCredentials, ListsCredentials, Polls):
    """Doors of one controller; a door's key is the name of its access profile, or of several."""

    pace = Pace(calls_at_once=4, timeout=timedelta(seconds=10), lands_within=timedelta(seconds=30))
    """No figures are public; four at once is what a controller with a small web server bears."""

    def __init__(self, config: OnvifConfig, lent: Lent) -> None:
        """Ask nothing yet."""
        super().__init__(config, lent)
        self._onvif = Onvif(config, lent)
        self._device: Device | None = None
        self._log = EventLog(self._onvif, config, lent)

    @classmethod
    def limits_by(cls, config: OnvifConfig) -> AccessLimits:
        return declared(config)

    @property
    def access_limits(self) -> AccessLimits:
        """By the settings; narrowed when the device has been asked."""
        return self._device.limits if self._device else declared(self.config)

    async def close(self) -> None:
        await self._log.close()

    async def check(self) -> About:
        await self._onvif.connect()
        device = await self._learn(asking=True)
        everybody = await self._onvif.credentials()
        theirs = sum(key_of(one) is None for one in everybody)
        most = (await self._onvif.capabilities()).max_credentials
        limits = replace(device.limits, capacity=max(0, most - theirs))
        self._device = replace(device, limits=limits)
        return About(
            external_keys=frozenset(device.profiles),
            clock_offset=self._onvif.clock_offset,
            access_limits=limits,
            detail=f"{len(device.doors())} access profiles; {len(everybody)} of {most} credentials, {theirs} not ours; "
            f"{_spoken(device)}; tokens by {'us' if device.client_tokens else 'the device'}; {await self._told()}",
        )

    async def _told(self) -> str:
        """What becomes of its events."""
        if not self._onvif.tells_events:
            return "no events"
        return "events kept" if await self._log.kept() else "events not kept: what nobody hears is lost"

    async def put_credential(self, credential: Credential) -> Receipt:
        ours(credential.key)
        device = await self._known(doors={window.door for window in credential.windows})
        made = written(credential, device)
        if tokens := await self._tokens(credential.key, device, made):
            with suppress(GoneError):
                return await self._modified(made, tokens)
        return Receipt(await self._made(credential.key, made, device))

    async def remove_credential(self, key: str) -> Receipt:
        ours(key)
        await self.lent.state.delete(key)
        for token in await self._tokens(key, await self._known()):
            await self._revoke(token)
        return Receipt(key, Condition.COMING)

    async def read_credential(self, key: str) -> Sighting[Credential] | None:
        found = await self._under(key, await self._known())
        return await self._seen(key, found) if found else None

    async def list_credentials(self) -> AsyncIterator[Sighting[Credential]]:
        await self._known()
        found: dict[str, list[TokenHolder]] = {}
        for one in await self._onvif.credentials():
            if key := key_of(one):
                found.setdefault(key, []).append(one)
        for key, there in found.items():
            if sighting := await self._seen(key, there):
                yield sighting

    async def poll(self, cursor: str | None) -> Page:
        return await self._log.page(cursor)

    def translate(self, item: RawItem) -> Iterable[Message]:
        yield passage_of(item)

    async def _modified(self, made: dict[str, object], tokens: list[str]) -> Receipt:
        """Write it anew where it stands, and take away what stands there twice.

        Whether it is enabled is left as it is, unless a removal of ours came only half way: somebody at the device, or
        the device itself after wrong PINs, may have disabled it, and a look will say so.
        """
        first, *others = tokens
        await self._onvif.modify_credential(made | {"token": first})
        for other in others:
            await self._revoke(other)
        state = await self._onvif.state(first)
        if not state.enabled and state.reason == REASON:
            await self._onvif.enable_credential(first)
        return Receipt(first, Condition.COMING)

    async def _made(self, key: str, made: dict[str, object], device: Device) -> str:
        """Have a new one, enabled; gives its token."""
        if device.client_tokens:
            await self._onvif.set_credential(made | {"token": token_of(key)})
            return token_of(key)
        try:
            token = await self._onvif.create_credential(made)
        except DuplicateError:  # perhaps of our own: a request may arrive twice
            mine = [one.token for one in await self._under(key, device) if has_value(one, made)]
            if not mine:
                raise
            token = mine[0]
        await self.lent.state.put(key, token)
        return token

    async def _revoke(self, token: str) -> None:
        """Shut it first: a credential that cannot be deleted opens nothing either."""
        with suppress(GoneError):
            await self._onvif.disable_credential(token, REASON)
        with suppress(GoneError):
            await self._onvif.delete_credential(token)

    async def _seen(self, key: str, there: list[TokenHolder]) -> Sighting[Credential] | None:
        device = await self._known(tokens={token for one in there for token in profile_uses(one)})
        try:
            state = await self._onvif.state(there[0].token)
        except GoneError:
            raise TransientError("the credential was removed while it was read; again") from None
        return sighting_of(key, there, device, enabled=state.enabled)

    async def _tokens(self, key: str, device: Device, made: Mapping[str, object] | None = None) -> list[str]:
        """Where it stands, or would: by our token, or by all that bear the key, first the one that has the value."""
        if device.client_tokens:
            return [token_of(key)]
        found = await self._under(key, device)
        return [one.token for one in sorted(found, key=lambda one: not has_value(one, made or {}))]

    async def _under(self, key: str, device: Device) -> list[TokenHolder]:
        """All that stands under a key. A token that we keep is a shortcut: what it leads to must bear the key."""
        token = token_of(key) if device.client_tokens else await self.lent.state.get(key)
        if token and (there := await self._onvif.credential(token)) and (device.client_tokens or key_of(there) == key):
            return [there]
        if device.client_tokens:
            return []
        return [one for one in await self._onvif.credentials() if key_of(one) == key]

    async def _known(self, *, doors: AbstractSet[str] = frozenset(), tokens: AbstractSet[str] = frozenset()) -> Device:
        """The device, asked anew where it has not been, or where it lacks a door or the access profile of a token.

        Raises:
            RejectedError: it has no access profile of such a name.
            TransientError: it keeps times otherwise than was believed, so something else is to be sent.
        """
        before = self.access_limits
        if self._device is None or doors - self._device.profiles.keys() or tokens - self._device.doors().keys():
            capacity = self.access_limits.capacity
            device = await self._learn()
            self._device = replace(device, limits=replace(device.limits, capacity=capacity))
        if unknown := doors - self._device.profiles.keys():
            told = ", ".join(sorted(unknown))
            raise RejectedError(f"no access profile that opens something is named {told}; make it in the device")
        now = self._device.limits
        if (now.validity, now.windows_per_door) != (before.validity, before.windows_per_door):
            raise TransientError("what the device keeps of times is known only now; again")
        return self._device

    async def _learn(self, *, asking: bool = False) -> Device:
        """Ask what it is able to; which formats it has only where the settings do not say them, unless `asking`."""
        told = await self._onvif.capabilities()
        wanted = {PIN: self.config.pin_format, CARD: self.config.card_format}
        formats: dict[str, frozenset[str]] = {}
        for kind in sorted(told.identifier_types & wanted.keys()):
            form = None if asking else wanted[kind]
            formats[kind] = frozenset({form.value}) if form else await self._onvif.format_types(kind)
        return learned(self.config, told, formats, await self._onvif.access_profiles())


def _spoken(device: Device) -> str:
    """What it keeps of times, and how PINs and cards are written."""
    written_as = [f"{kind.removeprefix('pt:')} as {form.value}" for kind, form in device.formats.items()]
    return ", ".join([f"keeps {device.limits.validity}", *written_as])
