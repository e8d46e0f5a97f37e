"""Arithmetic that stands in a data file as text: names, numbers, + - * / **, comparisons, & and |, functions."""

import ast
import operator
from collections.abc import Mapping
from typing import Any, Final

OPERATORS: Final = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
}


def worked_out(text: str, known: Mapping[str, Any] | None = None) -> Any:
    """Return what arithmetic comes to.

    Parameters
    ----------
    text
        The arithmetic.
    known
        Numbers, arrays of numbers and functions of one of them, by name.

    Raises
    ------
    ValueError
        The text holds something else, or a name that is not known.

    Examples
    --------
    >>> worked_out("(3 + 1.5) * 2e3 / 3")
    3000.0
    >>> worked_out("(double(x) <= 2) & (x != 3)", {"x": 1.0, "double": lambda x: 2.0 * x})
    True
    """
    return _value(ast.parse(text.strip(), mode="eval").body, known or {})


def _value(node: ast.expr, known: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.Name(id=name) if name in known:
            return known[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, known)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return OPERATORS[type(op)](_value(left, known), _value(right, known))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in OPERATORS:
            return OPERATORS[type(op)](_value(left, known), _value(right, known))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in known:
            return known[name](_value(argument, known))
    raise ValueError(f"no arithmetic of what is known: {ast.unparse(node)}")
