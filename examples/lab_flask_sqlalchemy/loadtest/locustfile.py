"""What people ask of the teaching app: somebody's profile, or the list of all."""

from openloop.api import OpenLoopUser, Request, Scenario, equal, offer

__all__ = ["OpenLoopUser"]


def add_options(parser):
    """Add what the harness tells every load test."""
    parser.add_argument("--users-in-database", type=int, default=100, help="ids to ask for (default: 100)")


def profiles(process):
    """Ask for somebody's profile, and look whether it is that of the one who was asked for."""

    def profile(random):
        number = random.randrange(1, process.facts["users"] + 1)
        name = f"user{number:04}".encode()
        return Request("GET", f"/users/{number}", "/users/{id}", lambda answer: right(answer, name))

    return profile


def lists(process):
    """Ask for all."""
    last = f"user{process.facts['users']:04}".encode()
    return lambda random: Request("GET", "/users", "/users", lambda answer: right(answer, last))


def right(answer, name):
    """Refuse an answer without this name."""
    equal("status", 200, answer.status_code)
    equal("page names the user", True, name in answer.content)


def facts(target, options):
    """Tell every process how many users there are."""
    return {"users": options.users_in_database}


offer(
    {
        "profile": Scenario(profiles, prepare=facts, title="one user's page"),
        "list": Scenario(lists, prepare=facts, title="a page with all users"),
    },
    default="profile",
    add_options=add_options,
)
