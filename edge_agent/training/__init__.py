"""Training a detector, on a PC: pictures to learn from, weights, files for the device, figures.

Nothing here is imported by the agent on the shelf. ultralytics is AGPL-3.0, and says that what it
makes is, too.
"""
