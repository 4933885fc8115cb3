"""Buying a phone number that a search has found: `client.incoming_phone_numbers.buy(number)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ringback._core.client.resource import Resource

if TYPE_CHECKING:
    from ringback._core.client.options import RequestOptions
    from ringback._generated.api.incoming_phone_number import IncomingPhoneNumber

__all__ = ["AsyncNumberPurchases", "NumberOnOffer", "NumberPurchases"]


class NumberOnOffer(Protocol):
    """What `client.available_phone_numbers("US").local.list()` and its like find."""

    @property
    def phone_number(self) -> str:
        """In E.164 form."""
        ...


class NumberPurchases(Resource):
    """Buys a number from a search result."""

    __slots__ = ()

    if TYPE_CHECKING:

        def create(
            self,
            *,
            phone_number: str,
            friendly_name: str | None = None,
            voice_url: str | None = None,
            voice_application_sid: str | None = None,
            sms_url: str | None = None,
            sms_application_sid: str | None = None,
            address_sid: str | None = None,
            bundle_sid: str | None = None,
            identity_sid: str | None = None,
            options: RequestOptions | None = None,
        ) -> IncomingPhoneNumber:
            """Generated."""
            raise NotImplementedError

    def buy(
        self,
        number: NumberOnOffer | str,
        *,
        friendly_name: str | None = None,
        voice_url: str | None = None,
        voice_application_sid: str | None = None,
        sms_url: str | None = None,
        sms_application_sid: str | None = None,
        address_sid: str | None = None,
        bundle_sid: str | None = None,
        identity_sid: str | None = None,
        options: RequestOptions | None = None,
    ) -> IncomingPhoneNumber:
        """Buy a number that a search has found. It is charged at once, and every month until it is deleted.

        ```python
        found = client.available_phone_numbers("US").local.list(area_code=614, sms_enabled=True).first()
        if found is not None:
            number = client.incoming_phone_numbers.buy(found, voice_url="https://example.com/voice")
        ```

        `create` takes the settings that aren't here, and buys any number of an area.

        Args:
            number: A search result, or the number itself, in E.164 form.
            friendly_name: Its label for people to read; the formatted number when left out. At most 64
                characters.
            voice_url: Where the TwiML for an incoming call is fetched.
            voice_application_sid: An application that handles incoming calls instead. A SID, `AP…`.
            sms_url: Where the TwiML for an incoming message is fetched.
            sms_application_sid: An application that handles incoming messages instead. A SID, `AP…`.
            address_sid: Your address, where the search result's `address_requirements` ask for one. A SID,
                `AD…`.
            bundle_sid: Your regulatory bundle, where the law of the country asks for one. A SID, `BU…`.
            identity_sid: Your proof of identity, where the law of the country asks for one. A SID, `RI…`.
            options: Settings of this request alone.

        Raises:
            InvalidValue: An argument can't be sent; nothing was.
            ApiError: Twilio refused: somebody else was faster, or an address or bundle is missing.
            OutcomeUnknown: The answer was lost; look whether the number is yours before you try again.
            TransportError: No usable answer came.

        See https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
        """
        return self.create(
            phone_number=number if isinstance(number, str) else number.phone_number,
            friendly_name=friendly_name,
            voice_url=voice_url,
            voice_application_sid=voice_application_sid,
            sms_url=sms_url,
            sms_application_sid=sms_application_sid,
            address_sid=address_sid,
            bundle_sid=bundle_sid,
            identity_sid=identity_sid,
            options=options,
        )


class AsyncNumberPurchases(Resource):
    """`NumberPurchases` for asyncio."""

    __slots__ = ()

    if TYPE_CHECKING:

        async def create(
            self,
            *,
            phone_number: str,
            friendly_name: str | None = None,
            voice_url: str | None = None,
            voice_application_sid: str | None = None,
            sms_url: str | None = None,
            sms_application_sid: str | None = None,
            address_sid: str | None = None,
            bundle_sid: str | None = None,
            identity_sid: str | None = None,
            options: RequestOptions | None = None,
        ) -> IncomingPhoneNumber:
            """Generated."""
            raise NotImplementedError

    async def buy(
        self,
        number: NumberOnOffer | str,
        *,
        friendly_name: str | None = None,
        voice_url: str | None = None,
        voice_application_sid: str | None = None,
        sms_url: str | None = None,
        sms_application_sid: str | None = None,
        address_sid: str | None = None,
        bundle_sid: str | None = None,
        identity_sid: str | None = None,
        options: RequestOptions | None = None,
    ) -> IncomingPhoneNumber:
        """See `NumberPurchases.buy`."""
        return await self.create(
            phone_number=number if isinstance(number, str) else number.phone_number,
            friendly_name=friendly_name,
            voice_url=voice_url,
            voice_application_sid=voice_application_sid,
            sms_url=sms_url,
            sms_application_sid=sms_application_sid,
            address_sid=address_sid,
            bundle_sid=bundle_sid,
            identity_sid=identity_sid,
            options=options,
        )
