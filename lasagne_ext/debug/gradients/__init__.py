"""Derivatives by the graph and by finite differences, side by side: what ``gradcheck`` stands on."""
