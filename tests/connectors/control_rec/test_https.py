"""Over HTTPS: commands are posted, and what came of them is told by calling the hub, perhaps in another process."""

import json
from datetime import UTC, datetime

import httpx
import pytest

from connectors.control_rec.simulator import RecOverHttps, signed
from hub.clock import DomainClock
from hub.conformance import faults, network
from hub.conformance.base import test as in_a_loop
from hub.conformance.driver import Memory
from hub.conformance.faults import Fault
from hub.conformance.network import Network
from hub.model import Dim, Observation, Zone
from hub.sdk import Callback, Condition, CredentialsError, RejectedError, TransientError, UnknownOutcomeError
from tests.connectors.control_rec.stand import connector

HALF = Zone(key="hall.light", level=Dim(percent=50))


@in_a_loop
async def test_a_command_is_coming_until_the_call_that_proves_it_whichever_process_takes_it() -> None:
    device, state, touched = RecOverHttps(DomainClock()), Memory(), list[str]()
    async with (
        connector(device.config(), state=state, transport=Network(device, None, 0)) as sends,
        connector(device.config(), state=state, transport=Network(device, None, 0), touched=touched) as is_called,
    ):
        await sends.check()
        assert (await sends.put_zone(HALF)).condition is Condition.COMING
        assert device.zones()["hall.light"] == HALF.level
        answer, proof = device.calls
        assert list(await is_called.receive(answer)) == []
        assert (await sends.read_zone("hall.light")).condition is Condition.COMING
        await is_called.receive(proof)
        assert (await sends.read_zone("hall.light")).condition is Condition.STANDING
        assert touched == ["hall.light", "hall.light"]


@in_a_loop
async def test_a_call_is_heard_only_with_its_signature_and_from_its_device() -> None:
    device = RecOverHttps(DomainClock())
    async with connector(device.config()) as hub:
        body = device.edge.message({})
        await hub.receive(signed(body))
        for bad in (Callback(signed(body).headers, body + b" "), Callback({"x-hub-signature-256": "å"}, body)):
            with pytest.raises(CredentialsError):
                await hub.receive(bad)
        device.edge.device = "another"
        with pytest.raises(RejectedError, match="another device"):
            await hub.receive(signed(device.edge.message({})))
        with pytest.raises(RejectedError, match="no message"):
            await hub.receive(signed(b"{}"))


@in_a_loop
async def test_what_cannot_be_read_is_an_item_of_its_own_and_the_rest_is_taken() -> None:
    device = RecOverHttps(DomainClock())
    async with connector(device.config()) as hub:
        good = {
            "observationTime": "2026-11-26T18:00:00Z",
            "sensorId": "s",
            "quantityKind": "https://w3id.org/rec/core/Temperature",
        }
        told = [good | {"value": 20.5}, good | {"value": "warm"}, good | {"value": 900, "quantityKind": "CO2"}]
        first, unread = await hub.receive(signed(device.edge.message({"observations": told})))
        (meant,) = hub.translate(first)
        assert isinstance(meant, Observation)
        assert (str(meant.value), meant.at) == ("20.5", datetime(2026, 11, 26, 18, tzinfo=UTC))
        assert (unread.place, unread.fault.startswith("observations[1]: value: ")) == ("observations[1]", True)
        (again, _) = await hub.receive(signed(device.edge.message({"observations": told[:2]})))
        assert again.source_id == first.source_id


@pytest.mark.parametrize(
    "fault, error",
    [
        (network.REFUSED, TransientError),
        (network.ANSWER_LOST, UnknownOutcomeError),
        (network.REFUSED_401, CredentialsError),
        (network.INVALID_422, RejectedError),
        (Fault("html", lambda _request, _forward: httpx.Response(200, html="<p>Log in")), UnknownOutcomeError),
        (Fault("rejected", lambda _request, _forward: httpx.Response(462)), TransientError),
        (Fault("none", lambda _request, _forward: httpx.Response(460)), TransientError),
    ],
)
@in_a_loop
async def test_what_the_address_says_ends_in_the_error_that_it_means(fault: Fault, error: type[Exception]) -> None:
    device = RecOverHttps(DomainClock())
    async with connector(device.config(), transport=Network(device, fault, 0)) as hub:
        with pytest.raises(error):
            await hub.put_zone(HALF)


@in_a_loop
async def test_a_message_in_the_answer_is_taken_as_told() -> None:
    device = RecOverHttps(DomainClock())

    def answering(request: httpx.Request, forward: faults.Forward) -> httpx.Response:
        forward(request)
        parts = [json.loads(call.body) for call in device.calls]
        whole = {key: value for part in parts for key, value in part.items()}
        return httpx.Response(200, json=whole)

    async with connector(device.config(), transport=Network(device, Fault("tells", answering), 0)) as hub:
        assert (await hub.put_zone(HALF)).condition is Condition.STANDING
