"""How large the simulator is: lines of code without comments, docstrings and blank lines, room by room."""

import ast
import io
import sys
import tokenize
from collections import Counter
from pathlib import Path

SIM = Path(__file__).parents[2] / "sim"
NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
    tokenize.ENCODING,
}


def code_lines(text: str) -> int:
    """Return the number of lines that hold code; a text that stands as a statement of its own is none."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Expr(value=ast.Constant(value=str()), end_lineno=int(end)):
                lines.difference_update(range(node.lineno, end + 1))
    return len(lines)


def sizes() -> dict[str, tuple[int, int]]:
    """Return modules and lines of code of each room, by its name."""
    lines: Counter[str] = Counter()
    modules: Counter[str] = Counter()
    for path in SIM.rglob("*.py"):
        inside = path.relative_to(SIM).parts
        room = inside[0] if len(inside) > 1 else "(top)"
        lines[room] += code_lines(path.read_text(encoding="utf-8"))
        modules[room] += 1
    return {room: (modules[room], lines[room]) for room in sorted(lines)}


def main() -> None:
    """Print the table."""
    rooms = sizes()
    for room, (modules, lines) in rooms.items():
        sys.stdout.write(f"{room:12} {modules:5} modules {lines:7,} lines\n")
    modules, lines = (sum(column) for column in zip(*rooms.values(), strict=True))
    sys.stdout.write(f"{'sim':12} {modules:5} modules {lines:7,} lines\n")


if __name__ == "__main__":
    main()
