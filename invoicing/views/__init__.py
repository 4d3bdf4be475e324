"""The pages of Invoicing, one module per page or tab."""
