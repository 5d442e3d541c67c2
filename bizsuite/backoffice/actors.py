"""Who acts when somebody presses a button in the admin."""

from django.http import HttpRequest

from bizsuite.identity.actors import Actor


def actor_of(request: HttpRequest) -> Actor:
    return Actor(
        name=request.user.name,
        role=request.user.role,
        source="admin",
        user_id=request.user.pk,
        request_id=request.request_id,
    )
