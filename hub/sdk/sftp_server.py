"""What leads to a folder on an SFTP server."""

from typing import Self

from pydantic import Field, SecretStr, model_validator

from hub.sdk.connector import ConnectorConfig


class SftpServer(ConnectorConfig):
    """A server that another system fetches from, or leaves files on."""

    host: str = Field(min_length=1, description="Name or address.")
    port: int = Field(default=22, ge=1, le=65535, description="TCP port.")
    username: str = Field(min_length=1, description="Account.")
    password: SecretStr | None = Field(default=None, description="Its password; left out: there is a private key.")
    private_key: SecretStr | None = Field(
        default=None, description="Its private key in OpenSSH's form, without passphrase: `${file:/run/secrets/key}`."
    )
    host_key: str = Field(
        min_length=1, description="The server's public key as ssh-keyscan prints it: `ssh-ed25519 AAAA...`."
    )

    @model_validator(mode="after")
    def _can_prove_itself(self) -> Self:
        if self.password is None and self.private_key is None:
            msg = "write password or private_key"
            raise ValueError(msg)
        return self
