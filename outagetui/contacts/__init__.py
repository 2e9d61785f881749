"""The business contacts of a channel, in the forms that its own programs read; contacts from a spreadsheet. Pure."""
