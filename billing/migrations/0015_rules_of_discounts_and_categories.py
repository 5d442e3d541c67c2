import django.db.models.expressions
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0014_discounts_and_tax_categories'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='creditnotetax',
            constraint=models.UniqueConstraint(fields=('credit_note', 'category', 'rate'), name='billing_creditnotetax_rate_once'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('discount_amount', None), ('discount_percent', None)), models.Q(('discount_amount__gte', Decimal('0')), ('discount_percent', None)), models.Q(('discount_amount', None), ('discount_percent__gte', Decimal('0')), ('discount_percent__lte', Decimal('100'))), _connector='OR'), name='billing_invoice_discount_of_one_kind'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('discount', Decimal('0')), ('discount_amount', None), ('discount_percent', None)), models.Q(('discount_amount', models.F('discount')), ('discount_amount__isnull', False)), models.Q(('discount__gte', Decimal('0')), ('discount_percent__isnull', False)), _connector='OR'), name='billing_invoice_discount_is_what_is_said'),
        ),
        migrations.AddConstraint(
            model_name='invoiceitem',
            constraint=models.CheckConstraint(condition=models.Q(('net__gte', Decimal('0')), ('net__lte', models.F('total'))), name='billing_invoiceitem_net_within_total'),
        ),
        migrations.AddConstraint(
            model_name='invoiceitem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('discount_amount', None), ('discount_percent', None)), models.Q(('discount_amount__gte', Decimal('0')), ('discount_percent', None)), models.Q(('discount_amount', None), ('discount_percent__gte', Decimal('0')), ('discount_percent__lte', Decimal('100'))), _connector='OR'), name='billing_invoiceitem_discount_of_one_kind'),
        ),
        migrations.AddConstraint(
            model_name='invoiceitem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('tax_category', 'standard'), ('tax_exemption_reason', ''), ('tax_rate__gt', Decimal('0'))), models.Q(('tax_category', 'zero'), ('tax_exemption_reason', ''), ('tax_rate', Decimal('0'))), models.Q(('tax_category__in', ('exempt', 'reverse_charge', 'outside_scope')), ('tax_rate', Decimal('0')), models.Q(('tax_exemption_reason', ''), _negated=True)), _connector='OR'), name='billing_invoiceitem_tax_category_fits_its_rate'),
        ),
        migrations.AddConstraint(
            model_name='invoiceitem',
            constraint=models.CheckConstraint(condition=models.Q(('credited__gte', Decimal('0')), ('credited__lte', models.F('net')), ('credited_quantity__gte', Decimal('0')), ('credited_quantity__lte', models.F('quantity'))), name='billing_invoiceitem_never_credited_twice'),
        ),
        migrations.AddConstraint(
            model_name='invoicetax',
            constraint=models.UniqueConstraint(fields=('invoice', 'category', 'rate'), name='billing_invoicetax_rate_once'),
        ),
        migrations.AddConstraint(
            model_name='product',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('tax_category', 'standard'), ('tax_exemption_reason', ''), ('tax_rate__gt', Decimal('0'))), models.Q(('tax_category', 'zero'), ('tax_exemption_reason', ''), ('tax_rate', Decimal('0'))), models.Q(('tax_category__in', ('exempt', 'reverse_charge', 'outside_scope')), ('tax_rate', Decimal('0')), models.Q(('tax_exemption_reason', ''), _negated=True)), _connector='OR'), name='billing_product_tax_category_fits_its_rate'),
        ),
        migrations.AddConstraint(
            model_name='quote',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('discount_amount', None), ('discount_percent', None)), models.Q(('discount_amount__gte', Decimal('0')), ('discount_percent', None)), models.Q(('discount_amount', None), ('discount_percent__gte', Decimal('0')), ('discount_percent__lte', Decimal('100'))), _connector='OR'), name='billing_quote_discount_of_one_kind'),
        ),
        migrations.AddConstraint(
            model_name='quote',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('discount', Decimal('0')), ('discount_amount', None), ('discount_percent', None)), models.Q(('discount_amount', models.F('discount')), ('discount_amount__isnull', False)), models.Q(('discount__gte', Decimal('0')), ('discount_percent__isnull', False)), _connector='OR'), name='billing_quote_discount_is_what_is_said'),
        ),
        migrations.AddConstraint(
            model_name='quoteitem',
            constraint=models.CheckConstraint(condition=models.Q(('net__gte', Decimal('0')), ('net__lte', models.F('total'))), name='billing_quoteitem_net_within_total'),
        ),
        migrations.AddConstraint(
            model_name='quoteitem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('discount_amount', None), ('discount_percent', None)), models.Q(('discount_amount__gte', Decimal('0')), ('discount_percent', None)), models.Q(('discount_amount', None), ('discount_percent__gte', Decimal('0')), ('discount_percent__lte', Decimal('100'))), _connector='OR'), name='billing_quoteitem_discount_of_one_kind'),
        ),
        migrations.AddConstraint(
            model_name='quoteitem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('tax_category', 'standard'), ('tax_exemption_reason', ''), ('tax_rate__gt', Decimal('0'))), models.Q(('tax_category', 'zero'), ('tax_exemption_reason', ''), ('tax_rate', Decimal('0'))), models.Q(('tax_category__in', ('exempt', 'reverse_charge', 'outside_scope')), ('tax_rate', Decimal('0')), models.Q(('tax_exemption_reason', ''), _negated=True)), _connector='OR'), name='billing_quoteitem_tax_category_fits_its_rate'),
        ),
        migrations.AddConstraint(
            model_name='quotetax',
            constraint=models.UniqueConstraint(fields=('quote', 'category', 'rate'), name='billing_quotetax_rate_once'),
        ),
    ]
