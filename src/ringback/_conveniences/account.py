"""What an account's client can do by name: `client.account`, `client.accounts("AC…")`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback._core.client.resource import Resource

if TYPE_CHECKING:
    from ringback._core.client.options import RequestOptions
    from ringback._generated.api.account import Account, AccountStatus

__all__ = ["AccountActions", "AsyncAccountActions"]


class AccountActions(Resource):
    """Suspends, reopens and closes an account."""

    __slots__ = ()

    if TYPE_CHECKING:

        def update(
            self, *, status: AccountStatus | None = None, options: RequestOptions | None = None
        ) -> Account:
            """Generated."""
            raise NotImplementedError

    def suspend(self, *, options: RequestOptions | None = None) -> Account:
        """Stop a subaccount: no calls, no messages, until `activate`; its numbers and records stay.

        Args:
            options: Settings of this request alone.

        Raises:
            ApiError: Twilio refused; the account of the credentials can't be suspended.
            TransportError: No usable answer came.

        See https://www.twilio.com/docs/iam/api/subaccounts
        """
        return self.update(status="suspended", options=options)

    def activate(self, *, options: RequestOptions | None = None) -> Account:
        """Let a suspended subaccount go on.

        Args:
            options: Settings of this request alone.

        Raises:
            ApiError: Twilio refused; a closed account stays closed.
            TransportError: No usable answer came.

        See https://www.twilio.com/docs/iam/api/subaccounts
        """
        return self.update(status="active", options=options)

    def close(self, *, options: RequestOptions | None = None) -> Account:
        """Close a subaccount for good: its numbers are released and can't be had back.

        Args:
            options: Settings of this request alone.

        Raises:
            ApiError: Twilio refused.
            TransportError: No usable answer came.

        See https://www.twilio.com/docs/iam/api/subaccounts
        """
        return self.update(status="closed", options=options)


class AsyncAccountActions(Resource):
    """`AccountActions` for asyncio."""

    __slots__ = ()

    if TYPE_CHECKING:

        async def update(
            self, *, status: AccountStatus | None = None, options: RequestOptions | None = None
        ) -> Account:
            """Generated."""
            raise NotImplementedError

    async def suspend(self, *, options: RequestOptions | None = None) -> Account:
        """See `AccountActions.suspend`."""
        return await self.update(status="suspended", options=options)

    async def activate(self, *, options: RequestOptions | None = None) -> Account:
        """See `AccountActions.activate`."""
        return await self.update(status="active", options=options)

    async def close(self, *, options: RequestOptions | None = None) -> Account:
        """See `AccountActions.close`."""
        return await self.update(status="closed", options=options)
