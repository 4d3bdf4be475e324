"""A local KashFlow: the SOAP API, a ledger in one SQLite file, faults to order, and the bookkeeper's page."""
