"""A network as the tools see it: its layers, names, inputs, values and shapes."""
