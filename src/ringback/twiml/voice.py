"""The elements of voice documents, by themselves; `ringback.twiml` has them too."""

from ringback._core.twiml.elements import Raw as Raw
from ringback._generated.twiml.voice import *  # noqa: F403
