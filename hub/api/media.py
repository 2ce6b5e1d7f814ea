"""What kind of body a request says that it has."""

from starlette.requests import Request


def media_type(request: Request) -> str:
    """Such as `application/json`: in small letters, without what is said of it besides; empty where nothing is said."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
