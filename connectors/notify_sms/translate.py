"""A notice as a gateway's request, and its answer as a receipt; pure.

Source: 3GPP TS 23.038 version 17 6.2.1 (the 7-bit alphabet and its extension) and TS 23.040 9.2.3.24 (parts of long
messages), read 2026-11-26.
"""

import re
from typing import Any

from connectors.notify_sms.config import BodyKind, SmsConfig
from hub.model import Channel, Notice
from hub.sdk import Receipt, RejectedError

_ALPHABET = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
"""Each takes the room of two."""
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_ALONE, _OF_SEVERAL = 160, 153
"""Characters of a message in one part, and of each part of a longer one."""
_ALONE_WIDE, _OF_SEVERAL_WIDE = 70, 67
"""The same when one character is outside the alphabet; in units of UTF-16."""

Tree = dict[str, Any]


def parts(text: str) -> int:
    """How many parts a text takes: what is paid for, and what may come apart on the way."""
    if not set(text) <= _ALPHABET | _EXTENSION:
        return _cut([2 if ord(each) > 0xFFFF else 1 for each in text], _ALONE_WIDE, _OF_SEVERAL_WIDE)  # noqa: PLR2004 - the plane of 16 bits
    return _cut([2 if each in _EXTENSION else 1 for each in text], _ALONE, _OF_SEVERAL)


def _cut(sizes: list[int], alone: int, of_several: int) -> int:
    """No character is cut in two."""
    if sum(sizes) <= alone:
        return 1
    count, room = 0, 0
    for size in sizes:
        if size > room:
            count, room = count + 1, of_several
        room -= size
    return count


def request(notice: Notice, config: SmsConfig, *, trial: bool = False) -> Tree:
    """The request's fields, nested where their names say so.

    Raises:
        RejectedError: it is no text message, its number is none, or it is too long.
    """
    if notice.channel is not Channel.SMS:
        raise RejectedError(f"a message by {notice.channel} was given to an SMS gateway; correct the role's channel")
    if not _NUMBER.fullmatch(notice.recipient):
        raise RejectedError("the recipient's number is none: +46...; correct it in the configuration or in the booking")
    if (length := parts(notice.text)) > config.most_parts:
        raise RejectedError(
            f"{length} parts, and {config.most_parts} are allowed; shorten the template, or set most_parts"
        )
    fields = dict(config.more)
    fields[config.sender_field] = config.sender
    fields[config.recipient_field] = notice.recipient if config.plus else notice.recipient.removeprefix("+")
    fields[config.text_field] = notice.text
    if config.key_field is not None:
        fields[config.key_field] = notice.key
    if trial:
        fields |= config.dry_run
    return _nested(fields) if config.body is BodyKind.JSON else fields


def _nested(fields: dict[str, str]) -> Tree:
    """`messages.0.to` as {"messages": [{"to": ...}]}."""
    tree: Tree = {}
    for name, value in fields.items():
        *above, last = name.split(".")
        here = tree
        for step in above:
            here = here.setdefault(step, {})
        here[last] = value
    return {name: _listed(value) for name, value in tree.items()}


def _listed(value: Any) -> Any:  # noqa: ANN401 - a tree of JSON
    if not isinstance(value, dict):
        return value
    inside = {name: _listed(each) for name, each in value.items()}
    return list(inside.values()) if all(name.isdigit() for name in inside) else inside


def receipt(answer: Any, config: SmsConfig, *, trial: bool = False) -> Receipt:  # noqa: ANN401 - a tree of JSON
    """What the gateway says became of it.

    Raises:
        RejectedError: it was not taken, though the answer looks well.
        LookupError: it says neither; nobody knows.
    """
    if config.error_at is not None and _at(answer, config.error_at):
        raise RejectedError("the gateway answers with an error; look in its log, and correct number or sender")
    if config.status_at is not None:
        status = _at(answer, config.status_at)
        if status is None:
            raise LookupError(config.status_at)
        if str(status) not in config.accepted:
            told = str(status) if re.fullmatch(r"[A-Za-z_ -]{1,40}", str(status)) else "another status"
            raise RejectedError(f"the gateway says {told}: it was not taken; correct number or sender")
    if trial:
        return Receipt("trial")
    reference = _at(answer, config.id_at)
    if not isinstance(reference, str | int) or reference == "":
        raise LookupError(config.id_at)
    return Receipt(str(reference))


def _at(tree: Any, path: str) -> Any:  # noqa: ANN401 - a tree of JSON
    """What stands at a path; None when nothing does."""
    for step in path.split("."):
        if isinstance(tree, dict):
            tree = tree.get(step)
        elif isinstance(tree, list) and step.isdigit() and int(step) < len(tree):
            tree = tree[int(step)]
        else:
            return None
    return tree
