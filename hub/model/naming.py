"""How things are named and reached, wherever they are written."""

from typing import Annotated

from pydantic import Field, StringConstraints

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="small letters, digits and hyphens")]
ResourceId = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+$",
        max_length=120,
        description="the facility's name, a dot, and a name; small letters, digits and hyphens",
    ),
]
Title = Annotated[str, Field(min_length=1, max_length=200, description="what people call it")]
ExternalKey = Annotated[str, Field(min_length=1, max_length=200, description="what the external system calls it")]

SecretFile = Annotated[str, Field(pattern=r"^\$\{file:/[^}]+\}$", description="${file:/path}")]

Email = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s<>]+@[^@\s<>]+$")]
Phone = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]
"""E.164."""
