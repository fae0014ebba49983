"""The order and the filters of a reader's pile."""

from typing import Any, cast
from urllib.parse import urlencode

from django import forms

from catalog.models import Genre
from recommender.engine.rerank import RerankOptions
from recommender.forms.lists import genre_choices
from recommender.selectors.pile import PileOrder
from recommender.selectors.wording import SERIES_WORDS

ORDER_WORDS = {
    PileOrder.FITS: "Fits you best",
    PileOrder.WAITED: "Has waited longest",
    PileOrder.ADDED: "Recently added",
}


class PileForm(forms.Form):
    """The order and the filters, as the query string has them."""

    sort = forms.ChoiceField(
        label="Order",
        choices=[(order.value, words) for order, words in ORDER_WORDS.items()],
        required=False,
    )
    genre = forms.ChoiceField(required=False)
    year_from = forms.IntegerField(
        label="From year", required=False, min_value=-3000, max_value=2100
    )
    year_to = forms.IntegerField(label="To year", required=False, min_value=-3000, max_value=2100)
    series = forms.ChoiceField(choices=list(SERIES_WORDS.items()), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["genre"]).choices = genre_choices()

    def order(self) -> PileOrder:
        """The order of a valid form."""
        return PileOrder(self.cleaned_data["sort"] or PileOrder.FITS)

    @property
    def narrows(self) -> bool:
        """Whether anything but the order is set, or wrong."""
        return any(self.data.get(name) for name in self.fields.keys() - {"sort"}) or bool(
            self.errors
        )

    def query_string(self) -> str:
        """The query string of the same page, of a valid form."""
        return urlencode(
            {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        )

    def options(self) -> RerankOptions:
        """The filters of a valid form as the engine takes them."""
        data = self.cleaned_data
        genres = Genre.objects.filter(slug=data["genre"]) if data["genre"] else Genre.objects.none()
        return RerankOptions(
            genre_ids=frozenset(genre.pk for genre in genres),
            year_from=data["year_from"],
            year_to=data["year_to"],
            longest_series=int(data["series"]) if data["series"] else None,
        )
