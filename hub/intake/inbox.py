"""Callbacks of external systems: proven by their connector, kept before the answer."""

import hashlib

from hub.errors import NotFoundError, RefusedError
from hub.intake.inlets import Inlets
from hub.intake.taking import Taking
from hub.sdk import Callback, CredentialsError, RawItem, RejectedError
from hub.service.incoming.taking_in import Counts


class Inbox:
    """Where external systems call."""

    def __init__(self, inlets: Inlets, taking: Taking) -> None:
        self._inlets, self._taking = inlets, taking

    async def receive(self, municipality: str, name: str, callback: Callback) -> Counts:
        """Take in what was told; returns when it is on disk.

        Raises:
            RefusedError: the sender is not proven, or there is no such connection, which nobody who asks is told.
            RejectedError: the sender is proven, and what it says cannot be read; it is in quarantine as it came.
        """
        try:
            inlet, receives = self._inlets.receiving(municipality, name)
        except NotFoundError as error:
            raise _unproven() from error
        try:
            items = await receives.receive(callback)
        except CredentialsError as error:
            raise _unproven() from error
        except RejectedError as error:
            await self._taking.items(inlet, [_unread(callback, str(error))])
            raise
        return await self._taking.items(inlet, items)


def _unproven() -> RefusedError:
    return RefusedError("unproven-sender", "the sender is not proven; nothing was kept")


def _unread(callback: Callback, why: str) -> RawItem:
    """The whole of it as one item, known by what it says."""
    return RawItem(f"callback/{hashlib.sha256(callback.body).hexdigest()}", callback.body, "callback", fault=why)
