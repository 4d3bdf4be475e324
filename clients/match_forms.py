"""What is typed to match customer codes."""

from __future__ import annotations

from django import forms

from clients.customer_codes.reading import MOST_BYTES


class UploadForm(forms.Form):
    """KashFlow's customer download."""

    file = forms.FileField(
        label="Customer list from KashFlow",
        help_text="In KashFlow choose Customers and press Download. Codes and company names are read; "
        "other columns may stay.",
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv,text/plain"}),
        error_messages={
            "required": "Choose the file that KashFlow's Customers › Download gave you.",
            "empty": "This file is empty. In KashFlow choose Customers, press Download, and upload that file.",
        },
    )

    def content(self) -> bytes:
        """The bytes, no more of them than are ever looked at."""
        data: bytes = self.cleaned_data["file"].read(MOST_BYTES + 1)
        return data
