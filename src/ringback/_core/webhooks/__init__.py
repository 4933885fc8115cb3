"""The roots of all webhook events."""
