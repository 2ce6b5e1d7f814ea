"""The settings of one order of changes (beställning av ändringsavisering)."""

from datetime import timedelta

from pydantic import Field

from hub.sdk import ConnectorConfig


class ChangesConfig(ConnectorConfig):
    """One order. Where its files are laid is said by `arrives` of the connection."""

    order: str | None = Field(
        default=None,
        pattern=r"^[0-9]{8}-[A-Z0-9]{4}-[0-9]{4}$",
        description="Its order (BestallningsId): files of any other are refused. Left out: all are taken.",
    )
    order_has_protection: bool = Field(
        default=False,
        description="Whether Skatteverket has confirmed that the order delivers the terms 01003 (sekretessmarkering) "
        "and 01020 (skyddad folkbokföring). Only then does a record without those flags leave it as it was whether "
        "somebody is protected; else everybody who is told of is treated as protected.",
    )
    silent_days: int | None = Field(
        default=None,
        ge=1,
        le=60,
        description="Days after a delivery within which another should come: 6 are enough for a daily order at Easter, "
        "14 for a weekly one. Left out: nobody is told that nothing comes.",
    )

    @property
    def silent(self) -> timedelta | None:
        """The same, as a length of time."""
        return timedelta(days=self.silent_days) if self.silent_days else None
