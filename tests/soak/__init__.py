"""`make soak`: thousands of invoices through a bad line, with workers killed meanwhile, and what came of them."""
