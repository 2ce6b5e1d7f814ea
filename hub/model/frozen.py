"""The root of every canonical value."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A value: compared by content, never changed, with no keys that we do not know; its errors show no input."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
