"""One registry's folders."""

from typing import Self

from pydantic import Field, model_validator

from hub.sdk import ConnectorConfig, SftpServer


class FgsConfig(ConnectorConfig):
    """Where documents are laid, and where the registry leaves its receipts."""

    folder: str = Field(min_length=1, description="Where documents are laid: on this machine or, with `sftp`, there.")
    receipts: str = Field(min_length=1, description="Where the registry leaves `<key>.ack.json`; another folder.")
    sftp: SftpServer | None = Field(default=None, description="The server; left out: folders on this machine.")

    @model_validator(mode="after")
    def _folders_are_whole_paths(self) -> Self:
        paths = (self.folder, self.receipts)
        if self.sftp is None and not all(path.startswith("/") for path in paths):
            msg = "write folders of this machine from the root: /srv/diarium/in"
            raise ValueError(msg)
        if self.folder.rstrip("/") == self.receipts.rstrip("/"):
            msg = "folder and receipts are two folders"
            raise ValueError(msg)
        return self
