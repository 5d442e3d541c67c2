"""What an operator names on the command line. Raises NotFound in words that name it back."""

from bizsuite.errors import NotFound
from bizsuite.identity.models import ApiKey, User
from webhooks.models import WebhookEndpoint


def find_user(email: str) -> User:
    user = User.objects.filter(email__iexact=email.strip()).first()
    if user is None:
        raise NotFound(f"There is no user {email}.")
    return user


def find_api_key(public_id: str) -> ApiKey:
    """By public id, as `create_api_key` prints it and as the key itself contains it."""
    key = ApiKey.objects.select_related("user").filter(public_id=public_id.strip()).first()
    if key is None:
        raise NotFound(f"There is no API key {public_id}.")
    return key


def find_webhook(webhook_id: int) -> WebhookEndpoint:
    webhook = WebhookEndpoint.objects.filter(pk=webhook_id).first()
    if webhook is None:
        raise NotFound(f"There is no webhook {webhook_id}.")
    return webhook
