"""Networks and transforms as pictures."""
