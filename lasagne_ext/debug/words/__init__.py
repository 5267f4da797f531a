"""What the tools say in words: what layers do, what looks suspicious, what may be the cause."""
