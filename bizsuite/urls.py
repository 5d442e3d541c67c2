"""Every address of the product."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerView
from rest_framework.routers import SimpleRouter

from bizsuite.api.index import IndexView
from customers.views import CustomerViewSet

router = SimpleRouter(trailing_slash=False)
router.register("customers", CustomerViewSet, basename="customers")

RESOURCES = tuple(dict.fromkeys(prefix for prefix, *_ in router.registry))

api = [
    path("", IndexView.as_view(resources=RESOURCES), name="api-index"),
    path("schema", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs", SpectacularSwaggerView.as_view(url_name="api-schema"), name="api-docs"),
    path("redoc", SpectacularRedocView.as_view(url_name="api-schema"), name="api-redoc"),
    *router.urls,
]

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/v2/", include(api)),
]

handler400 = "bizsuite.api.handlers.bad_request"
handler403 = "bizsuite.api.handlers.permission_denied"
handler404 = "bizsuite.api.handlers.page_not_found"
handler500 = "bizsuite.api.handlers.server_error"
