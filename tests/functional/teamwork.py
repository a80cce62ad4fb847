# SPDX-License-Identifier: GPL-3.0-or-later
"""A running project with an owner, a member and a viewer, and what each of them can do on its node's disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from tests.functional.platform import Account, Site


@dataclass(frozen=True)
class Teamwork:
    """The project, its people, and where it is: node, folder there, address of its Notebook."""

    site: Site
    owner: Account
    member: Account
    viewer: Account
    node: str
    path: str
    notebook: str

    @classmethod
    def begin(cls, site: Site) -> Self:
        """Return a project that runs, of people made for it."""
        owner, member, viewer = (site.new_account(name) for name in ("owner", "member", "viewer"))
        owner.call("POST", "/projects", {"name": "team"})
        for person, role in ((member, "member"), (viewer, "viewer")):
            owner.call("PUT", f"/projects/{owner.name}/team/members/{person.name}", {"role": role})
        running = owner.start(f"{owner.name}/team")
        path, notebook = f"/projects/{owner.name}/team", running["urls"]["apps"]["notebook"]
        return cls(site, owner, member, viewer, running["nodes"][0], path, notebook)

    def acl(self, inner: str = "") -> set[str]:
        """Return the ACL entries of the project's folder, or of what is `inner`."""
        return {line for line in self.site.run(self.node, f"getfacl -cpE {self.path}{inner}").splitlines() if line}

    def can(self, person: Account, test: str) -> bool:
        """Return whether the shell command succeeds for the person, begun in the project's folder."""
        command = f"runuser -u {person.name} -- sh -c '{test}'"
        said = self.site.run(self.node, f"cd {self.path} && {command} && echo yes || echo no")
        return said.splitlines()[-1] == "yes"
