"""What generated code and the hand-written parts share: exchanges, drivers, retry, paging, conversion."""
