"""Small pictures of weights: what to draw, and how it becomes SVG, PNG or characters."""
