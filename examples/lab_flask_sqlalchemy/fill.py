"""Create the database and fill it: `python fill.py [URL] [--users 100]`; to copy it, add --snapshot FILE or --restore FILE."""

import argparse
import os
import shutil

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("url", nargs="?", help="such as sqlite:////tmp/users.db (default: users.db beside this file)")
parser.add_argument("--users", type=int, default=100, help="how many (default: %(default)s)")
parser.add_argument("--snapshot", metavar="FILE", help="copy the database to this file instead")
parser.add_argument("--restore", metavar="FILE", help="put a copy of this file in its place instead")
options = parser.parse_args()
if options.url:
    os.environ["DATABASE_URL"] = options.url

from app import DATABASE_URL, User, create_app, db  # noqa: E402  # it reads the URL when it is imported

file = DATABASE_URL.removeprefix("sqlite:///")
if options.snapshot:
    shutil.copyfile(file, options.snapshot)
elif options.restore:
    shutil.copyfile(options.restore, file)
else:
    with create_app().app_context():
        db.drop_all()
        db.create_all()
        names = [f"user{number:04}" for number in range(1, options.users + 1)]
        db.session.add_all(
            User(username=name, email=f"{name}@example.org", age=18 + number % 60) for number, name in enumerate(names)
        )
        db.session.commit()
    print(f"{options.users} users in {file}")
