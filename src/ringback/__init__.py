"""ringback: a typed SDK, TwiML builder, webhook runtime and local emulator for Twilio."""
