"""Searches: settings chosen on validation data, raced over seeds, tested once."""
