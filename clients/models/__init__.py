"""Clients, their KashFlow customers, and lists of customers being matched with them."""

from clients.models.clients import Category, Client, Contact, CustomerLink, Section
from clients.models.matches import CodeMatch, CodeMatchRow

__all__ = ["Category", "Client", "CodeMatch", "CodeMatchRow", "Contact", "CustomerLink", "Section"]
