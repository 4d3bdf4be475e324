"""To Invoice: choose bookings, look at the batch, raise it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from clients.models import Client
from invoicing import choice, documents, forms, mending, picking, services
from invoicing.choice import Choice
from invoicing.models import Batch
from invoicing.tabs import TO_INVOICE, sidebar, tabs
from magmanager.common.errors import DomainError
from magmanager.common.money import total
from magmanager.common.permissions import may
from magmanager.common.toasts import toast
from magmanager.common.views import Verb, refusals
from settings_app.models import SystemDefaults, User

# More rows than this are not drawn; they are invoiced all the same, and the page says so.
SHOWN = 500


class ToInvoice(Verb):
    """Uninvoiced bookings of the issues or months ticked at the left, grouped by who pays."""

    verb = "invoicing.view_invoices"

    def get(self, request: HttpRequest) -> HttpResponse:
        chosen, groups = choice.to_invoice(Choice.read(request.GET))
        ids = list(
            chosen.instalments().order_by("booking__client__name", "pk").values_list("pk", flat=True)[:SHOWN]
        )
        rows = picking.rows(ids)
        around = _sidebar(chosen, groups)
        context = {
            **around,
            "payers": _by_payer(rows),
            "shown": ",".join(map(str, ids)),
            "shown_count": len(ids),
            "total": around["tabs"][0]["count"],
            "may_raise": may(request.user, "invoicing.raise_batch"),
        }
        return render(request, "invoicing/to_invoice.html", context)


class BatchPreview(Verb):
    """The batch as it would be raised. Nothing is used yet; a client's problem is mended in place."""

    verb = "invoicing.raise_batch"

    def get(self, request: HttpRequest) -> HttpResponse:
        chosen = Choice.read(request.GET)
        return preview_page(request, chosen, list(chosen.instalments().values_list("pk", flat=True)))

    def post(self, request: HttpRequest) -> HttpResponse:
        chosen, ids = Choice.read(request.POST), chosen_ids(request)
        pressed = request.POST.get("mend", "")
        payer_id = int(pressed) if pressed.isdecimal() and len(pressed) < 16 else None
        mend_form = mend(self.by, request.POST, ids, payer_id) if payer_id else None
        return preview_page(request, chosen, ids, mended=mend_form)


class BatchRaise(Verb):
    """Raises what is ticked on the preview; a refusal shows the preview again with its reason."""

    verb = "invoicing.raise_batch"
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        chosen, ticked = Choice.read(request.POST), forms.ticked_documents(request.POST) or []
        form = forms.BatchForm(request.POST)
        if form.is_valid():
            with refusals(form):
                return _raised(request, chosen, _raise(self.by, form, ticked))
        return preview_page(request, chosen, chosen_ids(request), form=form)


def _raise(by: User, form: forms.BatchForm, ticked: Sequence[forms.Ticked]) -> Batch:
    return services.raise_batch(
        by=by,
        key=form.cleaned_data["key"],
        instalment_ids=[one for document in ticked for one in document.instalment_ids],
        invoice_date=form.cleaned_data["invoice_date"],
        expected_total=total(document.total for document in ticked),
    )


def _raised(request: HttpRequest, chosen: Choice, batch: Batch) -> HttpResponseRedirect:
    numbers = batch.invoices.order_by("number").values_list("number", flat=True)
    first, last = numbers.first(), numbers.last()
    text = f"{batch.invoice_count:,} invoices raised" if batch.invoice_count > 1 else "1 invoice raised"
    toast(request, text, detail=f"Numbers {first} to {last}" if first != last else f"Number {first}")
    return redirect(f"{reverse('invoicing:invoiced')}?batch={batch.pk}&tick=all")


def preview_page(
    request: HttpRequest,
    chosen: Choice,
    ids: list[int],
    *,
    form: forms.BatchForm | None = None,
    mended: forms.MendForm | None = None,
) -> HttpResponse:
    """The preview of `ids`, with what was ticked and typed before."""
    asked = request.POST if request.method == "POST" else None
    form = form or (forms.BatchForm(asked) if asked and "key" in asked else forms.BatchForm())
    shown = documents.preview(ids, form.date_shown)
    ticked = forms.ticked_documents(asked) if asked else None
    payer_ids = None if ticked is None else {document.payer_id for document in ticked}
    held_before = set(forms.ids_in(asked.get("held", ""))) if asked else set()
    return render(request, "invoicing/batch_preview.html", {
        **_sidebar(chosen, choice.to_invoice(chosen)[1]),
        "form": form,
        "preview": shown,
        "documents": [_tick(document, payer_ids, held_before) for document in shown.documents[:SHOWN]],
        "rest": [forms.Ticked.write(document) for document in shown.documents[SHOWN:]],
        "held": _held(shown, request, mended),
        "ids": ",".join(map(str, ids)),
    })  # fmt: skip


def _sidebar(chosen: Choice, groups: list[choice.Group]) -> dict[str, Any]:
    around = sidebar(
        chosen,
        groups,
        url_name="invoicing:to_invoice",
        none="No issue has a booking to invoice.",
        unchosen="none chosen",
    )
    return {**around, "tabs": tabs(TO_INVOICE, chosen, uses_kashflow=SystemDefaults.current().uses_kashflow)}


def chosen_ids(request: HttpRequest) -> list[int]:
    """The instalments a page posted: all of a preview, or those ticked on To Invoice (and not shown)."""
    if "instalments" in request.POST:
        return forms.ids_in(request.POST["instalments"])
    ticked = forms.ids_in(",".join(request.POST.getlist("instalment")))
    if "and_the_rest" not in request.POST:
        return ticked
    shown = forms.ids_in(request.POST.get("shown", ""))
    rest = Choice.read(request.POST).instalments().exclude(pk__in=shown)
    return ticked + list(rest.values_list("pk", flat=True))


def _tick(document: documents.Document, payer_ids: set[int] | None, held_before: set[int]) -> dict[str, Any]:
    """A document with its tick: as it was left, on where it was just mended."""
    is_ticked = payer_ids is None or document.payer.id in payer_ids or document.payer.id in held_before
    return {"document": document, "value": forms.Ticked.write(document), "is_ticked": is_ticked}


def _held(
    shown: documents.Preview, request: HttpRequest, mended: forms.MendForm | None
) -> list[dict[str, Any]]:
    fields = forms.mend_forms(shown, request.POST)
    return [
        {
            "document": held,
            "form": mended if mended and mended.payer_id == held.payer.id else fields.get(held.payer.id),
        }
        for held in shown.held
    ]


def mend(by: User, typed: QueryDict, ids: list[int], payer_id: int) -> forms.MendForm | None:
    """Saves what was typed beside a held payer; the form, with its errors, where it cannot be saved."""
    payer = get_object_or_404(Client, pk=payer_id)
    fix = "po_number" if f"po_number-{payer_id}-po_number" in typed else "email"
    form = forms.MendForm(typed, fix=fix, payer_id=payer_id, payer_name=payer.name)
    if not form.is_valid():
        return form
    try:
        if fix == "email":
            mending.add_email(by=by, client=payer, email=form.cleaned_data["email"])
        else:
            of_payer = dict(picking.by_payer(ids)).get(payer_id, [])
            mending.add_po_number(by=by, instalment_ids=of_payer, po_number=form.cleaned_data["po_number"])
    except DomainError as error:
        form.add_error(fix, error.message)
        return form
    return None


def _by_payer(rows: Sequence[picking.Row]) -> list[dict[str, Any]]:
    grouped = ((payer, list(of_payer)) for payer, of_payer in groupby(rows, key=lambda row: row.payer))
    return [
        {"payer": payer, "rows": found, "price": total(row.price for row in found)}
        for payer, found in grouped
    ]
