"""The papers behind the cash book."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models.payments import Transaction
from bizsuite.file_names import FILE_NAME_LENGTH


class ReceiptManager(models.Manager["Receipt"]):
    """Without the bytes, until they are asked for."""

    def get_queryset(self) -> models.QuerySet["Receipt"]:
        return super().get_queryset().defer("content")


class Receipt(models.Model):
    """The paper behind a transaction: an invoice, a slip. In the database, with the books."""

    transaction = models.ForeignKey(
        Transaction,
        on_delete=models.CASCADE,
        related_name="receipts",
        verbose_name=_("transaction"),
    )
    name = models.CharField(_("name"), max_length=FILE_NAME_LENGTH)
    content_type = models.CharField(_("type"), max_length=100)
    size = models.PositiveIntegerField(_("size"), help_text=_("In bytes."))
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    objects = ReceiptManager()

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="billing_receipt_is_a_named_file", condition=~Q(name="") & Q(size__gt=0)
            )
        ]

    def __str__(self) -> str:
        return self.name
