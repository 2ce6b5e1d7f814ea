"""What `explain` says of what was done instead of doors, in Swedish and English."""

from collections.abc import Mapping

from hub.service.saying import Language

WORDS: Mapping[Language, Mapping[str, str]] = {
    "sv": {
        "fallback": "I stället för dörren",
        "role": "Sagt till",
        "given": "Sedan",
        "ended": "Till",
        "ended_works": "dörren fungerar",
        "ended_gone": "tiden gäller inte längre",
        "ended_over": "tiden är över",
    },
    "en": {
        "fallback": "Instead of the door",
        "role": "Told",
        "given": "Since",
        "ended": "Until",
        "ended_works": "the door works",
        "ended_gone": "the time is no longer booked",
        "ended_over": "the time is over",
    },
}
