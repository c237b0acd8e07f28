"""Which modules share private members of objects, so that those must not get names apart."""

import ast
from collections.abc import Iterator

from tools.bundle import Module
from tools.squeeze import private_members, short_private_names
from tools.trees import walk


def families(modules: list[Module]) -> list[set[str]]:
    """Groups of the modules (by name) that share private members with one another.

    A class with its base in another file does, where that one has any; and who reads a member
    that only another file sets. Modules that share none are in no group.
    """
    by_name = {module.name: module for module in modules}
    defined = {name: private_members(m.tree, ast.Store) for name, m in by_name.items()}
    pairs = [(m.name, base) for m in modules for base in _bases(m) if base in by_name]
    tied = [{name, base} for name, base in pairs if _has_members(base, defined, pairs)]
    for name, module in by_name.items():
        foreign = private_members(module.tree, ast.Load) - defined[name]
        tied += [{name, other} for other in by_name if foreign & defined[other]]
    groups: list[set[str]] = []
    for group in tied:
        for other in [g for g in groups if g & group]:
            groups.remove(other)
            group |= other
        groups.append(group)
    return groups


def _has_members(
    name: str, defined: dict[str, set[str]], bases: list[tuple[str, str]], deep: int = 9
) -> bool:
    """Has the module, or one that its classes have a base in, any private members."""
    return bool(defined[name]) or any(
        _has_members(base, defined, bases, deep - 1)
        for child, base in bases
        if child == name and base != name and deep
    )


def shared_names(modules: list[Module], group: set[str]) -> dict[str, dict[str, str]]:
    """For each module of a group: its private members and the short names that they get.

    A member has the same name in all of them. Two members get the same one where no object can
    have both: no class has either's module among its own and its bases' modules.
    """
    ours = [module for module in modules if module.name in group]
    present = {module.name: private_members(module.tree) for module in ours}
    parents = {module.name: {base for base in _bases(module) if base in group} for module in ours}
    lines = {name: _line(name, parents) for name in present}
    objects = {
        member: frozenset(
            name for name, line in lines.items() if any(member in present[m] for m in line)
        )
        for member in set().union(*present.values())
    }
    short = short_private_names(objects, [module.source for module in ours])
    return {
        name: {member: short[member] for member in members} for name, members in present.items()
    }


def _line(name: str, parents: dict[str, set[str]]) -> set[str]:
    """The module and all where its classes have bases, and those theirs."""
    line = {name}
    while True:
        more = set().union(*(parents[one] for one in line)) - line
        if not more:
            return line
        line |= more


def _bases(module: Module) -> Iterator[str]:
    """Other modules that classes of this one have a base in."""
    imported: dict[str, str] = {}
    for node in walk(module.tree):
        if isinstance(node, ast.ImportFrom):
            source = module.absolute(node)
            for alias in node.names:
                imported[alias.asname or alias.name] = source
                imported["." + (alias.asname or alias.name)] = f"{source}.{alias.name}"
    for node in walk(module.tree):
        for base in node.bases if isinstance(node, ast.ClassDef) else ():
            if isinstance(base, ast.Name):
                yield imported.get(base.id, "")
            elif isinstance(base, ast.Attribute) and isinstance(base.value, ast.Name):
                yield imported.get("." + base.value.id, "")
