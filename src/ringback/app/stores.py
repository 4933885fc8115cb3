"""The stores' names as they were before `ringback.stores` had them."""

from __future__ import annotations

from ringback.stores.memory import MemoryStore
from ringback.stores.store import Store

__all__ = ["MemoryStore", "Store"]
