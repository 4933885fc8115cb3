"""The elements of messaging documents, Redirect and Sms included; `ringback.twiml` has the others too."""

from ringback._core.twiml.elements import Raw as Raw
from ringback._generated.twiml.messaging import Body as Body
from ringback._generated.twiml.messaging import Media as Media
from ringback._generated.twiml.messaging import Message as Message
from ringback._generated.twiml.messaging import MessagingResponse as MessagingResponse
from ringback._generated.twiml.messaging import Redirect as Redirect
from ringback._generated.twiml.messaging import Sms as Sms
