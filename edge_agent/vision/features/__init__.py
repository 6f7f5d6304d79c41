"""Products told by pictures taught on site."""
