"""Users, their API keys, and the organisation whose books these are."""

import datetime
import ipaddress
import zoneinfo
from typing import Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.dates import MONTHS
from django.utils.translation import gettext_lazy as _

from bizsuite.identity.bank_details import (
    compact_iban,
    is_iban,
    validate_bank_account,
    validate_bic,
)
from bizsuite.identity.contact_details import validate_country, validate_website
from bizsuite.identity.roles import Role, Verb, role_may
from bizsuite.money import is_currency
from bizsuite.records import Record, RecordQuerySet, matching, search_text

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

NAME_LENGTH = 150
EMAIL_LENGTH = 254
# Beyond them a day has no beginning in some time zone. Nothing here is that old or that young.
EARLIEST_DAY, LATEST_DAY = datetime.date(1900, 1, 1), datetime.date(9900, 1, 1)


class UserQuerySet(RecordQuerySet["User"]):
    def get_by_natural_key(self, email: str) -> "User":
        """What Django's own commands look a user up by."""
        user: User = self.get(email__iexact=email)
        return user

    def search(self, terms: str) -> Self:
        """Every word somewhere in name, e-mail or external id."""
        return self.filter(matching(terms, "search_text"))


class User(AbstractBaseUser, Record):
    """Somebody who signs in with an e-mail address. What they may do is their role's."""

    email = models.EmailField(_("e-mail address"), max_length=EMAIL_LENGTH)
    name = models.CharField(_("name"), max_length=NAME_LENGTH)
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Inactive users cannot sign in; their keys stop.")
    )
    search_text = models.TextField(editable=False, default="")

    objects = UserQuerySet.as_manager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="identity_user_email_unique"),
            models.CheckConstraint(
                name="identity_user_role_known", condition=Q(role__in=Role.values)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def folded_search_text(self) -> str:
        return search_text(self.name, self.email, self.external_id)

    @property
    def is_staff(self) -> bool:
        """Every user works in the admin; the role says what they see there."""
        return self.is_active

    @property
    def is_superuser(self) -> bool:
        return self.is_active and self.role == Role.ADMINISTRATOR

    # Django's admin asks these for models without a page of ours (there is none such that a
    # role other than the administrator's should see).
    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_superuser

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active

    def may(self, verb: Verb, resource: str) -> bool:
        return self.is_active and role_may(self.role, verb, resource)


class ApiKey(models.Model):
    """A program's way in. Only the public id and a keyed hash of the secret are kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100, help_text=_("What uses this key."))
    public_id = models.CharField(max_length=16, unique=True, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(
        default=list,
        blank=True,
        help_text=_("Such as customers:read, invoices:write; none gives the whole role."),
    )
    rate_limit = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Requests per hour; empty for the usual limit.")
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    # Networks such as "203.0.113.0/24"; none lets every address in.
    allowed_networks = models.JSONField(default=list, blank=True)
    # Empty for a key that signs nothing. Encrypted and not hashed: to verify is to sign.
    encrypted_signing_secret = models.TextField(blank=True, default="", editable=False)
    signature_required = models.BooleanField(default=False, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = "API key"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="identity_apikey_can_sign_if_it_must",
                condition=Q(signature_required=False) | ~Q(encrypted_signing_secret=""),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def is_usable(self, now: datetime.datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def allows(self, address: Address) -> bool:
        networks = [ipaddress.ip_network(network) for network in self.allowed_networks]
        return not networks or any(address in network for network in networks)


def validate_currency(code: str) -> None:
    if not is_currency(code):
        raise ValidationError(
            _("%(code)s is not an ISO 4217 currency code."), params={"code": code}
        )


def validate_timezone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("%(name)s is not an IANA time zone."), params={"name": name})


class Organisation(models.Model):
    """The company whose books these are; the one row has id 1."""

    name = models.CharField(max_length=200, default="My Company")
    address = models.TextField(
        _("address as written"),
        blank=True,
        default="",
        help_text=_("The whole address in lines, used where street and city are empty."),
    )
    street = models.CharField(_("street"), max_length=200, blank=True, default="")
    zip = models.CharField(_("postal code"), max_length=20, blank=True, default="")
    city = models.CharField(_("city"), max_length=100, blank=True, default="")
    state = models.CharField(_("state or region"), max_length=100, blank=True, default="")
    country = models.CharField(
        _("country"), max_length=2, blank=True, default="", validators=[validate_country]
    )
    email = models.EmailField(blank=True, default="")
    phone = models.CharField(_("phone"), max_length=40, blank=True, default="")
    website = models.CharField(
        _("website"), max_length=200, blank=True, default="", validators=[validate_website]
    )
    tax_id = models.CharField(
        _("tax id"),
        max_length=50,
        blank=True,
        default="",
        help_text=_("VAT or sales tax number, printed on every document."),
    )
    registration_number = models.CharField(
        _("registration number"),
        max_length=100,
        blank=True,
        default="",
        help_text=_("Where and as what the company is registered, such as HRB 12345 Berlin."),
    )
    bank_name = models.CharField(_("bank"), max_length=100, blank=True, default="")
    bank_account = models.CharField(
        _("IBAN or account number"),
        max_length=50,
        blank=True,
        default="",
        validators=[validate_bank_account],
        help_text=_("Customers pay to it. With an IBAN, invoices in euro have a code to scan."),
    )
    bic = models.CharField(
        _("BIC"),
        max_length=11,
        blank=True,
        default="",
        validators=[validate_bic],
        help_text=_("Also called SWIFT code."),
    )
    payment_instructions = models.TextField(
        _("payment instructions"),
        validators=[MaxLengthValidator(1000)],
        blank=True,
        default="",
        help_text=_("Printed where the bank details are, such as another way to pay."),
    )
    footer = models.TextField(
        _("footer"),
        validators=[MaxLengthValidator(500)],
        blank=True,
        default="",
        help_text=_("At the foot of every printed page, such as who manages the company."),
    )
    currency = models.CharField(max_length=3, default="USD", validators=[validate_currency])
    timezone = models.CharField(
        _("time zone"),
        max_length=64,
        default="UTC",
        validators=[validate_timezone],
        help_text=_("Days and months in reports are this time zone's."),
    )
    payment_terms_days = models.PositiveSmallIntegerField(
        default=30, help_text=_("Due date of an invoice that names none: its date plus this.")
    )
    closed_until = models.DateField(
        null=True,
        blank=True,
        help_text=_("Nothing dated on or before this day can be booked or changed any more."),
    )
    reminders_enabled = models.BooleanField(
        _("send reminders"),
        default=False,
        help_text=_(
            "Customers are reminded by mail of what they owe, as the reminder levels say. Look at"
            " the preview first."
        ),
    )
    reminders_from = models.DateField(
        _("of what is due from"),
        null=True,
        blank=True,
        help_text=_(
            "Nobody is reminded of what was due before this day, such as history that was loaded."
            " Empty: of everything that is owed."
        ),
    )
    numbers_follow_dates = models.BooleanField(
        _("numbers follow dates"),
        default=False,
        help_text=_(
            "Where the law wants it: an invoice or credit note dated before the last one of its"
            " year is refused. Off: dates may come in any order."
        ),
    )
    fiscal_year_start_month = models.PositiveSmallIntegerField(
        _("fiscal year begins in"),
        default=1,
        choices=MONTHS.items(),
        help_text=_("Closing a year books what it earned as retained earnings."),
    )
    # The last day of the year that was closed last; only reopening that year goes back.
    closed_year_end = models.DateField(null=True, editable=False)
    # Set with the first posting: the books add up in one currency only.
    currency_fixed = models.BooleanField(default=False, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisation")
        constraints = [
            models.CheckConstraint(name="identity_organisation_only_one", condition=Q(id=1)),
            models.CheckConstraint(
                name="identity_organisation_fiscal_year_begins_in_a_month",
                condition=Q(fiscal_year_start_month__gte=1, fiscal_year_start_month__lte=12),
            ),
            models.CheckConstraint(
                name="identity_organisation_closed_years_are_locked",
                condition=Q(closed_year_end=None)
                | Q(closed_until__isnull=False, closed_until__gte=F("closed_year_end")),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def logo(self) -> "Logo | None":
        """What stands on its paper. One query; it is no part of the row, which is read often."""
        return getattr(self, "stored_logo", None)

    @property
    def iban(self) -> str:
        """Without spaces; empty where the bank account has another kind of number."""
        return compact_iban(self.bank_account) if is_iban(self.bank_account) else ""

    def today(self, now: datetime.datetime | None = None) -> datetime.date:
        """The date where the organisation is."""
        return (now or timezone.now()).astimezone(zoneinfo.ZoneInfo(self.timezone)).date()

    def start_of(self, day: datetime.date) -> datetime.datetime:
        """The instant at which a day begins where the organisation is."""
        day = min(max(day, EARLIEST_DAY), LATEST_DAY)
        zone = zoneinfo.ZoneInfo(self.timezone)
        return datetime.datetime.combine(day, datetime.time.min, tzinfo=zone)

    def end_of(self, day: datetime.date) -> datetime.datetime:
        """The instant at which the next day begins there."""
        return self.start_of(min(day, LATEST_DAY) + datetime.timedelta(days=1))


class Logo(models.Model):
    """The organisation's logo, drawn anew when it was given: a PNG and nothing else."""

    organisation = models.OneToOneField(
        Organisation, on_delete=models.CASCADE, related_name="stored_logo"
    )
    png = models.BinaryField()
    width = models.PositiveIntegerField(help_text=_("In pixels."))
    height = models.PositiveIntegerField(help_text=_("In pixels."))
    sha256 = models.CharField(max_length=64, help_text=_("Of the PNG, in hexadecimal."))

    class Meta:
        verbose_name = _("logo")
        verbose_name_plural = _("logos")
        constraints = [
            models.CheckConstraint(
                name="identity_logo_has_pixels", condition=Q(width__gt=0, height__gt=0)
            )
        ]

    def __str__(self) -> str:
        return f"{self.width} × {self.height}"


def organisation() -> Organisation:
    """The organisation's row; made with defaults where it is missing (a flushed database)."""
    return Organisation.objects.get_or_create(pk=1)[0]


def key_prefix() -> str:
    return "bs_test" if settings.ENVIRONMENT == "sandbox" else "bs_live"
