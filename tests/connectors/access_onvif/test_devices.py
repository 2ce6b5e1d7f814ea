"""The kit's stories on the other kinds of devices; whole in every way they are told on the first kind only."""

import asyncio
from typing import Any

import pytest

from connectors.access_onvif import OnvifAccess
from connectors.access_onvif.simulator import Able
from hub.conformance import PATIENCE, examples
from hub.conformance.access import NAMES, AccessSuite
from hub.conformance.network import ANSWER_LOST, DOUBLED
from hub.model import Method
from tests.connectors.access_onvif.sites import device_of

DEVICES = {
    "tokens of its own": Able(client_tokens=False, page=2),
    "tokens of its own, dates": Able(client_tokens=False, times=False),
    "dates, one window a door": Able(times=False, profiles_per_door=1, credential_validity=False),
    "no times": Able(profile_validity=False, credential_validity=False),
    "cards": Able(formats={"pt:PIN": ("SIMPLE_ALPHA_NUMERIC",), "pt:Card": ("SIMPLE_ALPHA_NUMERIC",)}),
}


def kit(able: Able) -> Any:
    given = {"connector": OnvifAccess, "simulator": device_of(able), "patience": PATIENCE}
    return type("Kit", (AccessSuite,), given)()


@pytest.mark.parametrize("able", DEVICES.values(), ids=DEVICES.keys())
def test_the_doors_follow_every_story_of_the_kit_on_every_kind_of_device(able: Able) -> None:
    suite = kit(able)

    async def story() -> None:
        for kind in examples.kinds(await suite.limits()):
            for name in NAMES:
                async with suite.bench() as stand:
                    await suite.tell(stand, name, kind)

    asyncio.run(story())


def test_neither_a_lost_answer_nor_a_doubled_call_leaves_two_or_none_where_tokens_are_the_devices() -> None:
    suite = kit(DEVICES["tokens of its own"])

    async def whole() -> None:
        kind = next(one for one in examples.kinds(await suite.limits()) if one.method is Method.PIN)

        async def story(stand: Any) -> None:
            await suite.tell(stand, "another door instead", kind)

        await suite.with_each_call_broken(story, [ANSWER_LOST, DOUBLED])

    asyncio.run(whole())
