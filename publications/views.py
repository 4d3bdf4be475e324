"""Settings › Publications: the titles, each with its details, issues and defaults; and miscellaneous items."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Min, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from kashflow.connections import current_account
from kashflow.models import ProductCode
from magmanager.common.toasts import toast
from magmanager.common.views import Verb, refusals
from publications import positions, services
from publications.forms import AccountCodeForm, IssueForm, ItemForm, PublicationForm, RateForm
from publications.models import MiscellaneousItem, Publication
from publications.positions import PositionForm
from settings_app.models import SystemDefaults

SHOWN_ISSUES = 60


def uses_codes() -> bool:
    """Whether account and inventory codes are shown (System Defaults, Use Account Codes)."""
    defaults = SystemDefaults.current()
    return defaults.uses_kashflow and defaults.use_account_codes


class PublicationVerb(Verb):
    """A page of one title."""

    verb = "publications.change_publication"

    def publication(self) -> Publication:
        return get_object_or_404(Publication.objects.select_related("account_code"), pk=self.kwargs["pk"])

    def page(self, template: str, publication: Publication, active: str, **context: Any) -> HttpResponse:
        pages = (("Details", "publication"), ("Issues", "issues"), ("Defaults", "defaults"))
        tabs = [
            {
                "label": label,
                "url": reverse(f"publications:{name}", args=[publication.pk]),
                "active": label == active,
            }
            for label, name in pages
        ]
        facts = f"{publication.get_interval_display()} · {publication.page_count} pages"
        shared = {"publication": publication, "tabs": tabs, "facts": facts}
        return render(self.request, template, {**shared, **context})


class PublicationList(Verb):
    """Every title."""

    verb = "publications.change_publication"

    def get(self, request: HttpRequest) -> HttpResponse:
        today = timezone.localdate()
        coming = Q(issues__on_sale_on__gte=today)
        titles = Publication.objects.select_related("account_code").annotate(
            next_on=Min("issues__on_sale_on", filter=coming), ahead=Count("issues", filter=coming)
        )
        context = {"publications": titles.order_by("-is_active", "name"), "uses_codes": uses_codes()}
        return render(request, "publications/publication_list.html", context)


class PublicationAdd(Verb):
    """*Add publication*; its defaults come next."""

    verb = "publications.change_publication"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(PublicationForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PublicationForm(request.POST)
        if form.is_valid():
            with refusals(form):
                new = services.add_publication(by=self.by, values=form.cleaned_data)
                toast(request, f"{new} added. Enter its prices, then its issues.")
                return redirect("publications:defaults", new.pk)
        return self._page(form)

    def _page(self, form: PublicationForm) -> HttpResponse:
        return render(self.request, "publications/publication_add.html", {"form": form})


class PublicationDetails(PublicationVerb):
    """The title itself."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        publication = self.publication()
        return self._page(publication, PublicationForm(instance=publication))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        publication = self.publication()
        form = PublicationForm(request.POST, instance=self.publication())
        if form.is_valid():
            with refusals(form):
                services.change_publication(by=self.by, publication=publication, values=form.cleaned_data)
                toast(request, f"{form.cleaned_data['name']} saved.")
                return redirect("publications:publication", pk)
        return self._page(publication, form)

    def _page(self, publication: Publication, form: PublicationForm) -> HttpResponse:
        return self.page("publications/publication_details.html", publication, "Details", form=form)


class PublicationIssues(PublicationVerb):
    """The title's issues, the latest first, and a form for one more."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        publication = self.publication()
        usual = {"page_count": publication.page_count, "sales_target_amount": publication.sales_target_amount}
        return self._page(publication, IssueForm(initial=usual))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        publication = self.publication()
        form = IssueForm(request.POST)
        if form.is_valid():
            with refusals(form):
                new = services.add_issue(by=self.by, publication=publication, values=form.cleaned_data)
                toast(request, f"Issue {new} added.")
                return redirect("publications:issues", pk)
        return self._page(publication, form)

    def _page(self, publication: Publication, form: IssueForm) -> HttpResponse:
        issues = publication.issues.order_by("-on_sale_on")[:SHOWN_ISSUES]
        return self.page(
            "publications/publication_issues.html",
            publication,
            "Issues",
            form=form,
            issues=issues,
            today=timezone.localdate(),
        )


class PublicationDefaults(PublicationVerb):
    """The rate card with its codes; the account code has a form of its own, since changing it may cost codes."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        publication = self.publication()
        return self._page(publication, self._rates(publication))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        publication = self.publication()
        if "account_code" in request.POST and uses_codes():
            return self._change_account_code(publication)
        if "positions" in request.POST:
            return self._change_positions(publication)
        rates = self._rates(publication, request.POST)
        is_valid = [rate.is_valid() for rate in rates]
        if all(is_valid):
            with refusals(rates[0] if rates else AccountCodeForm(publication=publication, account=None)):
                services.change_rates(
                    by=self.by,
                    publication=publication,
                    rates=[rate.rate for rate in rates],
                    with_codes=uses_codes(),
                )
                toast(request, f"Defaults of {publication} saved.")
                return redirect("publications:defaults", pk)
        return self._page(publication, rates)

    def _change_account_code(self, publication: Publication) -> HttpResponse:
        form = AccountCodeForm(self.request.POST, publication=publication, account=current_account())
        if not form.is_valid():
            return self._page(publication, self._rates(publication), form)
        chosen = form.cleaned_data["account_code"]
        try:
            services.change_account_code(
                by=self.by,
                publication=publication,
                account_code=chosen,
                accepted=[int(key) for key in self.request.POST.getlist("loses") if key.isdecimal()],
            )
        except services.CodesWouldBeLost as asked:
            context = {"chosen": chosen, "losing": asked.losing}
            return self.page("publications/account_code_change.html", publication, "Defaults", **context)
        except services.CodeElsewhere as error:
            form.add_error("account_code", error.message)
            return self._page(publication, self._rates(publication), form)
        toast(self.request, f"{publication} is booked under {chosen or 'the default sales code'}.")
        return redirect("publications:defaults", publication.pk)

    def _change_positions(self, publication: Publication) -> HttpResponse:
        shown = positions.forms_of(publication, self.request.POST)
        is_valid = [form.is_valid() for form in shown]
        if all(is_valid):
            wanted = [form.wanted for form in shown if not form.is_left_empty]
            with refusals(shown[0]):
                positions.change_positions(by=self.by, publication=publication, positions=wanted)
                toast(self.request, f"Premium positions of {publication} saved.")
                return redirect("publications:defaults", publication.pk)
        return self._page(publication, self._rates(publication), position_forms=shown)

    def _rates(self, publication: Publication, typed: Any = None) -> list[RateForm]:
        entries = publication.rate_card.select_related("advert_size", "product_code", "publication")
        codes = None
        if uses_codes():
            codes = [(one.pk, str(one)) for one in ProductCode.objects.of(publication.account_code)]
        return [RateForm(typed, entry=entry, codes=codes) for entry in entries.order_by("advert_size__sort")]

    def _page(
        self,
        publication: Publication,
        rates: list[RateForm],
        code_form: AccountCodeForm | None = None,
        position_forms: list[PositionForm] | None = None,
    ) -> HttpResponse:
        account = current_account()
        shown = code_form or AccountCodeForm(publication=publication, account=account)
        context = {
            "rates": rates,
            "code_form": shown if uses_codes() else None,
            "positions": position_forms or positions.forms_of(publication),
        }
        return self.page("publications/publication_defaults.html", publication, "Defaults", **context)


class ItemList(Verb):
    """Miscellaneous items: what is sold beside page space."""

    verb = "publications.change_publication"

    def get(self, request: HttpRequest) -> HttpResponse:
        items = MiscellaneousItem.objects.select_related("account_code", "product_code")
        context = {"items": items.order_by("-is_enabled", "name"), "uses_codes": uses_codes()}
        return render(request, "publications/item_list.html", context)


class ItemSave(Verb):
    """One item, new or known."""

    verb = "publications.change_publication"

    def get(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        return self._page(self._form(self._item(pk)))

    def post(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        form = self._form(self._item(pk), request.POST)
        if form.is_valid():
            with refusals(form):
                services.save_item(by=self.by, item=self._item(pk), values=form.cleaned_data)
                toast(request, f"{form.cleaned_data['name']} saved.")
                return redirect("publications:items")
        return self._page(form)

    def _item(self, pk: int | None) -> MiscellaneousItem:
        return get_object_or_404(MiscellaneousItem, pk=pk) if pk else MiscellaneousItem()

    def _form(self, item: MiscellaneousItem, typed: Any = None) -> ItemForm:
        return ItemForm(typed, instance=item, account=current_account(), with_codes=uses_codes())

    def _page(self, form: ItemForm) -> HttpResponse:
        return render(self.request, "publications/item_form.html", {"form": form, "item": form.instance})
