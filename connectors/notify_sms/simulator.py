"""46elks in memory: takes what it gets, as often as it gets it, and tells what phones would show."""

import base64
import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

import httpx

from hub.model import Channel, Notice
from hub.sdk import Clock, HasRecords, HttpSimulator, Misbehaviour

_LOGIN = "u0123:not-a-secret"


class GatewaySimulator(HttpSimulator, HasRecords):
    """Basic auth, a form, and JSON back; errors are short texts."""

    can = frozenset({Misbehaviour.REFUSES})

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self.came: list[tuple[str, str]] = []
        """(number, text) of every message, in the order in which they came."""
        self.refused: set[str] = set()
        """Numbers that no operator takes; "" stands for all."""

    def config(self) -> Mapping[str, object]:
        user, _, password = _LOGIN.partition(":")
        return {
            "base_url": "https://gateway.test/",
            "path": "a1/sms",
            "user": user,
            "password": password,
            "token": None,
            "sender": "Kommunen",
        }

    def records(self) -> Sequence[object]:
        return [_notice(number, text) for number, text in self.came]

    def keeps(self, record: object) -> object:
        return _notice(record.recipient, record.text) if isinstance(record, Notice) else record

    def texts(self, number: str) -> list[str]:
        """What one phone shows."""
        return [text for to, text in self.came if to == number]

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:
        if how is Misbehaviour.REFUSES:
            self.refused.add(key)

    def recover(self) -> None:
        self.refused.clear()

    def handle(self, request: httpx.Request) -> httpx.Response:
        login = base64.b64encode(_LOGIN.encode()).decode()
        if request.headers.get("Authorization") != f"Basic {login}":
            return httpx.Response(401, text="API access requires Basic HTTP authentication")
        if request.method != "POST" or request.url.path != "/a1/sms":
            return httpx.Response(404, text="Not found")
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        for name in ("from", "to", "message"):
            if not form.get(name):
                return httpx.Response(400, text=f"Missing key {name}")
        if not re.fullmatch(r"\+[0-9]{7,15}", form["to"]):
            return httpx.Response(400, text="Invalid to number")
        if not re.fullmatch(r"\+[0-9]{7,15}|[A-Za-z][A-Za-z0-9]{2,10}", form["from"]):
            return httpx.Response(400, text="Invalid from")
        return httpx.Response(200, json=self._taken(form))

    def _taken(self, form: Mapping[str, str]) -> dict[str, object]:
        told = {"direction": "outgoing", "from": form["from"], "to": form["to"], "message": form["message"], "parts": 1}
        if form.get("dryrun") == "yes":
            return told | {"status": "created", "estimated_cost": 5200}
        if self.refused & {"", form["to"]}:
            return told | {"status": "failed", "id": f"s{len(self.came):032x}"}
        self.came.append((form["to"], form["message"]))
        return told | {"status": "created", "cost": 5200, "id": f"s{len(self.came):032x}"}


def _notice(number: str, text: str) -> Notice:
    """What a phone knows of a message: neither its key nor its language."""
    return Notice(key="unsaid", channel=Channel.SMS, recipient=number, text=text)
