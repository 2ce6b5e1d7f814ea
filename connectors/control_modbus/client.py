"""The one connection to a device, over pymodbus: one request at a time, and none that is sent twice by itself.

Sources: Modbus Messaging on TCP/IP V1.0b (modbus.org, 2006-10-24); Modbus Application Protocol V1.1b3 (2012-04-26), 7
(exception codes); pymodbus 3.16.1, its source; all read 2026-11-26.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException, ModbusIOException
from pymodbus.framer import FramerSocket
from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU
from pymodbus.transaction import TransactionManager

from connectors.control_modbus.config import Point, Table
from hub.sdk import ConnectorError, RejectedError, TransientError, UnknownOutcomeError

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # what it would say is in our errors
Way = Callable[[], Awaitable[socket.socket]]
"""Gives a connected socket to the device."""

FOR_A_PERSON = {
    1: "the device has no such function; try write_multiple, or another table",
    2: "the device has no such address; count from 0, and check the unit",
    3: "the device does not take that value; check encoding and scale",
}
LATER = {
    6: "the device is busy",
    10: "the gateway has no way to the unit",
}
UNSURE = {
    4: "the device failed while it did it",
    5: "the device has begun, and will take long",
    11: "the unit behind the gateway does not answer",
}
"""A write may have come into force all the same; to have asked does no harm."""


class _Exchanges(TransactionManager):
    """pymodbus's own, over the hub's way, and told at once of an answer that will not come."""

    way: Way

    async def connect(self) -> bool:
        self.call_create = self._over_our_way
        return await super().connect()

    def callback_data(self, data: bytes, addr: tuple[Any, ...] | None = None) -> int:
        try:
            return super().callback_data(data, addr)
        except (ModbusException, ValueError, IndexError) as error:
            self._give_up(ModbusIOException(type(error).__name__))
            return len(data)

    def callback_disconnected(self, exc: Exception | None) -> None:
        super().callback_disconnected(exc)
        self._give_up(ConnectionException("lost"))

    def _give_up(self, error: ModbusException) -> None:
        if not self.response_future.done():
            self.response_future.set_exception(error)
            self.response_future.exception()  # nobody may be waiting

    async def _over_our_way(self) -> Any:  # noqa: ANN401  (what asyncio gives)
        connect = partial(self.loop.create_connection, self.handle_new_connection)
        return await connect(sock=await self.way())


class _Client(AsyncModbusTcpClient):
    """pymodbus's client, which neither connects again nor sends again by itself."""

    def __init__(self, host: str, port: int, way: Way, seconds: float) -> None:
        super().__init__(host, port=port, timeout=seconds, retries=0, reconnect_delay=0)
        framer = FramerSocket(DecodePDU(is_server=False))
        self.ctx = _Exchanges(self.comm_params, framer, 0, False, None, None, None)  # noqa: FBT003  (no names there)
        self.ctx.way = way


Ask = Callable[[_Client], Awaitable[ModbusPDU]]


class Device:
    """Reads and writes; connects when it has to."""

    def __init__(self, host: str, port: int, way: Way, *, seconds: float, write_multiple: bool = False) -> None:
        """Keep what it is given; nothing is sent before the first request. `seconds`: the longest that one may take."""
        self._host, self._port, self._way, self._seconds = host, port, way, seconds
        self._write_multiple = write_multiple
        self._client: _Client | None = None
        self._turn = asyncio.Lock()
        self._closed = False

    async def write(self, unit: int, point: Point, values: Sequence[int], deadline: float) -> None:
        """Write bits or words; `deadline` in loop time.

        Raises:
            TransientError: nothing was written.
            UnknownOutcomeError: it was sent, and no answer says that it was done.
            RejectedError: the device does not take it.
        """
        many, bits = len(values) > 1 or self._write_multiple, [bool(value) for value in values]

        def ask(client: _Client) -> Awaitable[ModbusPDU]:
            if point.table is Table.COIL:
                if many:
                    return client.write_coils(point.address, bits, device_id=unit)
                return client.write_coil(point.address, bits[0], device_id=unit)
            if many:
                return client.write_registers(point.address, list(values), device_id=unit)
            return client.write_register(point.address, values[0], device_id=unit)

        await self._exchange(ask, f"unit {unit}, {point}", deadline, changes=True)

    async def read(self, unit: int, point: Point, count: int, deadline: float) -> Sequence[int]:
        """Read so many bits or words; `deadline` in loop time.

        Raises:
            TransientError: no answer.
            RejectedError: there is nothing to read.
        """

        def ask(client: _Client) -> Awaitable[ModbusPDU]:
            functions = {
                Table.COIL: client.read_coils,
                Table.DISCRETE: client.read_discrete_inputs,
                Table.HOLDING: client.read_holding_registers,
                Table.INPUT: client.read_input_registers,
            }
            return functions[point.table](point.address, count=count, device_id=unit)

        where = f"unit {unit}, {point}"
        answer = await self._exchange(ask, where, deadline, changes=False)
        values = [int(bit) for bit in answer.bits[:count]] if point.table.is_bits else answer.registers
        if len(values) != count:
            raise TransientError(f"{self}, {where}: an answer of another length than was asked for")
        return values

    def close(self) -> None:
        """Hang up for good."""
        self._closed = True
        self._hang_up()

    def __str__(self) -> str:
        return f"{self._host}:{self._port}"

    async def _exchange(self, ask: Ask, where: str, deadline: float, *, changes: bool) -> ModbusPDU:
        """Have one turn; after an answer that did not come nothing of it may be taken for the next one's."""
        sent = False
        try:
            async with asyncio.timeout_at(deadline), self._turn:
                client, sent = await self._connected(), True
                answer = await ask(client)
        except (TimeoutError, ModbusException) as error:
            if sent:
                self._hang_up()
            raise _lost(f"{self}, {where}", sent=sent and changes) from error
        if isinstance(answer, ExceptionResponse):
            raise _exception(f"{self}, {where}", answer.exception_code, changes=changes)
        return answer

    async def _connected(self) -> _Client:
        if self._closed:
            raise TransientError(f"{self}: closed")
        client = self._client or _Client(self._host, self._port, self._way, self._seconds)
        self._client = client
        if not client.connected and not await client.connect():
            raise TransientError(f"{self}: no connection; is the device there, this its port, and has it room for us?")
        return client

    def _hang_up(self) -> None:
        if self._client:
            self._client.close()
            self._client = None


def _lost(where: str, *, sent: bool) -> ConnectorError:
    if sent:
        return UnknownOutcomeError(f"{where}: written, and no answer says that it was done")
    return TransientError(f"{where}: no answer; is the device there, and the unit right?")


def _exception(where: str, code: int, *, changes: bool) -> ConnectorError:
    """What a Modbus exception means for what happens next."""
    if code in LATER:
        return TransientError(f"{where}: {LATER[code]} (exception {code})")
    if code in FOR_A_PERSON:
        return RejectedError(f"{where}: {FOR_A_PERSON[code]} (exception {code})")
    told = f"{where}: {UNSURE.get(code, 'the device says no')} (exception {code})"
    return UnknownOutcomeError(told) if changes else TransientError(told)
