"""The same three pages on Starlette, with the same model and the same templates; SQLAlchemy waits through aiosqlite."""

from pathlib import Path

from app import DATABASE_URL, User
from sqlalchemy import select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.templating import Jinja2Templates

session = async_sessionmaker(create_async_engine(DATABASE_URL.replace("sqlite:", "sqlite+aiosqlite:", 1)))
templates = Jinja2Templates(Path(__file__).parent / "templates")


async def hello(request):
    return HTMLResponse("Hello, world!")


async def users(request):
    async with session() as database:
        everybody = (await database.scalars(select(User).order_by(User.id))).all()
    return templates.TemplateResponse(request, "users.html", {"users": everybody})


async def profile(request):
    async with session() as database:
        user = await database.get(User, request.path_params["user_id"])
    if user is None:
        raise HTTPException(404)
    return templates.TemplateResponse(request, "profile.html", {"user": user})


app = Starlette(routes=[Route("/", hello), Route("/users", users), Route("/users/{user_id:int}", profile)])
