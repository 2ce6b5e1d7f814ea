"""What is said on the wire, judged by what others made of ONVIF's own WSDL: gSOAP's server, and for order xmlschema."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest
import xmlschema
from lxml import etree

from connectors.access_onvif.simulator import Able
from hub.sdk import parse_xml
from tests.connectors.access_onvif.sites import device_of, evening, site
from tests.counterparts.gsoap import OnvifWire, official

pytestmark = pytest.mark.xdist_group("gsoap")
SCHEMA = "{http://www.w3.org/2001/XMLSchema}"
DEVICES = {
    "client tokens, times": Able(),
    "tokens of its own, dates": Able(client_tokens=False, times=False),
    "cards, no times": Able(
        profile_validity=False, formats={"pt:PIN": ["SIMPLE_NUMBER32"], "pt:Card": ["SIMPLE_NUMBER56"]}
    ),
}


@pytest.fixture(scope="module")
def wire() -> Iterator[OnvifWire]:
    with OnvifWire() as server:
        yield server


def said(able: Able) -> list[httpx.Request]:
    """All that is said in the life of a credential, without what is said to the services of device and events."""

    async def story() -> list[httpx.Request]:
        async with site(device_of(able)) as here:
            await here.onvif.check()
            await here.onvif.put_credential(evening())
            await here.onvif.read_credential("hub-2480-B-7")
            await here.onvif.put_credential(evening("73051"))
            assert [one async for one in here.onvif.list_credentials()]
            await here.onvif.remove_credential("hub-2480-B-7")
            return [one for one in here.asked if not one.url.path.endswith(("device_service", "events"))]

    return asyncio.run(story())


@pytest.fixture(scope="module")
def schema() -> xmlschema.XMLSchema:
    """Lax: the official schemas are ambiguous by XSD 1.0, and a parser that minds takes none of them."""
    wsdl = official("credential/wsdl/credential.wsdl")
    types = etree.parse(wsdl).find(f".//{SCHEMA}schema")
    assert types is not None
    return xmlschema.XMLSchema(etree.tostring(types), base_url=str(wsdl.parent), validation="lax")


def inside(content: bytes) -> etree._Element:
    found = parse_xml(content).find("{*}Body/{*}*")
    assert found is not None
    return found


@pytest.mark.parametrize("able", DEVICES.values(), ids=DEVICES.keys())
def test_all_that_is_said_of_credentials_is_in_the_order_of_the_official_schema(
    schema: xmlschema.XMLSchema, able: Able
) -> None:
    told = [inside(one.content) for one in said(able) if one.url.path.endswith("credential")]
    assert len(told) > 8
    assert [one.tag for one in told if not schema.is_valid(etree.tostring(one))] == []
    (made,) = [one for one in told if etree.QName(one).localname in ("SetCredential", "CreateCredential")]
    credential = next(made.iter("{*}Credential"))
    credential.insert(0, credential[-1])
    assert not schema.is_valid(etree.tostring(made))


@pytest.mark.parametrize("able", DEVICES.values(), ids=DEVICES.keys())
def test_all_that_is_said_is_taken_by_a_server_of_the_official_wsdl(wire: OnvifWire, able: Able) -> None:
    refused = {one.url.path: wire.takes(one.headers, one.content) for one in said(able)}
    assert set(refused.values()) == {""}


def changed(content: bytes, change: str) -> bytes:
    envelope = parse_xml(content)
    made = next(one for one in envelope.iter() if etree.QName(one).localname == "Credential")
    match change:
        case "nothing to show":
            for one in made.findall("{*}CredentialIdentifier"):
                made.remove(one)
        case "no number of octets":
            next(envelope.iter("{*}Value")).text = "12X"
        case "a time that is none":
            next(envelope.iter("{*}ValidFrom")).text = "tomorrow"
        case "no token":
            del made.attrib["token"]
        case "another namespace":
            made.tag = "{urn:x}Credential"
    return etree.tostring(envelope)


@pytest.mark.parametrize(
    "change",
    ["nothing to show", "no number of octets", "a time that is none", "no token", "another namespace"],
)
def test_what_onvif_does_not_allow_that_server_refuses(wire: OnvifWire, change: str) -> None:
    (made,) = [one for one in said(Able()) if b"SetCredential" in one.content]
    assert wire.takes(made.headers, made.content) == ""
    assert "Fault" in wire.takes(made.headers, changed(made.content, change))


def test_the_two_questions_to_the_device_service_are_as_its_official_wsdl_has_them() -> None:
    wsdl = etree.parse(official("device/wsdl/devicemgmt.wsdl")).getroot()

    async def story() -> list[httpx.Request]:
        async with site(device_of(Able())) as here:
            await here.onvif.check()
            return [one for one in here.asked if one.url.path.endswith("device_service")]

    asked: dict[str, list[str]] = {}
    for one in asyncio.run(story()):
        name = etree.QName(inside(one.content))
        asked[name.localname] = [etree.QName(child).localname for child in inside(one.content)]
        assert name.namespace == wsdl.get("targetNamespace")
        assert f'action="{_action(wsdl, name.localname)}"' in one.headers["Content-Type"]
    assert asked == {"GetSystemDateAndTime": [], "GetServices": ["IncludeCapability"]}
    for operation, children in asked.items():
        (element,) = wsdl.iterfind(f".//{SCHEMA}schema/{SCHEMA}element[@name='{operation}']")
        assert [one.get("name") for one in element.iterfind(f".//{SCHEMA}element")] == children


def test_what_is_said_of_events_is_as_the_official_wsdl_has_it() -> None:
    wsdl = etree.parse(official("events/wsdl/event-vs.wsdl")).getroot()

    async def story(able: Able) -> list[httpx.Request]:
        async with site(device_of(able)) as here:
            await here.onvif.poll((await here.onvif.poll(None)).cursor)
            return [one for one in here.asked if "/events" in one.url.path]

    kinds = (Able(), Able(keeps_events=False))
    asked = {etree.QName(inside(o.content)): o for kind in kinds for o in asyncio.run(story(kind))}
    tells = {"GetServiceCapabilities", "CreatePullPointSubscription", "PullMessages", "Seek"}
    assert {name.localname for name in asked} == tells | {"Renew", "Unsubscribe"}
    for name, one in asked.items():
        assert any(f'action="{action}"' in one.headers["Content-Type"] for action in _actions(wsdl, name.localname))
        assert (name.namespace == wsdl.get("targetNamespace")) is (name.localname in tells)
        if name.localname in tells:
            (element,) = wsdl.iterfind(f".//{SCHEMA}schema/{SCHEMA}element[@name='{name.localname}']")
            official_names = iter([told.get("name") for told in element.iterfind(f".//{SCHEMA}element")])
            assert all(etree.QName(child).localname in official_names for child in inside(one.content)), "its order"


def _actions(wsdl: etree._Element, operation: str) -> set[str]:
    found = wsdl.iterfind(f"{{*}}binding/{{*}}operation[@name='{operation}']/{{*}}operation")
    return {told.get("soapAction", "") for told in found}


def _action(wsdl: etree._Element, operation: str) -> str:
    (told,) = wsdl.iterfind(f"{{*}}binding/{{*}}operation[@name='{operation}']/{{*}}operation")
    return told.get("soapAction", "")
