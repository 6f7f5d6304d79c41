"""The detector on the device: a verified model file, a runtime, boxes, and what they tell."""
