"""The settings of one organisation in Accessy."""

from pydantic import Field, HttpUrl, SecretStr

from hub.sdk import ConnectorConfig


class AccessyConfig(ConnectorConfig):
    """One organisation, the application credentials that act for it, and what an invitation says."""

    base_url: HttpUrl = Field(
        default=HttpUrl("https://api.accessy.se/"), description="Where Accessy's API answers; seldom another."
    )
    client_id: str = Field(description="Of the organisation's application credentials, from Accessy's support.")
    client_secret: SecretStr = Field(description="Their secret.")
    invitation_text: str = Field(
        default="Dörrar till din bokning",
        max_length=100,
        description="What somebody who is new to the organisation reads in the invitation; a reference follows it.",
    )
    webhook_signature: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="What Accessy gave as `signature` when the webhook was registered; without it no call is heard, "
        "and the hub finds out by looking.",
    )
