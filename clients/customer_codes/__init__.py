"""KashFlow's customers matched with our clients: reading the file, proposing who is who. Pure: no query, no call."""
