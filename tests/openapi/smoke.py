"""A sale from the customer to the report, by the client that openapi-python-client made of us.

python smoke.py URL KEY → what came of it, as JSON.
"""

import json
import sys

from business_suite_api_client import AuthenticatedClient
from business_suite_api_client.api.customers import customers_create
from business_suite_api_client.api.invoices import invoices_retrieve
from business_suite_api_client.api.payments import invoice_payments_create
from business_suite_api_client.api.quotes import quotes_accept, quotes_convert, quotes_create
from business_suite_api_client.api.reports import reports_financial
from business_suite_api_client.models import (
    CustomerRequest,
    InvoicePaymentRequest,
    QuoteItemRequest,
    QuoteRequest,
)

url, key = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=key, raise_on_unexpected_status=True)

customer = customers_create.sync(client=client, body=CustomerRequest(account="Ada GmbH")).data
item = QuoteItemRequest(description="Consulting", amount=500.0, qty=4)
quote = quotes_create.sync(
    client=client, body=QuoteRequest(customer_id=customer.id, items=[item])
).data
accepted = quotes_accept.sync(quote.id, client=client).data
invoice = quotes_convert.sync(quote.id, client=client).data
invoice_payments_create.sync(
    invoice.id, client=client, body=InvoicePaymentRequest(amount=invoice.amount)
)
paid = invoices_retrieve.sync(invoice.id, client=client).data
report = reports_financial.sync(client=client).data
print(
    json.dumps(
        {
            "quote": accepted.status.value,
            "number": paid.invoice_number,
            "status": paid.status.value,
            "income": report.income,
        }
    )
)
