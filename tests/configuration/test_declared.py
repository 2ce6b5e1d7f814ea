"""What a connection can take, by its settings: read without asking any system."""

import pytest

from hub.configuration import declared, read_folder
from hub.discovery import load_connector
from hub.model.configuration import Configuration
from hub.model.connection import Connection
from hub.model.credential import Method
from hub.sdk import AccessLimits, Chooser
from hub.service.rulebook import methods, own_pins
from tests.live import UMEA


def access_limits(connection: Connection) -> AccessLimits | None:
    return declared.access_limits(load_connector(connection.connector), connection)


@pytest.fixture(scope="module")
def umea() -> Configuration:
    return read_folder(UMEA).required()


def test_a_lock_system_that_is_set_to_make_its_codes_takes_none_of_ours(umea: Configuration) -> None:
    assert own_pins(umea) == {"seam-kulturhuset"}
    seam = umea.connections["seam-kulturhuset"]
    by_hub = access_limits(seam.model_copy(update={"settings": seam.settings | {"code_by": "hub"}}))
    assert by_hub is not None
    assert Chooser.HUB in by_hub.pin.chosen_by


def test_what_a_holder_may_show_is_known_where_the_settings_decide_it(umea: Configuration) -> None:
    assert methods(umea)["onvif-sporthall-nord"] == {Method.PIN}
    onvif = umea.connections["onvif-sporthall-nord"]
    with_cards = access_limits(
        onvif.model_copy(update={"settings": onvif.settings | {"card_format": "SIMPLE_NUMBER56"}})
    )
    assert with_cards is not None
    assert with_cards.methods == {Method.PIN, Method.CARD}


def test_what_opens_no_door_has_no_limits_of_doors(umea: Configuration) -> None:
    assert access_limits(umea.connections["knx-sporthall-nord"]) is None
