"""``extends``: a scenario says what it changes in another one."""

from sim.scenario.tree import Node, plain


def merge(parent: Node, child: Node) -> Node:
    """Return the parent with the child's changes.

    Mappings merge key by key, unless the child changes their ``type``: then the parent's keys mean nothing
    any more. Lists whose entries all have a ``name`` merge by name. All else is replaced.
    """
    if isinstance(parent.value, dict) and isinstance(child.value, dict):
        if type_changes(parent.value, child.value.get("type")):
            return child
        return Node(_merged_entries(parent.value, child.value), child.place)
    if isinstance(parent.value, list) and isinstance(child.value, list):
        by_name, changes = _named(parent.value), _named(child.value)
        if by_name and changes:
            return Node(list(_merged_entries(by_name, changes).values()), child.place)
    return child


def type_changes(entries: dict[str, Node], new: Node | None) -> bool:
    """Tell whether a mapping would become one of another type."""
    old = entries.get("type")
    return old is not None and new is not None and plain(old) != plain(new)


def _merged_entries(parent: dict[str, Node], child: dict[str, Node]) -> dict[str, Node]:
    changed = {key: merge(parent[key], node) if key in parent else node for key, node in child.items()}
    return parent | changed


def _named(items: list[Node]) -> dict[str, Node] | None:
    """Return the entries of a list by name, None where one has no name of its own."""
    names = [item.value.get("name") if isinstance(item.value, dict) else None for item in items]
    by_name = {name.value: item for name, item in zip(names, items, strict=True) if name is not None}
    if len(by_name) < len(items) or not all(isinstance(name, str) for name in by_name):
        return None
    return {str(name): item for name, item in by_name.items()}
