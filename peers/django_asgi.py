"""Django under uvicorn: the same models with async views, which ask the database in a thread."""

from __future__ import annotations

import os

import aiohttp
import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.db import models
from django.http import HttpRequest, JsonResponse
from django.shortcuts import aget_object_or_404
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


clients: list[aiohttp.ClientSession] = []  # Django has no lifespan: made with the first request


def client() -> aiohttp.ClientSession:
    if not clients:
        clients.append(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
    return clients[0]


async def read_user(request: HttpRequest, user_id: int) -> JsonResponse:
    return JsonResponse((await aget_object_or_404(User, pk=user_id)).as_json())


async def read_news(request: HttpRequest, user_id: int) -> JsonResponse:
    user = await aget_object_or_404(User, pk=user_id)
    async with client().get(os.environ["NEWS_URL"], params={"user": user.username}) as answer:
        return JsonResponse({"user": user.username, "items": (await answer.json())["items"]})


urlpatterns = [path("api/users/<int:user_id>", read_user), path("api/users/<int:user_id>/news", read_news)]
app = get_asgi_application()
