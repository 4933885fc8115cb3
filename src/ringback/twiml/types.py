"""Names for the types of attributes, for programs that pass them around: `voice: Voice | None = None`."""

from ringback._generated.twiml.types import *  # noqa: F403
