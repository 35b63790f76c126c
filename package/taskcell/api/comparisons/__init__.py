"""What differs: between runs, between versions, between two values; and whether a reproduction came out the same."""
