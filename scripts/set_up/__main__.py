"""Set up what a make command needs. Standard library only.

    python3 -m scripts.set_up run           the light install of `make run`
    python3 -m scripts.set_up test          everything, with torch
    python3 -m scripts.set_up light         everything but torch
    python3 -m scripts.set_up proofs        what proofs need beyond that: Debian packages
    python3 -m scripts.set_up release       the tools of `make release`
    python3 -m scripts.set_up lint          prints the folder of an environment that has the linters
    python3 -m scripts.set_up constraints   rewrites constraints.txt

An environment carries a stamp of its inputs. While the stamp is current, set-up does nothing.
"""

import argparse
import sys
import time

from scripts.set_up import checkout
from scripts.set_up.commands import SetUpFailed, say
from scripts.set_up.environments import ENVIRONMENTS, STAMP, Environment, alone, is_current, stamp_of
from scripts.set_up.pins import write_constraints
from scripts.set_up.python_packages import install
from scripts.set_up.system_packages import install_system_packages, system_packages
from scripts.set_up.virtual_environment import link_redis, make_virtual_environment


def set_up(environment: Environment) -> None:
    """Bring ``environment`` up to date; does nothing if it is current."""
    if is_current(environment):
        return
    with alone():
        if is_current(environment):
            return
        began = time.monotonic()
        install_system_packages(system_packages(checkout.PACKAGES.read_text(), environment.sections))
        (environment.path / STAMP).unlink(missing_ok=True)
        make_virtual_environment(environment)
        install(environment)
        if "test" in environment.sections:
            link_redis(environment)
        (environment.path / STAMP).write_text(stamp_of(environment))
        seconds, size = time.monotonic() - began, sum(path.lstat().st_size for path in environment.path.rglob("*"))
        say(f"{environment.folder} is ready: {seconds:.0f} s, {size // 1_000_000} MB on disk")


def main() -> int:
    """Parse the command line and set up."""
    parser = argparse.ArgumentParser("python3 -m scripts.set_up", description="Set up what a make command needs.")
    parser.add_argument("what", choices=[*ENVIRONMENTS, "proofs", "lint", "constraints"])
    what = parser.parse_args().what
    try:
        if what == "constraints":
            write_constraints()
        elif what == "proofs":
            install_system_packages(system_packages(checkout.PACKAGES.read_text(), ("proofs",)))
        elif what == "lint":
            environment = ENVIRONMENTS["test" if is_current(ENVIRONMENTS["test"]) else "light"]
            set_up(environment)
            print(environment.folder)
        else:
            set_up(ENVIRONMENTS[what])
    except SetUpFailed as failure:
        say(f"set-up failed: {failure}")
        return 1
    except KeyboardInterrupt:
        say("set-up was interrupted: repeat the command to complete it")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
