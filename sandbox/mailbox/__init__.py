"""A local SMTP server that keeps what it gets in a folder, and a page to read it."""
