"""One tunnel to the bus, from connecting to its end: xknx speaks, and neither reconnects nor repeats for us.

Source: KNX Standard 03_08_02 Core v01.06.02 and 03_08_04 Tunnelling v01.07.01, as xknx 4.0.0 has them, its source read
2026-11-26. With UDP xknx repeats a frame that was not acknowledged once, with the same number, as the standard has it.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress

from xknx import XKNX
from xknx.core import XknxConnectionState
from xknx.exceptions import (
    CommunicationError,
    InvalidSecureConfiguration,
    IPSecureError,
    RequestResponseError,
    XKNXException,
)
from xknx.knxip import ErrorCode
from xknx.telegram import GroupAddress, Telegram
from xknx.telegram.apci import GroupValueRead, GroupValueResponse, GroupValueWrite

from connectors.control_knx.translate import Payload
from connectors.control_knx.tunnels import Endpoint, Through
from hub.sdk import ConnectorError, CredentialsError, RejectedError, TransientError, ended

FULL = frozenset({ErrorCode.E_NO_MORE_CONNECTIONS, ErrorCode.E_NO_MORE_UNIQUE_CONNECTIONS})
FORBIDDEN = frozenset({ErrorCode.E_AUTHORISATION_ERROR})
SECONDS_TO_PART = 0.05
"""How long the gateway has to say goodbye: that we have gone it knows, if it is there, from ours."""

Hear = Callable[[str, Payload], None]
logging.getLogger("xknx").setLevel(logging.CRITICAL)  # what it would say is in our errors


class Link:
    """A tunnel under way, standing or lost."""

    def __init__(self, endpoint: Endpoint, hear: Hear, lost: Callable[["Link"], None]) -> None:
        """Begin to connect; `hear` gets every value on the bus, `lost` is called when the tunnel ends by itself."""
        self._where, self._hear, self._lost = endpoint.name, hear, lost
        loop = asyncio.get_running_loop()
        self.gone: asyncio.Future[None] = loop.create_future()
        """Done when the tunnel has ended."""
        self._xknx = XKNX(telegram_received_cb=self._telegram, connection_state_changed_cb=self._changed)
        self._xknx.knxip_interface = Through(self._xknx, endpoint)
        self._stood = False
        self.ready = loop.create_task(self._begin())
        """Done when it stands; fails with one of the four errors."""
        self.ready.add_done_callback(lambda ready: ready.cancelled() or ready.exception())

    async def write(self, group: str, payload: Payload) -> None:
        """Write a value, until the gateway says that it is on the bus. Raises CommunicationError."""
        await self._send(Telegram(destination_address=GroupAddress(group), payload=GroupValueWrite(payload)))

    async def ask(self, group: str) -> None:
        """Ask whoever has a value to tell it. Raises CommunicationError."""
        await self._send(Telegram(destination_address=GroupAddress(group), payload=GroupValueRead()))

    async def end(self) -> None:
        """Hang up, and leave nothing behind."""
        await ended(self.ready)
        if not self.gone.done():
            self.gone.set_result(None)
        with suppress(XKNXException, TimeoutError):
            async with asyncio.timeout(SECONDS_TO_PART):
                await self._xknx.knxip_interface.stop()
        await self._xknx.telegram_queue.stop()

    async def _begin(self) -> None:
        await self._xknx.telegram_queue.start()
        try:
            await self._while_there(self._xknx.knxip_interface.start())
        except (XKNXException, OSError) as error:
            raise _refusal(self._where, error) from error
        self._stood = True

    async def _send(self, telegram: Telegram) -> None:
        await self._while_there(self._xknx.cemi_handler.send_telegram(telegram))

    async def _while_there(self, what: Coroutine[None, None, None]) -> None:
        """Do it, and give up as soon as nothing can come of it any more."""
        going = asyncio.ensure_future(what)
        try:
            await asyncio.wait({going, self.gone}, return_when=asyncio.FIRST_COMPLETED)
            if not going.done():
                raise CommunicationError("the tunnel ended")
            await going
        finally:
            await ended(going)

    def _telegram(self, telegram: Telegram) -> None:
        if isinstance(telegram.payload, GroupValueWrite | GroupValueResponse):
            self._hear(str(telegram.destination_address), telegram.payload.value)

    def _changed(self, state: XknxConnectionState) -> None:
        if state is XknxConnectionState.DISCONNECTED and not self.gone.done():
            self.gone.set_result(None)
            if self._stood:
                self._lost(self)


def _refusal(where: str, error: Exception) -> ConnectorError:
    """What a tunnel that could not be made means."""
    cause = error if isinstance(error, InvalidSecureConfiguration) else error.__cause__ or error
    if isinstance(cause, IPSecureError | InvalidSecureConfiguration):
        return CredentialsError(f"{where}: {type(cause).__name__}; check user, passwords and keyring against ETS")
    if isinstance(cause, RequestResponseError):
        if cause.error_code in FULL:
            return TransientError(f"{where}: every tunnel is taken; end another client, or give the gateway more")
        if cause.error_code in FORBIDDEN:
            return CredentialsError(f"{where}: this user may not have that tunnel; correct it in ETS")
        if cause.error_code is not None:
            return RejectedError(f"{where}: {cause.error_code.name}; does it take such tunnels?")
    return TransientError(f"{where}: no tunnel ({type(cause).__name__}); is the gateway there, and this its port?")
