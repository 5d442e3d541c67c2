"""What is below /d/."""

from django.urls import path

from billing.hosted import views
from billing.hosted.sealing import nothing_here

app_name = "shared"
urlpatterns = [
    path("<slug:token>", views.document, name="document"),
    path("<slug:token>/pdf", views.pdf, name="pdf"),
    path("<slug:token>/answer", views.answer, name="answer"),
    # A number that came from elsewhere may have any sign in it.
    path("<slug:token>/invoices/<path:number>", views.invoice, name="invoice"),
    path("<slug:token>/invoice-pdf/<path:number>", views.invoice_file, name="invoice-pdf"),
    path("<path:rest>", nothing_here),
]
