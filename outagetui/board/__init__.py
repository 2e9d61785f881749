"""What is shown, made from what holds. Pure."""
