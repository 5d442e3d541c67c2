from django.db import models
from django.db.models import Q


class SandboxMarker(models.Model):
    """Says that this database is a sandbox's, whose data is thrown away every day.

    In the database itself: a variable in the environment can point a command anywhere. Its one row
    is also the lock between two resets, and keeps what the demo's logins are, so that they stay
    the same from day to day.
    """

    marked_at = models.DateTimeField()
    reset_at = models.DateTimeField()
    encrypted_password = models.TextField()
    # As users have it: hashing takes long on purpose, and a reset should not.
    password_hash = models.CharField(max_length=128)
    encrypted_key = models.TextField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="sandbox_sandboxmarker_only_one", condition=Q(id=1))
        ]

    def __str__(self) -> str:
        return f"sandbox, last reset at {self.reset_at}"
