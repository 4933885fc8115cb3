"""What is sent: one class a wire kind, and forms."""
