"""What all TwiML elements, their texts and their attributes have in common."""
