"""What the camera saw: pictures before and after a change, kept as evidence."""
