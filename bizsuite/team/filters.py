from bizsuite.api.filters import FlagFilter, RecordFilter, SearchFilter, TextFilter, WordFilter
from bizsuite.identity.models import User
from bizsuite.identity.roles import Role


class UserFilter(RecordFilter):
    search = SearchFilter()
    email = TextFilter(lookup_expr="iexact")
    role = WordFilter(words=Role.values)
    active = FlagFilter(field_name="is_active")

    class Meta:
        model = User
        fields = ("search", "email", "role", "active", "external_id", "updated_since")
