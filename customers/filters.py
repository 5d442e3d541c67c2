from bizsuite.api.filters import ArchivableFilter, TextFilter
from customers.models import Customer


class CustomerFilter(ArchivableFilter):
    email = TextFilter(lookup_expr="iexact")

    class Meta:
        model = Customer
        fields = ("search", "email", "archived", "external_id", "updated_since")
