"""What this machine gives: secrets, programs, files."""
