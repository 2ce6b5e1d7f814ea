"""SIF's services, in its words: every call a POST, and an answer with status 200 that may be a no.

Source: the vendor's public Postman collection of SIF RPC and the field templates of its services, read 2026-11-21.
"""

from typing import Any, Self, TypeVar

from pydantic import BaseModel, Field, model_validator

from connectors.registry_p360.config import P360Config
from hub.sdk import Lent

_ROOT = "Biz/v2/api/call/SI.Data.RPC/SI.Data.RPC"
Tree = dict[str, Any]


class Reply(BaseModel):
    """What every answer has. `ErrorDetails` may hold anything, and is not even read."""

    successful: bool = Field(alias="Successful")
    error: str | None = Field(default=None, alias="ErrorMessage", repr=False)

    def _whole(self, told: object, what: str) -> Self:
        """A yes says to what it is one; else it is no answer."""
        if self.successful and (told is None or told == ""):
            msg = f"successful, and no {what}"
            raise ValueError(msg)
        return self


class CaseCreated(Reply):
    """Of CreateCase."""

    number: str | None = Field(default=None, alias="CaseNumber")

    @model_validator(mode="after")
    def _numbered(self) -> Self:
        return self._whole(self.number, "CaseNumber")


class DocumentCreated(Reply):
    """Of CreateDocument."""

    number: str | None = Field(default=None, alias="DocumentNumber")

    @model_validator(mode="after")
    def _numbered(self) -> Self:
        return self._whole(self.number, "DocumentNumber")


class ExternalId(BaseModel):
    """A key of another system's."""

    id: str = Field(alias="Id")


class Case(BaseModel):
    """One of GetCases."""

    number: str = Field(alias="CaseNumber", min_length=1)
    external: ExternalId | None = Field(default=None, alias="ExternalId")


class Cases(Reply):
    """Of GetCases."""

    cases: tuple[Case, ...] | None = Field(default=None, alias="Cases")

    @model_validator(mode="after")
    def _listed(self) -> Self:
        return self._whole(self.cases, "Cases")


class Document(BaseModel):
    """One of GetDocuments."""

    number: str = Field(alias="DocumentNumber", min_length=1)
    external: ExternalId | None = Field(default=None, alias="ExternalId")


class Documents(Reply):
    """Of GetDocuments."""

    documents: tuple[Document, ...] | None = Field(default=None, alias="Documents")

    @model_validator(mode="after")
    def _listed(self) -> Self:
        return self._whole(self.documents, "Documents")


R = TypeVar("R", bound=Reply)


class Sif:
    """The services of one installation."""

    def __init__(self, config: P360Config, lent: Lent) -> None:
        key = config.authkey.get_secret_value()
        headers = {config.auth_header: f"{config.auth_scheme} {key}".strip()}
        if config.client_id is not None:
            headers["clientid"] = config.client_id
        self._http, self._user = lent.http(config.base_url, headers=headers), config.user

    async def call(self, service: str, method: str, parameter: Tree, kind: type[R], *, safe: bool = False) -> R:
        """Ask for one thing; `safe`: it changes nothing."""
        told = parameter if self._user is None else {"ADContextUser": self._user, **parameter}
        answer = await self._http.post(f"{_ROOT}/{service}/{method}", safe=safe, json={"parameter": told})
        return answer.read(kind.model_validate_json)
