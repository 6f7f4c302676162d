"""The app of many a course on Flask: a table of users behind Flask-SQLAlchemy, two templates, and "Hello, world!"."""

import os
from pathlib import Path

from flask import Flask, render_template
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

DATABASE_URL = os.environ.get("DATABASE_URL", f"sqlite:///{Path(__file__).parent / 'users.db'}")


class Base(DeclarativeBase):
    """What all models of SQLAlchemy 2 derive from."""


db = SQLAlchemy(model_class=Base)


class User(db.Model):
    """One row of the table `user`."""

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str] = mapped_column(unique=True)
    age: Mapped[int]


def create_app():
    """Make the app; whoever serves it calls this once per process."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = DATABASE_URL
    db.init_app(app)

    @app.get("/")
    def hello():
        return "Hello, world!"

    @app.get("/users")
    def users():
        everybody = db.session.scalars(db.select(User).order_by(User.id)).all()
        return render_template("users.html", users=everybody)

    @app.get("/users/<int:user_id>")
    def profile(user_id):
        user = db.get_or_404(User, user_id)
        return render_template("profile.html", user=user)

    return app
