"""Our books against KashFlow's: what is missing, extra, edited, deleted, paid differently, off by a penny."""
