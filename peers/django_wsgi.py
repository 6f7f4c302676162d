"""Django under gunicorn: models and plain views."""

from __future__ import annotations

import os

import django
import urllib3
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import models
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="nothing is signed",
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"], "CONN_MAX_AGE": None}
    },
)
django.setup()


class User(models.Model):
    id = models.IntegerField(primary_key=True)
    username = models.TextField()
    email = models.TextField()
    age = models.IntegerField(null=True)
    created_at = models.TextField()
    version = models.IntegerField()

    class Meta:
        app_label, managed, db_table = "peers", False, "users"

    def as_json(self) -> dict[str, object]:
        return {each.name: getattr(self, each.name) for each in self._meta.fields}


client = urllib3.PoolManager(maxsize=16)


def read_user(request: HttpRequest, user_id: int) -> JsonResponse:
    return JsonResponse(get_object_or_404(User, pk=user_id).as_json())


def read_news(request: HttpRequest, user_id: int) -> JsonResponse:
    user = get_object_or_404(User, pk=user_id)
    answer = client.request("GET", os.environ["NEWS_URL"], fields={"user": user.username})
    return JsonResponse({"user": user.username, "items": answer.json()["items"]})


urlpatterns = [path("api/users/<int:user_id>", read_user), path("api/users/<int:user_id>/news", read_news)]
app = get_wsgi_application()
