"""Compare derivatives by the graph with those by finite differences: what ``gradcheck`` stands on."""
