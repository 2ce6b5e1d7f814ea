"""How the mute registry writes a document."""

import base64
from typing import Any

from hub.model import Document


def form(document: Document) -> dict[str, Any]:
    files = [[one.name, one.media_type, base64.b64encode(one.content).decode()] for one in document.files]
    return document.model_dump(mode="json", exclude={"files"}) | {"attached": files}
