"""Draw networks and spatial transforms, and put transforms into words."""
