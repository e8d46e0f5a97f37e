"""Colours that people with any colour vision tell apart (Okabe and Ito, 2008), one for each thing shown."""

from typing import Final

COLOURS: Final = {
    "ai": "#0072B2",
    "fleet": "#E69F00",
    "limit": "#D55E00",
    "price": "#009E73",
    "target": "#CC79A7",
    "site": "#000000",
}
"""Colours on a light ground; the page's style sheet has its own for a dark one."""
