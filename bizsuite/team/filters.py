from bizsuite.api.filters import FlagFilter, RecordFilter, SearchFilter, TextFilter, WordFilter
from bizsuite.identity.models import User
from bizsuite.identity.roles import Role


class UserFilter(RecordFilter):
    search = SearchFilter()
    email = TextFilter(lookup_expr="iexact")
    role = WordFilter(words=Role.values)
    active = FlagFilter(field_name="is_active", help_text="false: who can no longer sign in.")

    class Meta:
        model = User
        fields = ("search", "email", "role", "active", "external_id", "updated_since")
