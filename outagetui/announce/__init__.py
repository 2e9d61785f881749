"""Announcements: the words to publish, and getting them out."""
