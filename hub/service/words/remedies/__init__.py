"""What each kind of problem is called, and what to do about it, in Swedish and English."""

from hub.service.words.remedies.remedy import Remedy
from hub.service.words.remedies.sending import SENDING
from hub.service.words.remedies.standing import STANDING
from hub.service.words.saying import Language

_REMEDIES = SENDING | STANDING


def remedy(code: str, language: Language = "en") -> Remedy:
    """The title and remedy of a problem's code; raises KeyError for one that nobody wrote."""
    return _REMEDIES[code][language]


def codes() -> frozenset[str]:
    """Every code of a problem."""
    return frozenset(_REMEDIES)
