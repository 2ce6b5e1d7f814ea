"""The service, in HTTP's words."""

import json
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

import httpx

from connectors.registry_rest.config import RestConfig
from connectors.registry_rest.trees import Tree
from hub.sdk import Answer, Lent


class Part(NamedTuple):
    """A file of a form."""

    name: str
    media_type: str
    content: bytes


class Service:
    """One service."""

    def __init__(self, config: RestConfig, lent: Lent) -> None:
        self._config, auth, headers = config, None, {"Accept": "application/json"}
        if config.user is not None and config.password is not None:
            auth = httpx.BasicAuth(config.user, config.password.get_secret_value())
        elif config.token is not None:
            headers["Authorization"] = f"Bearer {config.token.get_secret_value()}"
        self._http = lent.http(config.base_url, auth=auth, headers=headers)

    async def send(self, document: Tree, files: list[Part]) -> Answer:
        """Hand over a document, in one call."""
        config = self._config
        if config.body == "json":
            return await self._http.post(config.path, json=document)
        told = json.dumps(document, ensure_ascii=False).encode()
        parts: list[tuple[str, Any]] = [(config.document_part, (None, told, "application/json"))]
        parts += [(config.file_part, (one.name, one.content, one.media_type)) for one in files]
        return await self._http.post(config.path, files=parts)

    async def find(self, key: str, asked: Tree) -> Answer:
        """Look for what has our key."""
        path = self._config.find_path.replace("{key}", quote(key, safe=""))
        if self._config.find == "GET":
            return await self._http.get(path)
        return await self._http.post(path, safe=True, json=asked)

    async def look(self) -> None:
        """Whether it is there, and lets us in."""
        answer = await self._http.get(self._config.check_path)
        answer.read(json.loads)


def ended(answer: Answer) -> str:
    """The end of `Location`; raises ValueError where there is none."""
    last = unquote(answer.response.headers.get("Location", "").rstrip("/").rpartition("/")[2])
    if not last:
        msg = "no Location"
        raise ValueError(msg)
    return last
